"""Where an endpoint has its model from: what is published, the pointer to the champion, and who follows it."""

"""The registry: versions, what they were made of, and which one is at work."""

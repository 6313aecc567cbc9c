"""The model at work: opened, measured, and who of those that ask waits where."""

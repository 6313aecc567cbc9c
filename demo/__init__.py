"""The loop by itself, in a folder of its own: `make demo`."""

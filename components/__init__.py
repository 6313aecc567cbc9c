"""The components of the loop, in its order: see each package's first line."""

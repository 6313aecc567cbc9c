"""Rebuild: a version made again from its registry entry alone, and compared with what it was."""

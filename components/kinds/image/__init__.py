"""Pictures, each with one label."""

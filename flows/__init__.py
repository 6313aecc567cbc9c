"""The flows: what Prefect runs, each a story with one line a component."""

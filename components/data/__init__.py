"""Data: source -> raw -> prepared. The stages `ingest` and `prepare`."""

"""CSV files of people: their dialect is found, not asked for. Known to every kind, and to batch inference."""

SUFFIXES = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".tab")
TEXT = (".txt", ".txt.gz")
"""In a folder they are remarks; one that is named itself is a table."""

"""CSV files of people: their dialect is found, not asked for. Known to every kind, and to batch inference."""

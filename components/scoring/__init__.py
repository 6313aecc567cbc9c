"""Scoring: very many rows at once, from files into a file, by the code that the endpoint answers with."""

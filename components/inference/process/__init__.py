"""The processes of an endpoint: BentoML's supervisor and its workers, and what one tells the other."""

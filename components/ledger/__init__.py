"""The ledger: what every process has used, a line each, and what that comes to for both phases."""

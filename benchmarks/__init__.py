"""The benchmarks: each figure in docs has the script here that prints it. `python -m benchmarks.NAME --help`."""

"""The parts of `benchmarks.machines`, each of which returns its figures."""

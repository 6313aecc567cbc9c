"""Training: prepared -> weights -> bundle -> measured. The stages `train`, `export` and `evaluate`."""

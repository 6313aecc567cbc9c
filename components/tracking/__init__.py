"""MLflow's store and its runs, for training and registry alike."""

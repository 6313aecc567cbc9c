"""Inference: the bundle, how it answers, the Bento that carries it, the endpoint. No torch, mlflow, prefect or dvc."""

"""Protocols of other servers, spoken by the same endpoint: each becomes a question as `POST /predict` reads it.

`sagemaker` is what a container on Amazon SageMaker is asked; `open_inference` is version 2 of the protocol of KServe
and Triton. Both go through the same guards, limits, batches, canary and prediction log as every other request.
"""

"""The two routes that a container on Amazon SageMaker has to answer.

Source: "Custom Inference Code with Hosting Services", Amazon SageMaker AI Developer Guide. `GET /ping` is `/readyz`;
the body of `POST /invocations` is read as that of `POST /predict`, whatever its media type says.
"""

PING, INVOCATIONS = "/ping", "/invocations"

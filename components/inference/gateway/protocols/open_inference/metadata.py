"""What the protocol says of the server and of its model."""

from collections.abc import Callable
from typing import Any

from pydantic_core import to_json

from components.inference.engine.engine import Engine
from components.inference.engine.model import Model
from components.inference.gateway.call import Call, Reply, refusal
from components.inference.gateway.protocols.open_inference.outputs import ANSWER, DATATYPES
from components.inference.gateway.protocols.open_inference.paths import LIVE, MODEL, MODEL_READY, READY, SERVER
from components.inference.gateway.protocols.open_inference.tensors import BOOL, BYTES, FLOAT, INTEGER
from components.inference.gateway.request.parser import RequestParser

_SERVER = {"name": "journeyman", "version": "2", "extensions": ["binary_tensor_data"]}
_PLATFORM = "onnxruntime_onnx"
_DATATYPES = {"binary": BYTES, "string": BYTES, "boolean": BOOL, "long": INTEGER, "double": FLOAT}
"""By MLflow's types, as a codec names them."""


def routes(engine: Engine, parser: RequestParser) -> dict[str, Callable[[Call], Reply]]:
    """Return what answers a GET, by path."""
    live, not_yet = Reply(200, to_json({"live": True})), refusal(503, "the endpoint is not ready")

    def ready(_: Call) -> Reply:
        return Reply(200, to_json({"ready": True})) if engine.ready else not_yet

    def model(_: Call) -> Reply:
        return Reply(200, to_json(described(engine.model, parser))) if engine.ready else not_yet

    server = Reply(200, to_json(_SERVER))
    return {SERVER: lambda _: server, LIVE: lambda _: live, READY: ready, MODEL: model, MODEL_READY: ready}


def described(model: Model, parser: RequestParser) -> dict[str, Any]:
    """Return what a model takes and answers; -1: as many as there are rows."""
    about = model.about
    inputs = [
        {"name": name, "datatype": _DATATYPES[kind], "shape": [-1]}
        for name, (kind, _) in model.codec.fields(about.input).items()
        if name in parser.fields
    ]
    return {
        "name": about.workload,
        "versions": [model.version],
        "platform": _PLATFORM,
        "inputs": inputs,
        "outputs": [{"name": ANSWER, "datatype": BYTES, "shape": [-1]}, *_outputs(model)],
    }


def _outputs(model: Model) -> list[dict[str, Any]]:
    """Return the fields that no answer is without."""
    found: list[dict[str, Any]] = []
    for name, field in model.codec.Answer.model_fields.items():
        if not field.is_required():
            continue
        if datatype := DATATYPES.get(field.annotation):
            found.append({"name": name, "datatype": datatype, "shape": [-1]})
        elif field.annotation == dict[str, float]:
            found.append({"name": name, "datatype": FLOAT, "shape": [-1, -1]})
    return found

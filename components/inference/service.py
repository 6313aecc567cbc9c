"""The endpoint: one BentoML service for every kind. `bentoml serve`, `bentoml build` and the Bento import it.

`--arg workload=NAME` chooses the workload, `--arg version=VERSION` a version of its model in the Bento store; a
Bento remembers both, so that it serves what it was built with.
"""

from pathlib import Path
from typing import cast

import bentoml
import numpy as np
from bentoml._internal.utils.args import set_arguments
from bentoml.exceptions import NotFound
from pydantic import BaseModel
from starlette.responses import Response

from components.config.entry import die_with_parent
from components.config.errors import BadRequest
from components.inference.bundle import Bundle, read_about
from components.inference.door import Refusal, door
from components.kinds import catalogue


class Arguments(BaseModel):
    """What the command line may say."""

    workload: str = "garments"
    version: str = "latest"


_arguments = bentoml.use_arguments(Arguments)
try:
    _model = bentoml.models.get(f"{_arguments.workload}:{_arguments.version}")
except NotFound as error:
    raise NotFound(f"{error}; `make run WORKLOAD={_arguments.workload}` puts the champion there") from error
set_arguments({"workload": _model.tag.name, "version": _model.tag.version})  # what a Bento keeps: "latest" would move

_codec = catalogue.codec(read_about(Path(_model.path)).kind)
Input = door(_codec.Request)
Output = _codec.Answer


@bentoml.service(
    name=_model.tag.name,
    workers=1,
    http={"host": "127.0.0.1", "port": 3000},
    traffic={"timeout": 30},
    logging={"access": {"enabled": False}},
    tracing={"excluded_urls": "predict,livez,readyz,metrics"},
)
class Endpoint:
    """Answers with the model of one registered version."""

    model = bentoml.models.BentoModel(_model.tag)

    def __init__(self) -> None:
        die_with_parent()
        self.bundle = Bundle(Path(_model.path))
        self.version = str(_model.info.metadata["version"])

    @bentoml.api
    def predict(self, request: Input, /) -> Output:  # type: ignore[valid-type]
        """Answer one request, as a form or, where it is a single file, as the bare body."""
        if isinstance(refused := cast("object", request), Response):
            return refused
        about = self.bundle.about
        try:
            examples = [_codec.decode(row, about.input) for row in _codec.rows(request)]
        except BadRequest as error:
            return Refusal(400, str(error)).response()
        return _codec.answers(self.bundle.probabilities(np.stack(examples)), about.classes, self.version)

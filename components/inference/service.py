"""The endpoint: one BentoML service for every kind. `bentoml serve`, `bentoml build` and the Bento import it.

`--arg workload=NAME` chooses the workload, `--arg version=VERSION` a version of its model in the Bento store; a
Bento remembers both, so that it serves what it was built with.
"""

import os
from pathlib import Path
from typing import Any, cast

import bentoml
from bentoml._internal.configuration.containers import BentoMLContainer
from bentoml._internal.utils.args import set_arguments
from bentoml.exceptions import NotFound
from pydantic import BaseModel
from starlette.responses import Response

from components.config.entry import die_with_parent
from components.config.errors import BadRequest, EndpointError
from components.config.settings import MEMORY
from components.inference.bundle import Bundle, read_about
from components.inference.door import Refusal, answers, door, respond
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

_about = read_about(Path(_model.path))
_codec = catalogue.codec(_about.kind)
_request = _codec.request(_about.input)
_labelled = _codec.labelled(_about.input)
Input = door(_request)
Output = answers(_codec.Answer, _request)


@bentoml.service(
    name=_model.tag.name,
    workers=1,
    http={"host": "127.0.0.1", "port": 3000},
    traffic={"timeout": 30},
    logging={"access": {"enabled": False}},
    tracing={"excluded_urls": "predict,explain,labels,livez,readyz,metrics"},
)
class Endpoint:
    """Answers with the model of one registered version."""

    model = bentoml.models.BentoModel(_model.tag)

    def __init__(self) -> None:
        die_with_parent()
        self.bundle = Bundle(Path(_model.path))
        self.reader = _codec.Reader(_about.workload, _about.input, _about.serve, self.bundle.files, _memory())
        self.version = str(_model.info.metadata["version"])

    @bentoml.api
    def predict(self, request: Input, /) -> Output:  # type: ignore[valid-type]
        """Answer one request."""
        return self._answer(request, explained=False)

    if _codec.Explained and _codec.explain:

        @bentoml.api
        def explain(self, request: Input, /) -> answers(_codec.Explained, _request):  # type: ignore[valid-type]
            """Answer one request, and say what moved each answer most."""
            return self._answer(request, explained=True)

    if _labelled:

        @bentoml.api
        def labels(self, request: door(_labelled), /) -> dict[str, int]:  # type: ignore[valid-type]
            """Take what became of earlier records; answer how many of them are remembered."""
            if isinstance(refused := cast("object", request), Response):
                return refused  # type: ignore[return-value]
            try:
                return {"known": self.reader.learn(_codec.rows(request))}
            except (BadRequest, EndpointError) as error:
                return _refused(error)  # type: ignore[return-value]

    def _answer(self, request: Any, explained: bool) -> Response:
        if isinstance(refused := request, Response):
            return refused
        try:
            examples = self.reader.read(_codec.rows(request))
        except (BadRequest, EndpointError) as error:
            return _refused(error)
        probabilities = self.bundle.probabilities(examples)
        told = _codec.answers(probabilities, _about.classes, _about.decision, self.version)
        if explained and _codec.explain:
            told = _codec.explain(self.bundle.probabilities, examples, _about.input, told)
        return respond(told if isinstance(request, list) else told[0])


def _refused(error: BadRequest | EndpointError) -> Response:
    """Answer what the caller did wrong with 400, a memory that does not answer with 503."""
    return Refusal(400 if isinstance(error, BadRequest) else 503, str(error)).response()


def _memory() -> str:
    """Return where this workload's endpoints remember: `JOURNEYMAN_MEMORY`, else a database beside the models."""
    if address := os.environ.get(MEMORY):
        return address
    folder = Path(BentoMLContainer.bentoml_home.get()) / "memory"
    folder.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{folder / str(_model.tag.name)}.db"

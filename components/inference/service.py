"""The endpoint: one BentoML service for every kind. `bentoml serve`, `bentoml build` and the Bento import it.

`--arg workload=NAME` chooses the workload, `--arg version=VERSION` a version of its model in the Bento store; a
Bento remembers both, so that it serves what it was built with.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import bentoml
from bentoml._internal.configuration.containers import BentoMLContainer
from bentoml._internal.utils.args import set_arguments
from bentoml.exceptions import NotFound
from pydantic import BaseModel
from pydantic_core import to_json
from starlette.responses import Response

from components.config.entry import die_with_parent
from components.inference.bundle import read_about
from components.inference.door import Intake, answers, door, respond
from components.inference.engine import Engine
from components.inference.gateway.app import Gateway, Policies
from components.inference.gateway.call import Call, Reply, current
from components.inference.gateway.failure import failure
from components.inference.gateway.predict import answered
from components.inference.model import Model
from components.inference.options import Options
from components.inference.process import settle
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

_options = Options.read()
_about = read_about(Path(_model.path))
_codec = catalogue.codec(_about.kind)
_intake = Intake(_codec.request(_about.input), _codec.rows)
_labelled = _codec.labelled(_about.input)
_engine = Engine()
Input = door(_intake)
Output = answers(_codec.Answer, _intake.type)


@bentoml.service(
    name=_model.tag.name,
    workers=1,
    http={"host": "127.0.0.1", "port": 3000},
    metrics={"enabled": False, "namespace": "bentoml"},  # the gateway has its own
    logging={"access": {"enabled": False}},
)
class Endpoint:
    """Answers with the model of one registered version."""

    model = bentoml.models.BentoModel(_model.tag)

    def __init__(self) -> None:
        die_with_parent()
        version = str(_model.info.metadata["version"])
        _engine.swap(Model.open(Path(_model.path), version, _options.memory or _memory()))
        settle()

    @bentoml.api
    async def predict(self, request: Input, /) -> Output:  # type: ignore[valid-type]
        """Answer one request."""
        return await _answer(request, explained=False)

    if _codec.Explained and _codec.explain:

        @bentoml.api
        async def explain(self, request: Input, /) -> answers(_codec.Explained, _intake.type):  # type: ignore[valid-type]
            """Answer one request, and say what moved each answer most."""
            return await _answer(request, explained=True)

    if _labelled:

        @bentoml.api
        async def labels(self, request: door(Intake(_labelled, _codec.rows)), /) -> dict[str, int]:  # type: ignore[valid-type]
            """Take what became of earlier records; answer how many of them are remembered."""
            return await _learned(request)  # type: ignore[return-value]

    @bentoml.on_shutdown
    def shut_down(self) -> None:
        """Let go of the model's memory."""
        _engine.close()


async def _answer(content: Any, explained: bool) -> Response:
    return await _unless_refused(content, lambda call: answered(_engine, call, _intake.asked(content), explained))


async def _learned(content: Any) -> Response:
    async def learned(call: Call) -> bytes:
        return to_json({"known": await _engine.learn(_codec.rows(content))})

    return await _unless_refused(content, learned)


async def _unless_refused(content: Any, work: Callable[[Call], Awaitable[bytes]]) -> Response:
    """Return what `work` answers; a refusal that came instead of content, or is raised, is returned too."""
    if isinstance(content, Response):
        return content
    call = current.get()
    try:
        return respond(Reply(200, await work(call)))
    except Exception as error:
        return respond(failure(call, error))


def _memory() -> str:
    """Return where this workload's endpoints remember unless they are told: in a database beside the models."""
    folder = Path(BentoMLContainer.bentoml_home.get()) / "memory"
    folder.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{folder / str(_model.tag.name)}.db"


cast("Any", Endpoint).add_asgi_middleware(
    Gateway, engine=_engine, intake=_intake, options=_options, policies=Policies()
)

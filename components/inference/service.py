"""The endpoint: one BentoML service for every kind. `bentoml serve`, `bentoml build` and the Bento import it.

`--arg workload=NAME` chooses the workload, `--arg version=VERSION` a version of its model in the Bento store; a
Bento remembers both, so that it serves what it was built with.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any, cast

import bentoml
from bentoml._internal.configuration.containers import BentoMLContainer
from bentoml._internal.utils.args import set_arguments
from bentoml.exceptions import BentoMLException, NotFound
from pydantic import BaseModel
from pydantic_core import to_json
from starlette.responses import Response

from components.config.errors import JourneymanError
from components.inference.bento_io import input_type, output_type, respond
from components.inference.bundle import verified
from components.inference.champion.follow import Follower
from components.inference.champion.source import opening
from components.inference.engine.engine import Engine
from components.inference.engine.model import Model
from components.inference.gateway.access import warn_of_strangers
from components.inference.gateway.app import Gateway
from components.inference.gateway.call import Call, Reply, current
from components.inference.gateway.cells import Cells
from components.inference.gateway.client_schema import SCHEMA, client_schema
from components.inference.gateway.failure import failure
from components.inference.gateway.metrics import Metrics
from components.inference.gateway.openapi import DOCUMENT, document
from components.inference.gateway.page import routes
from components.inference.gateway.policies import policies
from components.inference.gateway.predict import answered
from components.inference.gateway.request.parser import RequestParser
from components.inference.gateway.tracing import tracing
from components.inference.options import Options
from components.inference.process import readiness
from components.inference.process.logs import drop_access_log, log_from_info
from components.inference.process.shed import shed
from components.inference.process.tune_gc import tune_gc
from components.inference.process.upgrade import ignore_upgrades
from components.kinds import catalogue
from components.system.processes import die_with_parent


class Arguments(BaseModel):
    """What the command line may say."""

    workload: str = "garments"
    version: str = "latest"
    pinned: bool | None = None
    """Serve that version whatever is published; if nothing is said, then whether one is named."""


_arguments = bentoml.use_arguments(Arguments)
_engine, _metrics = Engine(), Metrics(Cells.private())
try:
    _model = bentoml.models.get(f"{_arguments.workload}:{_arguments.version}")
    _options, _about = Options.read(), verified(Path(_model.path))
    _described = {
        DOCUMENT: document(lambda: cast("Any", Endpoint).openapi_spec.asdict()),
        SCHEMA: client_schema(lambda: cast("Any", Endpoint).schema()),
    }
    _policies = policies(_options, _metrics, {**routes(_engine), **_described})
    _tracing = tracing(_options.tracing, _options.tracing_share)
except NotFound as error:
    missing = f"{error}; `make run WORKLOAD={_arguments.workload}` puts the champion there"
    raise BentoMLException(missing) from error
except JourneymanError as error:
    raise BentoMLException(str(error)) from error  # which BentoML says in one line
_pinned = _arguments.version != "latest" if _arguments.pinned is None else _arguments.pinned
_said = {"workload": _model.tag.name, "version": _model.tag.version, "pinned": _pinned}
set_arguments(_said)  # what a Bento keeps, and workers get: "latest" would move

_codec = catalogue.codec(_about.kind)
_parser = RequestParser(_codec.request(_about.input), _codec.rows, _about.serve["max_bytes"])
_labelled = _codec.labelled(_about.input)
Input = input_type(_parser)
Output = output_type(_codec.Answer, _parser.type)


@bentoml.service(
    name=_model.tag.name,
    workers=1,
    http={"host": "127.0.0.1", "port": 3000},
    metrics={"enabled": False, "namespace": "bentoml"},  # the gateway has its own
    logging={"access": {"enabled": False}},
    tracing=_tracing,
)
class Endpoint:
    """Answers with the model of one registered version."""

    model = bentoml.models.BentoModel(_model.tag)

    def __init__(self) -> None:
        die_with_parent()
        log_from_info()
        with readiness.starting():
            if not _options.keyed:
                warn_of_strangers()
            _metrics.share()
            _engine.ran, _engine.swapped = _metrics.ran, _metrics.serves
            model, self._follower = _opening()
            _engine.swap(model)
            ignore_upgrades()
            if not _options.looks_at_each:
                shed(_options.queue, _metrics.shed)
        drop_access_log()
        tune_gc()

    @bentoml.on_startup
    async def follow(self) -> None:
        """Have the champion take over whenever there is another one."""
        loop = asyncio.get_running_loop()
        if self._follower:
            self._follower.failed = partial(loop.call_soon_threadsafe, _metrics.swapped, "failed")
            self._follower.start(_engine.swap, loop)

    @bentoml.api
    async def predict(self, request: Input, /) -> Output:  # type: ignore[valid-type]
        """Answer one request."""
        return await _answer(request, explained=False)

    if _codec.Explained and _codec.explain:

        @bentoml.api
        async def explain(self, request: Input, /) -> output_type(_codec.Explained, _parser.type):  # type: ignore[valid-type]
            """Answer one request, and say what moved each answer most."""
            return await _answer(request, explained=True)

    if _labelled:

        @bentoml.api
        async def labels(self, request: input_type(RequestParser(_labelled, _codec.rows)), /) -> dict[str, int]:  # type: ignore[valid-type]
            """Take what became of earlier records; answer how many of them are remembered."""
            return await _learned(request)  # type: ignore[return-value]

    @bentoml.on_deployment
    @staticmethod
    def supervise() -> None:
        """Look after the workers (in the supervisor, before it starts them)."""
        from components.inference.process.supervisor import look_after_workers  # here: no worker needs it

        look_after_workers()
        readiness.listen()

    @bentoml.on_shutdown
    def shut_down(self) -> None:
        """Let go of the pointer, and of the model's memory."""
        if self._follower:
            self._follower.stop()
        _engine.close()


async def _answer(content: Any, explained: bool) -> Response:
    return await _unless_refused(content, lambda call: answered(_engine, call, _parser.asked(content), explained))


async def _learned(content: Any) -> Response:
    async def learned(call: Call) -> bytes:
        return to_json({"known": await _engine.record_labels(_codec.rows(content))})

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


def _opening() -> tuple[Model, Follower | None]:
    """Return the model to start with; what it remembers and what is fetched is kept beside the models."""
    home, version = Path(BentoMLContainer.bentoml_home.get()), str(_model.info.metadata["version"])
    memory = home / "memory" / f"{_model.tag.name}.db"
    memory.parent.mkdir(parents=True, exist_ok=True)
    options = _options.model_copy(update={"version": version}) if _pinned else _options
    return opening(Path(_model.path), version, _options.memory or f"sqlite:///{memory}", home / "followed", options)


cast("Any", Endpoint).add_asgi_middleware(
    Gateway,
    engine=_engine,
    parser=_parser,
    options=_options,
    policies=_policies,
    first=_options.tracing is None,
)

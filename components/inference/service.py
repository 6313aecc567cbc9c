"""The endpoint: one BentoML service for every kind. `bentoml serve`, `bentoml build` and the Bento import it.

`--arg workload=NAME` chooses the workload, `--arg version=VERSION` a version of its model in the Bento store; a
Bento remembers both, so that it serves what it was built with.
"""

import asyncio
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import bentoml
from bentoml.exceptions import BentoMLException, NotFound
from pydantic import BaseModel

from components import catalogue
from components.config.errors import JourneymanError
from components.inference.answering import Answering
from components.inference.bento_io import input_type, output_type
from components.inference.bundle import verified
from components.inference.champion.follow import Follower
from components.inference.champion.source import Beside, beside, opening
from components.inference.engine.engine import Engine
from components.inference.engine.model import Model
from components.inference.gateway.access import warn_of_strangers
from components.inference.gateway.answer_log import AnswerLog
from components.inference.gateway.app import Gateway
from components.inference.gateway.asking import folder_of, label_operations, label_pages
from components.inference.gateway.canaries import canary_cells, report_canaries
from components.inference.gateway.cells import Cells
from components.inference.gateway.client_schema import SCHEMA, client_schema
from components.inference.gateway.labelling import labelling, one_or_more
from components.inference.gateway.metrics import Metrics
from components.inference.gateway.openapi import DOCUMENT, document
from components.inference.gateway.operations import EXPLAIN, LABELS, PREDICT, Operation, answering, prediction
from components.inference.gateway.page import routes
from components.inference.gateway.policies import Observer, Route, policies
from components.inference.gateway.protocols import sagemaker
from components.inference.gateway.protocols.open_inference import metadata, paths
from components.inference.gateway.protocols.open_inference.infer import infer
from components.inference.gateway.request.parser import RequestParser
from components.inference.gateway.shadows import measure_answered, report_shadows
from components.inference.gateway.spending import Spending
from components.inference.gateway.tracing import tracing
from components.inference.gateway.watched import page_of, verdict_cells, watched
from components.inference.log_description import log_description
from components.inference.options import Options
from components.inference.process import readiness
from components.inference.process.logs import drop_access_log, log_from_info
from components.inference.process.shed import shed
from components.inference.process.tune_gc import tune_gc
from components.internals import bentoml as internals
from components.internals.uvicorn import ignore_upgrades
from components.prediction_log.description import Description
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
        DOCUMENT: document(lambda: internals.openapi(Endpoint)),
        SCHEMA: client_schema(lambda: internals.client_schema(Endpoint)),
    }
    _log = AnswerLog(_options, _metrics) if _options.log != "off" else None
    _logs = _options.log_dir or internals.bento_home() / "log"
    _shown: dict[str, Route] = {**routes(_engine), **_described, **label_pages(_options.keyed)}
    _watched = page_of(_logs, _model.tag.name)
    if _options.metrics != "off":
        _shown["/watch"] = partial(watched, _watched)
    _spending = Spending(_metrics, _logs.parent / "ledger" / _model.tag.name) if _options.ledger == "on" else None
    _observers: list[Observer] = [each.observe for each in (_spending, _log) if each]
    if _options.champions:
        _observers.append(partial(measure_answered, _engine))
    _around = {"around": _spending.around} if _spending else {}
    _policies = policies(_options, _metrics, _shown, *_observers, verdict=lambda: _beside(), **_around)
    _tracing = tracing(_options.tracing, _options.tracing_share)
except NotFound as error:
    missing = f"{error}; `make run WORKLOAD={_arguments.workload}` puts the champion there"
    raise BentoMLException(missing) from error
except JourneymanError as error:
    raise BentoMLException(str(error)) from error  # which BentoML says in one line
_pinned = _arguments.version != "latest" if _arguments.pinned is None else _arguments.pinned
_said = {"workload": _model.tag.name, "version": _model.tag.version, "pinned": _pinned}
internals.keep_arguments(_said)  # what a Bento keeps, and workers get: "latest" would move

_ANSWERED = "the gateway answers: this route is there for BentoML's OpenAPI and its clients"
_codec = catalogue.codec(_about.kind, _about.task)
_max_bytes = _about.serve["max_bytes"]
_request = _codec.request(_about.input)
_parser = RequestParser(_request, _codec.rows, _max_bytes)
_labels_parser = RequestParser(_codec.labelled(_about.input), one_or_more, _max_bytes)
_answer = answering(_engine, bool(_parser.uploads), log=_log, upload=_codec.upload)
_operations: dict[str, Operation] = {
    PREDICT: prediction(_engine, _parser, _answer),
    paths.INFER: infer(_engine, _parser, _answer, _codec.encode),
    LABELS: labelling(_engine, _labels_parser, _log),
    **label_operations(_engine, folder_of(_logs, _model.tag.name), _log),
}
_answers = Answering(_about).types
_operations[sagemaker.INVOCATIONS] = _operations[PREDICT]
_named = paths.named(lambda: (_model.tag.name, _engine.model.version))
_policies = replace(
    _policies,
    guards=(*_policies.guards, _named),
    routes={**_policies.routes, **metadata.routes(_engine, _parser)},
)
Input, Output = input_type(_parser), output_type(_answers, _request)


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
        die_with_parent(parent=readiness.supervisor())
        log_from_info()
        with readiness.starting():
            if not _options.keyed:
                warn_of_strangers()
            _metrics.share()
            if _log:
                _log.open(*_log_of(_model.tag.name))
            _engine.ran, _engine.swapped = _metrics.ran, _metrics.serves
            model, self._follower, self._tried = _opening()
            _engine.swap(model)
            ignore_upgrades()
            if not _options.looks_at_each:
                shed(_options.queue, _shed)
        drop_access_log()
        tune_gc()

    @bentoml.on_startup
    async def follow(self) -> None:
        """Have the champion take over whenever there is another one, and the log looked after."""
        loop = asyncio.get_running_loop()
        if _spending:
            _spending.start(loop)
        if _log:
            _log.begin()
        if self._follower:
            self._follower.failed = partial(loop.call_soon_threadsafe, _metrics.swapped, "failed")
            if self._tried:
                report_canaries(_engine, self._tried.canary, _metrics)
                report_shadows(_engine, self._tried.shadow, _metrics)
                for each in (self._tried.canary, self._tried.shadow):
                    each.failed = self._follower.failed
                    each.start(loop)
                self._follower.also = self._tried.look
            self._follower.start(_engine.swap, loop)

    @bentoml.api
    async def predict(self, request: Input, /) -> Output:  # type: ignore[valid-type]
        """Answer one request."""
        raise RuntimeError(_ANSWERED)

    if _codec.Explained:
        _explained = answering(_engine, bool(_parser.uploads), explained=True, log=_log, upload=_codec.upload)
        _operations[EXPLAIN] = prediction(_engine, _parser, _explained)

        @bentoml.api
        async def explain(self, request: Input, /) -> output_type((_codec.Explained, *_answers[1:]), _request):  # type: ignore[valid-type]
            """Answer one request, and say what moved each answer most."""
            raise RuntimeError(_ANSWERED)

    @bentoml.api
    async def labels(self, request: input_type(_labels_parser), /) -> dict[str, int | str]:  # type: ignore[valid-type]
        """Take what became of answered rows; answer how many are recorded, and of how many the memory knows."""
        raise RuntimeError(_ANSWERED)

    @bentoml.on_deployment
    @staticmethod
    def supervise() -> None:
        """Look after the workers (in the supervisor, before it starts them)."""
        from components.inference.process.supervisor import look_after_workers  # here: no worker needs it

        look_after_workers()
        readiness.listen()

    @bentoml.on_shutdown
    def shut_down(self) -> None:
        """Let go of the pointer, of the model's memory, and of the log."""
        if _spending:
            _spending.stop()
        if self._follower:
            self._follower.stop()
        _engine.close()
        if _log:
            _log.close()


def _shed() -> None:
    _metrics.shed()
    if _log:
        _log.shed()


def _log_of(workload: str) -> tuple[Path, Description]:
    """Return where the log is, and what is said of it."""
    return _logs / workload, log_description(workload, _about, _options)


def _opening() -> tuple[Model, Follower | None, Beside | None]:
    """Return the model to start with, and who follows; what is remembered and fetched is kept beside the models."""
    home, version = internals.bento_home(), str(_model.info.metadata["version"])
    memory = home / "memory" / f"{_model.tag.name}.db"
    memory.parent.mkdir(parents=True, exist_ok=True)
    options = _options.model_copy(update={"version": version}) if _pinned else _options
    path, followed = Path(_model.path), home / "followed"
    model, follower = opening(path, version, _options.memory or f"sqlite:///{memory}", followed, options)
    return model, follower, beside(path, _engine, followed, options) if follower else None


def _beside() -> dict[str, float]:
    return verdict_cells(_watched) | canary_cells(_engine)


cast("Any", Endpoint).add_asgi_middleware(
    Gateway,
    engine=_engine,
    operations=_operations,
    max_bytes=_max_bytes,
    options=_options,
    policies=_policies,
    first=_options.tracing is None,
)

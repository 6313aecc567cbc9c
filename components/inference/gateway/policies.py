"""The policies of an endpoint, made from its settings: who gets in, what every answer says, what is seen."""

from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from math import ceil
from typing import Any

from components.inference.gateway import headers, log, tracing
from components.inference.gateway.access import Access
from components.inference.gateway.call import Call, Header, Reply
from components.inference.gateway.cors import Cors
from components.inference.gateway.exposition import CONTENT_TYPE
from components.inference.gateway.keys import Keys
from components.inference.gateway.metrics import Metrics
from components.inference.gateway.rate import Rate
from components.inference.options import Options

Guard = Callable[[Call], Reply | None]
Route = Callable[[Call], Reply]
Headers = Callable[[Call], Iterable[Header]]
Observer = Callable[[Call], None]
Around = Callable[[Call, Coroutine[Any, Any, None]], Awaitable[None]]
"""(call, what answers it) -> what is awaited instead."""


def _as_it_is(_: Call, answering: Coroutine[Any, Any, None]) -> Awaitable[None]:
    return answering


@dataclass(frozen=True)
class Policies:
    """What is asked and done about every call; the package's docstring says when."""

    guards: tuple[Guard, ...] = ()
    routes: Mapping[str, Route] = field(default_factory=dict)
    headers: tuple[Headers, ...] = ()
    observers: tuple[Observer, ...] = ()
    around: Around = _as_it_is


def policies(
    options: Options,
    metrics: Metrics,
    pages: Mapping[str, Route],
    *more: Observer,
    verdict: Callable[[], Mapping[str, float]] = dict,
    around: Around = _as_it_is,
) -> Policies:
    """Return what `options` ask for, beside `pages`; `more` are told of every call too.

    Args:
        options: the settings.
        metrics: what counts.
        pages: what else is shown, by path.
        more: observers.
        verdict: what is shown beside what was counted; read whenever `/metrics` is asked for.
        around: what is awaited in place of what answers a call.

    Raises:
        ConfigError: the API keys cannot be read, or an origin is none.
    """
    cors = [Cors(options.cors)] if options.cors else []
    return Policies(
        guards=(metrics.guard, *(policy.guard for policy in cors), _access(options).guard),
        routes={**pages, **({} if options.metrics == "off" else {"/metrics": partial(_exposition, metrics, verdict)})},
        headers=(
            headers.headers,
            *(policy.headers for policy in cors),
            *((tracing.headers,) if options.tracing else ()),
        ),
        observers=(metrics.observe, *((log.observe,) if options.log_requests else ()), *more),
        around=around,
    )


def _access(options: Options) -> Access:
    keys = Keys(options.api_keys_file, options.api_keys) if options.keyed else None
    rate = Rate(options.rate, options.burst or max(1, ceil(options.rate))) if options.rate else None
    return Access(keys, rate, options.metrics)


def _exposition(metrics: Metrics, verdict: Callable[[], Mapping[str, float]], call: Call) -> Reply:
    return Reply(200, metrics.exposition(verdict()), ((b"content-type", CONTENT_TYPE.encode()),))

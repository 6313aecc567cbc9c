"""OpenTelemetry, where it is asked for: BentoML's own middleware makes a span of each request and sends it by OTLP.

Without it no request passes that middleware, which costs as much as a small model.
"""

from importlib.util import find_spec
from typing import Any

from components.config.errors import ConfigError
from components.inference.gateway.call import Call, Header

PACKAGE = "opentelemetry-exporter-otlp-proto-http"
_HEALTH = ["livez", "readyz", "metrics"]


def tracing(collector: str | None, share: float) -> dict[str, Any]:
    """Return BentoML's section `tracing`.

    Args:
        collector: where to send spans, as http://host:4318/v1/traces; None: there are none.
        share: of the requests, 0 to 1, that are traced where the caller has not decided it.

    Raises:
        ConfigError: what sends them is not installed.
    """
    if collector is None:
        return {"excluded_urls": ".*"}
    if not _installed():
        raise ConfigError(f"JOURNEYMAN_TRACING needs the package {PACKAGE}, which is not installed")
    otlp = {"protocol": "http", "endpoint": collector, "http": {}}
    return {"exporter_type": "otlp", "sample_rate": share, "excluded_urls": _HEALTH, "otlp": otlp}


def headers(call: Call) -> tuple[Header, ...]:
    """Write what only the gateway knows into the request's span, which ends with the answer; add no header."""
    from opentelemetry.trace import get_current_span

    span = get_current_span()
    span.set_attribute("journeyman.request_id", call.id.decode())
    span.set_attribute("journeyman.outcome", call.outcome)
    if call.version is not None:
        span.set_attribute("journeyman.model_version", call.version)
    return ()


def _installed() -> bool:
    try:
        return find_spec("opentelemetry.exporter.otlp.proto.http") is not None
    except ModuleNotFoundError:  # not even what it is a part of
        return False

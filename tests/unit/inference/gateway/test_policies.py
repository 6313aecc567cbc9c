from collections.abc import Iterator

import pytest

from components.config.errors import ConfigError
from components.inference.gateway import log, tracing
from components.inference.gateway.call import Call, Reply
from components.inference.gateway.cells import Cells
from components.inference.gateway.keys import new_key
from components.inference.gateway.metrics import Metrics
from components.inference.gateway.policies import Policies, policies
from components.inference.options import Options
from tests.unit.inference.gateway.calls import call

KEY, LINE = new_key("shop")


def made(**settings: str) -> Policies:
    environment = {f"JOURNEYMAN_{name.upper()}": value for name, value in settings.items()}
    return policies(Options.read(environment), Metrics(Cells.private()), {})


def reply(found: Policies, to: Call) -> Reply | None:
    """What the guards answer."""
    return next(_replies(found, to), None)


def _replies(found: Policies, to: Call) -> Iterator[Reply]:
    for guard in found.guards:
        if answer := guard(to):
            yield answer


def test_without_settings_everyone_is_let_in_and_seen() -> None:
    found = made()
    assert reply(found, call()) is None
    assert b"journeyman_requests_in_hand 1" in found.routes["/metrics"](call("/metrics")).body
    assert len(found.observers) == 1


def test_a_preflight_brings_no_key() -> None:
    found = made(api_keys=LINE, cors="https://shop.example, https://till.example")
    asked = call(method="OPTIONS", origin="https://till.example", access_control_request_method="POST")
    answer = reply(found, asked)
    assert answer
    assert answer.status == 204
    refused = reply(found, call(origin="https://till.example"))
    assert refused
    assert refused.status == 401


def test_one_second_of_the_rate_may_come_at_once() -> None:
    found = made(rate="2.5")
    statuses = [answer.status if (answer := reply(found, call())) else None for _ in range(4)]
    assert statuses == [None, None, None, 429]


def test_metrics_that_are_off_are_not_there() -> None:
    assert not made(metrics="off").routes


def test_lines_and_spans_are_written_where_that_is_asked_for() -> None:
    found = made(log_requests="1", tracing="http://127.0.0.1:4318/v1/traces")
    assert log.observe in found.observers
    assert tracing.headers in found.headers


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("api_keys", ""),
        ("api_keys", "shop"),
        ("api_keys_file", ""),
        ("api_keys_file", "/nowhere/keys"),
        ("cors", "*"),
        ("cors", "https://shop.example,"),
        ("rate", "0"),
        ("burst", "0.5"),
        ("metrics", "some"),
        ("log_requests", "loud"),
        ("tracing_share", "2"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_by_its_name(setting: str, value: str) -> None:
    with pytest.raises(ConfigError, match=f"^JOURNEYMAN_{setting.upper()}"):
        made(**{setting: value})


def test_what_is_empty_is_not_set_but_for_keys() -> None:
    found = made(cors="", rate="", burst="", metrics="", log_requests="", tracing="")
    assert reply(found, call()) is None
    assert len(found.headers) == 1

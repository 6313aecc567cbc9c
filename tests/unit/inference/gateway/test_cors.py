import pytest

from components.config.errors import ConfigError
from components.inference.gateway.cors import Cors
from tests.unit.inference.gateway.calls import call

SHOP = "https://shop.example"
PREFLIGHT = {"method": "OPTIONS", "access_control_request_method": "POST"}


@pytest.fixture
def cors() -> Cors:
    return Cors([SHOP, "http://127.0.0.1:8080", "http://[::1]:8080"])


@pytest.mark.parametrize("origin", [SHOP, "http://127.0.0.1:8080", "http://[::1]:8080"])
def test_a_named_origin_may_read_the_answer(origin: str, cors: Cors) -> None:
    headers = dict(cors.headers(call(origin=origin)))
    assert headers[b"access-control-allow-origin"].decode() == origin
    assert headers[b"vary"] == b"Origin"


@pytest.mark.parametrize(
    "origin", ["null", "*", "https://shop.example.evil", "http://shop.example", "https://shop.example:1"]
)
def test_no_other_may(origin: str, cors: Cors) -> None:
    assert cors.headers(call(origin=origin)) == ((b"vary", b"Origin"),)
    refused = cors.guard(call(origin=origin, **PREFLIGHT))
    assert refused
    assert refused.status == 403


def test_what_no_browser_asked_says_that_answers_vary(cors: Cors) -> None:
    assert cors.headers(call()) == ((b"vary", b"Origin"),)
    assert cors.guard(call(method="OPTIONS", origin=SHOP)) is None, "no preflight"
    assert cors.guard(call(origin=SHOP)) is None


def test_a_preflight_allows_what_the_endpoint_takes_and_no_cookies(cors: Cors) -> None:
    preflight = call(origin=SHOP, **PREFLIGHT)
    reply = cors.guard(preflight)
    assert reply
    assert (reply.status, reply.body) == (204, b"")
    headers = dict([*reply.headers, *cors.headers(preflight)])
    assert headers[b"access-control-allow-origin"] == SHOP.encode()
    assert b"POST" in headers[b"access-control-allow-methods"]
    allowed = headers[b"access-control-allow-headers"].split(b", ")
    assert {b"authorization", b"x-api-key", b"content-type"} <= set(allowed)
    assert b"access-control-allow-credentials" not in headers


@pytest.mark.parametrize("origin", ["*", "null", "shop.example", "https://shop.example/", "https://Shop.example", ""])
def test_what_no_browser_sends_is_no_setting(origin: str) -> None:
    with pytest.raises(ConfigError, match="is no origin"):
        Cors([origin])

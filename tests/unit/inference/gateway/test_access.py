import socket

import pytest

from components.inference.gateway import access
from components.inference.gateway.access import Access, Shown
from components.inference.gateway.keys import Keys, new_key
from components.inference.gateway.rate import Rate
from tests.unit.inference.gateway.calls import call

SHOP, LINE = new_key("shop")


@pytest.mark.parametrize("path", ["/predict", "/explain", "/labels", "/about", "/docs", "/docs.json", "/x", "//livez"])
def test_a_key_is_needed_for_everything_that_is_not_open(path: str) -> None:
    policy = Access(Keys(lines=LINE), None, "open")
    refused = policy.guard(call(path))
    assert refused
    assert refused.status == 401
    assert dict(refused.headers)[b"www-authenticate"] == b"Bearer"
    asked = call(path, x_api_key=SHOP)
    assert policy.guard(asked) is None
    assert asked.caller == "shop"


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/", "/page/page.css", "/page/page.js"])
def test_health_and_the_page_are_open(path: str) -> None:
    policy = Access(Keys(lines=LINE), Rate(rate=1, burst=1), "keys")
    assert [policy.guard(call(path)) for _ in range(3)] == [None] * 3


@pytest.mark.parametrize(("shown", "status"), [("open", None), ("keys", 401)])
def test_metrics_have_a_setting_of_their_own(shown: Shown, status: int | None) -> None:
    refused = Access(Keys(lines=LINE), None, shown).guard(call("/metrics"))
    assert (refused.status if refused else None) == status


def test_each_key_has_its_rate_and_a_wrong_one_takes_nothing_from_it() -> None:
    till, second = new_key("till")
    policy = Access(Keys(lines=f"{LINE},{second}"), Rate(rate=0.1, burst=1), "open")
    statuses = []
    for key in (SHOP, till, "wrong", SHOP, till):
        refused = policy.guard(call(x_api_key=key))
        statuses.append(refused.status if refused else None)
    assert statuses == [None, None, 401, 429, 429]
    often = policy.guard(call(x_api_key=SHOP))
    assert often
    assert 9 <= int(dict(often.headers)[b"retry-after"]) <= 10


def test_only_questions_are_counted() -> None:
    policy = Access(Keys(lines=LINE), Rate(rate=0.1, burst=1), "open")
    looks = [policy.guard(call(path, method="GET", x_api_key=SHOP)) for path in ("/about", "/docs.json", "/examples/0")]
    assert looks == [None] * 3
    assert policy.guard(call(x_api_key=SHOP)) is None
    assert policy.guard(call(x_api_key=SHOP)) is not None


def test_without_keys_all_share_one_rate() -> None:
    policy = Access(None, Rate(rate=0.1, burst=2), "open")
    assert [policy.guard(call()) is None for _ in range(3)] == [True, True, False]


def test_whoever_listens_is_found() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        assert "127.0.0.1" in access._listening()


@pytest.mark.parametrize(
    ("addresses", "warns"),
    [(["0.0.0.0"], True), (["127.0.0.1", "192.0.2.7"], True), (["::"], True), (["127.0.0.1", "::1"], False)],
)
def test_listening_to_other_machines_is_warned_of(
    addresses: list[str], warns: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(access, "_listening", lambda: addresses)
    access.warn_of_strangers()
    assert ("without API keys" in caplog.text) == warns

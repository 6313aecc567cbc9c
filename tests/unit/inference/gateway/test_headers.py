import pytest

from components.inference.gateway.headers import headers
from tests.unit.inference.gateway.calls import call


@pytest.mark.parametrize(
    "path",
    ["/", "/page/page.js", "/predict", "/about", "/card", "/docs", "/docs.json", "/static_content/index.css", "/x"],
)
def test_nothing_is_guessed_framed_or_fetched_from_elsewhere(path: str) -> None:
    sent = dict(headers(call(path)))
    policy = dict(part.split(maxsplit=1) for part in sent[b"content-security-policy"].decode().split("; "))
    assert sent[b"x-content-type-options"] == b"nosniff"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["default-src"] in ("'none'", "'self'")
    assert "script-src" not in policy
    assert "://" not in sent[b"content-security-policy"].decode()


def test_answers_are_kept_nowhere_and_the_page_has_the_camera() -> None:
    assert dict(headers(call("/predict")))[b"cache-control"] == b"no-store"
    assert dict(headers(call("/examples/3")))[b"cache-control"] == b"private, no-cache"
    assert b"camera=(self)" in dict(headers(call("/")))[b"permissions-policy"]
    assert b"camera=()" in dict(headers(call("/docs")))[b"permissions-policy"]
    assert headers(call("/docs.json")) == headers(call("/predict"))

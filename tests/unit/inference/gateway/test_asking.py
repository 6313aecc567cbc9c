import pytest

from components.inference.gateway.access import Access
from components.inference.gateway.asking import label_pages
from components.inference.gateway.headers import PAGE, headers
from components.inference.gateway.keys import Keys, new_key
from tests.unit.inference.gateway.calls import call


def test_where_there_are_no_keys_nobody_is_asked() -> None:
    pages = label_pages(keyed=False)
    refused = pages["/label"](call("/label"))
    assert refused.status == 403
    assert b"JOURNEYMAN_API_KEYS_FILE" in refused.body


@pytest.mark.parametrize("path", ["/label", "/label/label.css", "/label/label.js"])
def test_the_page_loads_to_ask_for_a_key(path: str) -> None:
    _, line = new_key("shop")
    assert Access(Keys(lines=line), None, "keys").guard(call(path)) is None
    assert label_pages(keyed=True)[path](call(path)).status == 200
    assert headers(call(path)) == PAGE


@pytest.mark.parametrize("path", ["/label/next", "/label/answer", "/label/undo", "/label/"])
def test_what_it_shows_needs_the_key(path: str) -> None:
    _, line = new_key("shop")
    refused = Access(Keys(lines=line), None, "open").guard(call(path))
    assert refused is not None
    assert refused.status == 401

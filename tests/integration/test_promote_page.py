"""The page of `flows.promote --serve` over HTTP: who waits, and what the button does, in a real store."""

import re
import threading
from collections.abc import Iterator

import httpx
import pytest

from components.registry.gate.record import keep
from components.registry.promotion import champion, promote
from components.registry.promotion.ledger import Ledger
from components.registry.promotion.trial import begin, end
from components.registry.version import get_version
from flows.promote_page import promote_server
from tests.conftest import Project
from tests.registering import promoted, verdict


@pytest.fixture
def page(three: Project) -> Iterator[httpx.Client]:
    """Version 1 is at work; 2 and 3 have passed the gate against it, 3 its shadow too, and a person is asked."""
    three.params("    gate:\n", "    gate:\n      mode: ask\n")
    promoted(get_version("digits", "1"))
    for number in ("2", "3"):
        keep(get_version("digits", number), verdict(get_version("digits", number), champion("digits")), None)
    begin(get_version("digits", "3"), "1", "a flow")
    end(get_version("digits", "3"), True, "accuracy 0.9 against 0.8 on 60 live labels", "1", "a flow")
    server = promote_server("digits", "ann", put_to_work, 0)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_address[1]}"
        with httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
            yield client
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_the_button_puts_a_waiting_version_to_work_once_and_for_its_own_page_alone(page: httpx.Client) -> None:
    shown = page.get("/").text
    assert re.findall("<h2>(.*)</h2>", shown) == ["Version 3 beside version 1", "Version 2 beside version 1"]
    assert "accuracy 0.9 against 0.8 on 60 live labels" in shown
    assert "The gate&#39;s rules" in shown
    loaded = re.findall(r'(?:href|src)="(/[^"]+)"', shown)
    assert [page.get(path).status_code for path in loaded] == [200, 200, 200]
    assert loaded == ["/page.css", "/promote.css", "/promote.js"]
    assert page.get("/templates/promote.html.jinja").status_code == 404

    (token,) = set(re.findall('data-token="([^"]+)"', shown))
    said = {"version": "3", "champion": "1", "reason": "the new season", "token": token}
    elsewhere = {"origin": "http://evil.example"}
    refused = [
        page.post("/promote", json=said, headers=elsewhere),
        page.post("/promote", json=said, headers={"host": "evil.example:3200"}),
        page.post("/promote", data=said),  # what a form sends
        page.post("/promote", json={**said, "token": "guessed"}),
        page.post("/promote", json={**said, "reason": "  "}),
        page.post("/promote", json={**said, "reason": "a\0b"}),
        page.post("/promote", json={**said, "version": "7"}),
        page.post("/promote", json={**said, "champion": "2"}),
    ]
    assert [each.status_code for each in refused] == [403, 403, 404, 422, 422, 422, 422, 422]
    assert "version 1 is at work by now, not version 2" in refused[-1].json()["error"]
    assert at_work() == "1"

    answers: list[httpx.Response] = []
    clicks = [threading.Thread(target=lambda: answers.append(page.post("/promote", json=said))) for _ in range(2)]
    for click in clicks:
        click.start()
    for click in clicks:
        click.join()
    assert sorted(each.status_code for each in answers) == [200, 422]
    assert at_work() == "3"
    last = Ledger("digits").read().entries
    assert [(each.what, each.by, each.reason) for each in last[1:]] == [("overridden", "ann", "the new season")]
    assert "Nobody waits" in page.get("/").text  # version 2 was judged against version 1


def put_to_work(number: str, reason: str) -> str:
    """What `flows.promote` has the registry do."""
    challenger, before = get_version("digits", number), champion("digits")
    return promote(challenger, verdict(challenger, before), "ann", reason, override=True).reason


def at_work() -> str:
    found = champion("digits")
    assert found
    return found.number

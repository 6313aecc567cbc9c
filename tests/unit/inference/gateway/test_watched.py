from pathlib import Path

from components.inference.gateway.access import Access
from components.inference.gateway.keys import Keys, new_key
from components.inference.gateway.watched import page_of, watched
from tests.unit.inference.gateway.calls import call


def test_the_page_is_shown_as_it_is_at_this_moment(tmp_path: Path) -> None:
    path = page_of(tmp_path / "log", "cups")
    assert path == tmp_path / "watch" / "cups" / "index.html"
    missing = watched(path, call("/watch"))
    assert missing.status == 404
    assert b"python -m flows.watch cups" in missing.body
    path.parent.mkdir(parents=True)
    path.write_text("<p>well</p>")
    first = watched(path, call("/watch"))
    assert (first.status, first.body) == (200, b"<p>well</p>")
    etag = dict(first.headers)[b"etag"]
    assert watched(path, call("/watch", if_none_match=etag.decode())).status == 304
    path.write_text("<p>look, somebody</p>")
    assert watched(path, call("/watch", if_none_match=etag.decode())).body == b"<p>look, somebody</p>"


def test_it_is_open_to_whom_the_metrics_are() -> None:
    _, line = new_key("shop")
    assert Access(Keys(lines=line), None, "open").guard(call("/watch")) is None
    refused = Access(Keys(lines=line), None, "keys").guard(call("/watch"))
    assert refused is not None
    assert refused.status == 401

from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from components.inference.gateway.access import Access
from components.inference.gateway.exposition import exposition
from components.inference.gateway.keys import Keys, new_key
from components.inference.gateway.watched import VERDICT, page_of, verdict_cells, watched
from components.system.files import write_json
from tests.unit.inference.gateway.calls import call

SAID = {"workload": "cups", "version": "3", "verdict": "look", "since": "2026-11-28", "as_of": "2026-11-29T12:00+00:00"}
NOON = 1_795_953_600.0


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


def test_the_verdict_is_a_series_for_each_that_there_could_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = page_of(tmp_path / "log", "cups")
    monkeypatch.setattr("time.time", lambda: NOON + 90.0)
    assert verdict_cells(path) == {}
    write_json(path.with_name(VERDICT), SAID)
    assert _shown(path) == {
        ("verdict", "well"): 0.0,
        ("verdict", "look"): 1.0,
        ("verdict", "harm"): 0.0,
        ("since_timestamp_seconds", None): NOON - 36 * 3600,
        ("age_seconds", None): 90.0,
    }
    write_json(path.with_name(VERDICT), SAID | {"verdict": "well", "since": None})
    well = _shown(path)
    assert well["verdict", "well"] == 1.0
    assert ("since_timestamp_seconds", None) not in well


@pytest.mark.parametrize("text", ["", "[]", '{"verdict": "well"}', "null"])
def test_a_verdict_that_cannot_be_read_is_none(text: str, tmp_path: Path) -> None:
    path = page_of(tmp_path / "log", "cups")
    path.parent.mkdir(parents=True)
    path.with_name(VERDICT).write_text(text)
    assert verdict_cells(path) == {}


def _shown(path: Path) -> dict[tuple[str, str | None], float]:
    families = text_string_to_metric_families(exposition(verdict_cells(path)).decode())
    samples = [sample for family in families for sample in family.samples]
    assert all((sample.labels["workload"], sample.labels["version"]) == ("cups", "3") for sample in samples)
    return {
        (sample.name.removeprefix("journeyman_watch_"), sample.labels.get("verdict")): sample.value
        for sample in samples
    }

"""Pictures of a real log that nobody has labelled, on their way into a real training's data."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from components import catalogue
from components.config.errors import DataError
from components.config.settings import LIVE, artifacts
from components.data.ingest import MANIFEST, RECORDS, UNLABELLED_MANIFEST
from components.erasure.live import erase_from_live
from components.kinds.prepared import UNLABELLED_RECORDS
from components.prediction_log.erasure import Person, erase
from components.prediction_log.identities import EVENT
from components.retraining.manifest import gather, write
from components.retraining.unlabelled import Unlabelled, gather_unlabelled
from tests.unit.retraining.test_manifest import DAY, NOW, PARAMS, ZERO, Work, cups, pictures, prepared, project

__all__ = ["cups", "project"]


@pytest.fixture(autouse=True)
def asked(project: None) -> None:
    """Six answers without a label are asked for."""
    Path("params.yaml").write_text(PARAMS.replace("test: 0.3}", "test: 0.3, unlabelled_answers: 6}"))
    catalogue.workload.cache_clear() if hasattr(catalogue.workload, "cache_clear") else None


def gathered(work: Work) -> Unlabelled:
    """Return what is found, and have the next `ingest` take it."""
    live = gather("cups", work.log(), NOW + DAY, ZERO)
    found = gather_unlabelled("cups", work.log(), NOW + DAY, live.manifest)
    assert found is not None
    write("cups", live, found.files())
    return found


def test_the_newest_without_a_label_are_learned_from_as_such(cups: Work) -> None:
    assert prepared("cups").unlabelled() is None
    old = cups.answer(pictures(5), ["cup"] * 5, NOW - 3 * DAY)
    young = cups.answer(pictures(5, seed=2), ["cup"] * 5, NOW - DAY)
    cups.answer(pictures(5, seed=3), ["cup"] * 5, NOW - DAY, origin="page")
    cups.label([old[0], young[0]], "cup")
    cups.label([young[1]], "")  # somebody has taken it back
    found = gathered(cups)
    assert found.manifest["id"].to_pylist() == sorted([*old[3:], *young[1:]])
    data = prepared("cups")
    known = data.unlabelled()
    assert known is not None
    assert (known.folder, known.count, known.left_out) == ("the prediction log", 6, {})
    seen = {picture.tobytes() for picture in [*pictures(5)[3:], *pictures(5, seed=2)[1:]]}
    assert {picture.tobytes() for picture in data.unlabelled_inputs()} == seen
    raw = artifacts("cups", "raw")
    assert (raw / UNLABELLED_MANIFEST).read_bytes() == (LIVE / "cups" / UNLABELLED_MANIFEST).read_bytes()


def test_what_has_a_label_by_now_is_learned_from_with_it_and_a_copy_of_it_is_left_out(cups: Work) -> None:
    ids = cups.answer(pictures(4), ["cup"] * 4, NOW - DAY)
    again = cups.answer(pictures(4)[:1], ["cup"], NOW - DAY)  # the same picture as the first, never labelled
    assert len(gathered(cups)) == 5
    cups.label(ids[:2], "plate")
    assert gathered(cups).manifest["id"].to_pylist() == sorted([*ids[2:], *again])
    known = prepared("cups").unlabelled()
    assert known is not None
    assert known.count == 2
    assert sum(known.left_out.values()) == 1


def test_what_the_log_dropped_stays_until_it_is_erased(cups: Work) -> None:
    ids = cups.answer(pictures(4), ["cup"] * 4, NOW - DAY)
    gathered(cups)
    empty = Work("else", "image", "classification")
    assert gathered(empty).manifest["id"].to_pylist() == sorted(ids)
    assert [each.count for each in erase_from_live("cups", EVENT, ids[1])] == [1]
    erase(cups.folder, Person(EVENT, ids[1]))
    for file in (UNLABELLED_RECORDS, UNLABELLED_MANIFEST):
        assert len(pq.read_table(LIVE / "cups" / file)) == 3
    names = pq.read_table(LIVE / "cups" / UNLABELLED_RECORDS)["name"].to_pylist()
    assert not [name for name in names if ids[1] in name]
    for work in (empty, cups):
        assert ids[1] not in gathered(work).manifest["id"].to_pylist()


def test_nothing_is_taken_unless_it_is_asked_for(cups: Work) -> None:
    cups.answer(pictures(4), ["cup"] * 4, NOW - DAY)
    gathered(cups)
    Path("params.yaml").write_text(PARAMS)
    assert gather_unlabelled("cups", cups.log(), NOW + DAY, pq.read_table(LIVE / "cups" / MANIFEST)) is None
    assert prepared("cups").unlabelled() is None
    assert sorted(path.name for path in artifacts("cups", "raw").iterdir()) == [MANIFEST, RECORDS]
    said = PARAMS.replace("kind: image", "kind: image\n    task: detection")
    Path("params.yaml").write_text(said.replace("test: 0.3}", "test: 0.3, unlabelled_answers: 6, positive: cup}"))
    with pytest.raises(DataError, match=r"prepare\.unlabelled_answers is for task: classification"):
        prepared("cups")

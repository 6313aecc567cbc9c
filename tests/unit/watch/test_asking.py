from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from components.config.errors import DataError
from components.watch.asking import Choice, choose_answers
from components.watch.bundles import Bundles
from tests.unit.watch.at_work import FIRST, AtWork, make_bundle

AS_OF = FIRST + timedelta(days=3)


@pytest.fixture
def at_work(tmp_path: Path) -> AtWork:
    return AtWork(tmp_path / "log" / "w")


def chosen(at_work: AtWork, path: Path, count: int = 20, days: int = 30, asked: float = 0.001) -> Choice:
    bundles = Bundles(lambda _: path)
    return choose_answers(at_work.log(), bundles, count, AS_OF, days, asked, np.random.default_rng(1))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = make_bundle(tmp_path / "bundle")
    (path / "model.onnx").unlink()  # nobody runs it here: what is alike goes by the outputs
    return path


def test_doubtful_answers_are_chosen_more_often_and_every_one_may_be(at_work: AtWork, path: Path) -> None:
    sure = set(at_work.day(0, rows=300, sure=0.99, labelled=0))
    doubtful = set(at_work.day(1, rows=300, sure=0.55, labelled=0))
    at_work.day(1, rows=50, origin="page", labelled=0)
    at_work.day(1, rows=50, origin="smoke", labelled=0)
    found = chosen(at_work, path)
    ids = [each.id for each in found.chosen]
    assert len(ids) == 20
    assert len(sure.intersection(ids)) < len(doubtful.intersection(ids))
    assert set(found.candidates.ids) == sure | doubtful
    assert found.probabilities.sum() == pytest.approx(20)
    assert found.probabilities.min() >= 0.2 * 20 / 600 - 1e-9  # the uniform part
    assert found.candidates.loss is not None
    loss = dict(zip(found.candidates.ids, found.candidates.loss, strict=True))
    assert [loss[name] for name in ids] == sorted((loss[name] for name in ids), reverse=True)
    first = found.chosen[0]
    assert (first.decided, first.record, first.example.shape) == (first.answer["label"], {}, (2,))


def test_answers_to_unfamiliar_examples_are_asked_about_however_sure_they_are(at_work: AtWork, path: Path) -> None:
    ids = at_work.day(0, rows=600, sure=0.99, labelled=0, unfamiliar=60)
    found = chosen(at_work, path)
    strange, others = found.probabilities[:60], found.probabilities[60:]
    assert strange.min() > 2 * others.mean()
    assert len({each.id for each in found.chosen} & set(ids[:60])) > 2
    assert found.candidates.loss is not None
    assert found.candidates.loss[:60].max() < 0.5  # what is expected of the metric stays the model's word


@pytest.mark.slow
def test_the_smallest_probability_is_what_is_asked_where_it_can_be(at_work: AtWork, path: Path) -> None:
    at_work.day(0, rows=300, sure=0.99, labelled=0)
    at_work.day(0, rows=300, sure=0.55, labelled=0)
    assert chosen(at_work, path, asked=0.03).probabilities.min() >= 0.03 - 1e-9
    assert chosen(at_work, path, asked=0.5).probabilities.min() == pytest.approx(20 / 600)


@pytest.mark.slow
def test_it_looks_back_so_many_days_and_at_the_version_that_answered_last(at_work: AtWork, path: Path) -> None:
    at_work.day(0, rows=40, labelled=0)
    at_work.day(1, rows=40, version="2", labelled=0)
    latest = at_work.day(2, rows=40, version="2", labelled=0)
    assert len(chosen(at_work, path).candidates.ids) == 80
    assert chosen(at_work, path).version == "2"
    assert set(chosen(at_work, path, days=2).candidates.ids) == set(latest)
    with pytest.raises(DataError, match="no caller has asked"):
        chosen(at_work, path, days=0)


def test_of_many_the_embeddings_of_some_are_enough(
    at_work: AtWork, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("components.watch.asking.SPREAD", 100)
    at_work.day(0, rows=600, labelled=0)
    assert 19 <= len(chosen(at_work, path).chosen) <= 21


def test_more_than_there_are_is_all(at_work: AtWork, path: Path) -> None:
    ids = at_work.day(0, rows=7, labelled=0)
    assert {each.id for each in chosen(at_work, path, count=50).chosen} == set(ids)

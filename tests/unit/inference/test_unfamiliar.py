"""The conformal test of unfamiliar examples, and what a caller is answered by it."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from components.inference.answering import Abstention, Answering
from components.inference.bento_io import output_type
from components.inference.bundle import Bundle, Scored
from components.inference.engine.model import Model
from components.inference.gateway.cells import Cells
from components.inference.gateway.metrics import Metrics
from components.inference.unfamiliar import UnfamiliarTest
from components.kinds.image import codec
from components.registry.pyfunc import BundleModel
from components.scoring.score import score
from tests.unit.inference.conftest import picture

LEVELS = UnfamiliarTest.calibrated(np.arange(199, dtype=np.float32), 0.01)
"""Flags what is above 197: of 199 examples two may be, together with the one that is asked about."""


@pytest.mark.slow
@pytest.mark.parametrize(("examples", "rate"), [(99, 0.01), (1_000, 0.01), (5_000, 0.01), (200, 0.1)])
def test_of_familiar_examples_so_many_are_flagged_as_is_stated(examples: int, rate: float) -> None:
    random = np.random.default_rng(0)
    flagged = [
        UnfamiliarTest.calibrated(scores[1:], rate).flags(scores[:1])[0]
        for scores in random.normal(size=(2_000, examples + 1)).astype(np.float32)
    ]
    assert np.mean(flagged) == pytest.approx(rate, abs=3 * np.sqrt(rate * (1 - rate) / len(flagged)))


def test_few_examples_can_state_no_small_rate() -> None:
    test = UnfamiliarTest.calibrated(np.arange(24, dtype=np.float32), 0.01)
    assert test.rate == 1 / 25
    assert test.flags(np.array([23.0, 23.5], np.float32)).tolist() == [False, True]


@pytest.mark.parametrize("scores", [[], [0.0, np.nan]], ids=["none", "not a number"])
def test_without_scores_there_is_no_test(scores: list[float]) -> None:
    with pytest.raises(ValueError, match="no validation example"):
        UnfamiliarTest.calibrated(np.array(scores, np.float32), 0.01)


def test_it_comes_back_from_json_to_the_bit() -> None:
    scores = np.random.default_rng(1).normal(size=3_000).astype(np.float32)
    test = UnfamiliarTest.calibrated(scores, 0.01)
    again = UnfamiliarTest.of({"unfamiliar": json.loads(json.dumps(test.as_json()))})
    assert again is not None
    asked = np.concatenate([scores, scores + np.float32(1.0)])
    np.testing.assert_array_equal(again.flags(asked), test.flags(asked))
    np.testing.assert_array_equal(again.ranks(asked), test.ranks(asked))
    assert len(json.dumps(test.as_json())) < 6_000
    assert UnfamiliarTest.of({"threshold": 0.5}) is None


def test_what_is_flagged_ranks_above_the_rate() -> None:
    scores = np.random.default_rng(2).normal(size=3_000).astype(np.float32)
    test = UnfamiliarTest.calibrated(scores, 0.01)
    ranks = test.ranks(scores)
    np.testing.assert_array_equal(test.flags(scores), ranks >= 1 - test.rate)
    exact = np.searchsorted(np.sort(scores), scores) / 3_001
    np.testing.assert_allclose(ranks, exact, atol=0.006)
    assert (ranks <= exact).all()


def test_answers_say_whether_they_are_unfamiliar(new_model: Callable[..., Model]) -> None:
    model = new_model(familiar=LEVELS)
    dark, bright = model.answers(model.scored(model.read([picture(20), picture(198)])))
    assert dark.model_dump()["unfamiliar"] is False
    assert dark.model_dump()["unfamiliar_rank"] == pytest.approx(20 / 200)
    assert bright.model_dump() | {"unfamiliar": True, "unfamiliar_rank": 198 / 200} == bright.model_dump()
    assert bright.model_dump()["label"] == "bright"


def test_a_model_that_cannot_tell_says_nothing_of_it(new_model: Callable[..., Model]) -> None:
    model = new_model()
    (answer,) = model.answers(model.scored(model.read([picture(255)])))
    assert "unfamiliar" not in answer.model_dump()
    assert "unfamiliar_rank" not in answer.model_dump()


def test_it_abstains_where_it_is_told_to(new_model: Callable[..., Model]) -> None:
    model = new_model(familiar=LEVELS, abstain=True)
    dark, bright = model.answers(model.scored(model.read([picture(20), picture(250)])))
    assert dark.model_dump()["label"] == "bright"
    assert isinstance(bright, Abstention)
    expected = {"abstains": True, "model_version": "1", "unfamiliar": True, "unfamiliar_rank": 199 / 200}
    assert bright.model_dump() == expected


def test_one_of_another_graph_is_not_told_of(new_model: Callable[..., Model]) -> None:
    """A bundle whose graph lacks the output, whatever it says."""
    model = new_model(familiar=LEVELS)
    found = model.scored(model.read([picture(250)]))
    (answer,) = model.answers(Scored(found.outputs, None))
    assert "unfamiliar" not in answer.model_dump()


@pytest.mark.slow
@pytest.mark.parametrize("abstain", [False, True])
def test_bulk_scoring_and_mlflows_model_say_the_same(
    abstain: bool, new_model: Callable[..., Model], tmp_path: Path
) -> None:
    new_model(familiar=LEVELS, abstain=abstain)
    (bundle,) = tmp_path.glob("bundle-*")
    greys, folder = [20, 250], tmp_path / "pictures"
    folder.mkdir()
    for grey in greys:
        (folder / f"{grey:03}.png").write_bytes(picture(grey)["picture"])
    (folder / "broken.png").write_bytes(b"nothing of the sort")
    scored = score(bundle, "7", folder, tmp_path / "scores.parquet", workers=1)
    said = pq.read_table(scored.out).to_pydict()
    assert (scored.unreadable, scored.unfamiliar) == (1, 1)
    assert said["unfamiliar"] == [False, True, None]
    assert said["unfamiliar_rank"] == [pytest.approx(0.1), pytest.approx(0.995), None]
    second = None if abstain else "bright"
    assert said["label"] == ["bright", second, None]
    assert (said["probability"][1] is None) == abstain

    answers = BundleModel(Bundle(bundle)).predict(pd.DataFrame([picture(grey) for grey in greys]))
    assert answers["unfamiliar"].tolist() == said["unfamiliar"][:2]
    assert answers["unfamiliar_rank"].tolist() == pytest.approx(said["unfamiliar_rank"][:2])
    assert answers["label"].tolist() == ["bright", second]


@pytest.mark.parametrize("abstain", [False, True])
def test_openapi_shows_what_may_be_answered(abstain: bool, new_model: Callable[..., Model]) -> None:
    types = Answering(new_model(familiar=LEVELS, abstain=abstain).about).types
    shown = output_type(types, codec.request({})).model_json_schema(mode="serialization")
    if not abstain:
        assert shown["properties"]["unfamiliar"]["type"] == "boolean"
        return
    answer, abstention = (shown["$defs"][each["$ref"].rpartition("/")[2]] for each in shown["oneOf"])
    assert "label" in answer["properties"]
    assert {"abstains", "unfamiliar", "id"} <= set(abstention["properties"])
    assert "label" not in abstention["properties"]


def test_unfamiliar_answers_are_counted_by_version() -> None:
    metrics = Metrics(Cells.private())
    metrics.unfamiliar("3", 2)
    metrics.unfamiliar("3", 1)
    assert b'journeyman_unfamiliar_total{version="3"} 3' in metrics.exposition()

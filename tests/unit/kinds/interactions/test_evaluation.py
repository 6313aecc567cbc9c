import numpy as np

from components.kinds.interactions import evaluation
from components.kinds.interactions.codec.input import Input
from components.kinds.interactions.params import Train
from components.kinds.prepared import PreparedData
from components.kinds.suggestions import width
from components.tasks.evaluated_model import EvaluatedModel
from components.tasks.evaluation_data import EvaluationData
from components.tasks.ranking import evaluation as task


def test_what_happens_to_lists_stays_among_the_recent_items(shop: PreparedData[Input]) -> None:
    lists = np.array(shop.inputs("test"))
    for name, change in evaluation.corruptions(shop, Train()).items():
        before, mild, heavy, again = lists.copy(), change(lists, 1, 0), change(lists, 3, 0), change(lists, 3, 0)
        assert (lists == before).all()
        assert (heavy == again).all()
        assert (heavy[:, 6:] == lists[:, 6:]).all()
        assert (heavy != lists).sum() > (mild != lists).sum() > 0, name
        if name == "items in another order":
            assert (np.sort(heavy, axis=1) == np.sort(lists, axis=1)).all()


def test_a_model_that_suggests_what_was_seen_is_caught(shop: PreparedData[Input]) -> None:
    most = width(len(shop.classes)) // 4

    def same_for_all(lists: np.ndarray) -> np.ndarray:
        outputs = np.full((len(lists), 4 * most), -1.0, dtype=np.float32)
        outputs[:, :most] = np.arange(most)
        return outputs

    model = EvaluatedModel(same_for_all, task, EvaluationData(shop, Train()), {})
    found = {one.name: one.passed / one.count for one in evaluation.behaviours(shop, model, Train())}
    assert found["what was seen is left out"] < 0.5
    assert found["what is sold out is left out"] == 0.0
    assert found["without the oldest recent item"] == 1.0


def test_nothing_leaks_and_what_does_is_found(shop: PreparedData[Input], tmp_path: object) -> None:
    assert [leak.count for leak in evaluation.leaks(shop, Train())] == [0, 0]
    leaky = Leaky(shop.path, shop.kind, shop.classes, shop.input, shop.counts)
    assert [leak.count for leak in evaluation.leaks(leaky, Train())] == [leaky.counts["test"]] * 2


class Leaky(PreparedData[Input]):
    """Its test split is not later than training, and has its answers among the recent items."""

    def array(self, split, name):  # type: ignore[no-untyped-def]
        found = np.array(super().array(split, name))
        if split == "test" and name == "times":
            found[:] = super().array("train", "times")[0]
        if split == "test" and name == "inputs":
            found[:, 0] = np.asarray(super().array("test", "labels")) + 1
        return found

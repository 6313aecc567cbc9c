"""A logged month answered by another version, by a graph that ONNX Runtime runs."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from components.config.errors import DataError
from components.inference.bundle import MODEL, Bundle
from components.prediction_log.event_id import EventIds, as_text
from components.prediction_log.record import Answered
from components.system.files import read_json, sha256, write_json
from components.watch.bundles import Bundles
from components.watch.replay import Replay, replay
from tests.unit.watch.at_work import CLASSES, FIRST, AtWork, make_bundle

ZERO, DAY = timedelta(0), timedelta(days=1)
ROWS = 300
_IDS = EventIds()


def graph(slope: float) -> bytes:
    """A graph of two features: the second class is the more probable, the more `slope` times the first one is."""
    weights = np.array([[0.0, slope], [0.0, 0.0]], dtype=np.float32)
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["z"]),
        helper.make_node("Softmax", ["z"], ["probabilities"], axis=1),
    ]
    made = helper.make_graph(
        nodes,
        "line",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 2])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", 2])],
        [helper.make_tensor("w", TensorProto.FLOAT, [2, 2], weights.ravel())],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    content: bytes = model.SerializeToString()
    return content


def bundle(path: Path, slope: float, decision: dict[str, Any] | None = None, **about: Any) -> Path:
    make_bundle(path, rows=200)
    (path / MODEL).write_bytes(graph(slope))
    said = read_json(path / "bundle.json")
    said |= {"model_sha256": sha256(path / MODEL), "input": {**said["input"], **about}}
    said |= {"task": "detection", "decision": decision} if decision else {}
    write_json(path / "bundle.json", said)
    return path


@pytest.fixture
def paths(tmp_path: Path) -> dict[str, Path]:
    """Version 1 is always wrong, version 2 never, and version 3 takes other examples."""
    return {
        "1": bundle(tmp_path / "1", -1.0),
        "2": bundle(tmp_path / "2", 2.0),
        "3": bundle(tmp_path / "3", 2.0, features=["size", "weight"]),
    }


@pytest.fixture
def at_work(tmp_path: Path, paths: dict[str, Path]) -> AtWork:
    """Version 1 has answered on two days; of three quarters of the rows somebody says what they were."""
    made, random = AtWork(tmp_path / "log" / "w"), np.random.default_rng(0)
    for day in range(2):
        examples = random.normal(0, 1, (ROWS, 2)).astype(np.float32)
        outputs = Bundle(paths["1"]).outputs(examples)
        identity, moment = _IDS.new(), FIRST + day * DAY
        said = [b'{"label":"%s"}' % CLASSES[best].encode() for best in outputs.argmax(axis=1)]
        time = int(moment.timestamp() * 1e6)
        made.writer.answered(Answered(identity, time, 0.01, "1", f"r{day}", outputs, examples, said, [b"{}"] * ROWS))
        truth = (examples[:, 0] > 0).astype(int)
        told = range(ROWS * 3 // 4)
        ids = [as_text(identity + row) for row in told]
        made.label(ids, [CLASSES[truth[row]] for row in told], moment + timedelta(hours=1))
    return made


def asked(at_work: AtWork, paths: dict[str, Path], version: str, delay: timedelta = ZERO, **more: Any) -> Replay:
    bundles = Bundles(lambda number: paths[number])
    return replay(at_work.log().standing(), bundles, version, FIRST, FIRST + 2 * DAY, delay, 0.02, **more)


def test_the_same_version_answers_the_same_to_the_bit(at_work: AtWork, paths: dict[str, Path]) -> None:
    found = asked(at_work, paths, "1")
    assert (found.rows, found.own, found.same, found.furthest) == (2 * ROWS, 2 * ROWS, 2 * ROWS, 0.0)
    assert not found.changed
    assert found.comparison is not None
    assert (found.comparison.decision, found.comparison.evidence) == ("open", 1.0)


def test_another_version_is_compared_on_the_labelled_rows(at_work: AtWork, paths: dict[str, Path]) -> None:
    found = asked(at_work, paths, "2")
    assert found.own == 0
    assert found.changed == {("a", "b"): found.changed["a", "b"], ("b", "a"): found.changed["b", "a"]}
    assert sum(found.changed.values()) == 2 * ROWS
    assert (found.metric, found.labelled) == ("accuracy", 2 * (ROWS * 3 // 4))
    assert found.before == 0.0
    assert found.now == 1.0
    assert found.comparison is not None
    assert (found.comparison.decision, found.comparison.worse) == ("better", 0)
    assert found.comparison.decided is not None
    assert found.comparison.decided < 12  # as many heads as a coin seldom shows


def test_detections_are_compared_by_what_mistakes_cost_where_versions_say_it(
    at_work: AtWork, paths: dict[str, Path], tmp_path: Path
) -> None:
    """Version 1 flags nothing; the others flag nearly all, which is wrong more often than not, and cheaper."""
    costs = {"costs": {"miss": 50.0, "false_alarm": 1.0}}
    paths["1"] = bundle(tmp_path / "none", 2.0, {"threshold": 0.7} | {"costs": {"miss": 1.0, "false_alarm": 1.0}})
    paths["2"] = bundle(tmp_path / "all", 0.1, {"threshold": 0.3} | costs)
    paths["3"] = bundle(tmp_path / "old", 0.1, {"threshold": 0.3})
    by_cost, by_own = asked(at_work, paths, "2"), asked(at_work, paths, "3")
    assert (by_cost.metric, by_own.metric) == ("cost", "cost")
    assert by_cost.comparison is not None
    assert by_own.comparison is not None
    assert by_cost.comparison.decision == "better"  # by its own prices, which version 1 pays, too
    assert by_own.comparison.decision == "open"  # by those of version 1; as often wrong the other way round
    assert by_cost.before > 10 * by_cost.now
    paths["1"] = bundle(tmp_path / "older", 2.0, {"threshold": 0.7})
    assert asked(at_work, paths, "3").metric == "accuracy"


def test_labels_that_were_asked_for_too_seldom_decide_nothing(at_work: AtWork, paths: dict[str, Path]) -> None:
    log = at_work.log()
    (first, *_), *_ = [batch["id"].to_pylist() for batch in log.answers(columns=("id",))]
    at_work.label([first], ["a"], FIRST + timedelta(hours=2), share=0.001)
    found = asked(at_work, paths, "2")
    assert found.comparison is None
    assert found.unequal == "a label was asked for with probability 0.001, and watch.asked is 0.02"


def test_answers_of_one_version_alone_and_final_labels_alone(at_work: AtWork, paths: dict[str, Path]) -> None:
    assert asked(at_work, paths, "2", of="2").rows == 0
    assert asked(at_work, paths, "2", delay=DAY).labelled == ROWS * 3 // 4
    assert asked(at_work, paths, "2", delay=9 * DAY).comparison is None


def test_a_version_that_takes_other_examples_cannot_be_asked(at_work: AtWork, paths: dict[str, Path]) -> None:
    with pytest.raises(DataError, match="version 3 takes other examples than version 1"):
        asked(at_work, paths, "3")
    onnx.checker.check_model(onnx.load(paths["2"] / MODEL))

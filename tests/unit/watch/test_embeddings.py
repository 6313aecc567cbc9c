from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from components.inference.bundle import SERVING, new_bundle, read_about
from components.inference.reference import read_reference, write_reference
from components.prediction_log.compaction import compact
from components.prediction_log.event_id import EventIds
from components.prediction_log.record import Answered
from components.prediction_log.summaries import Summaries
from components.prediction_log.writer import Writer
from components.watch.bundles import Bundle
from components.watch.embeddings import ROWS, embeddings, sample
from components.watch.page import page
from components.watch.report import VersionReport
from components.watch.statistics.drift import along, fit_reference, packed, principal_axes
from components.watch.watch import watch
from tests.unit.watch.at_work import FIRST, AtWork, answers, make_bundle

_IDS = EventIds()


def test_a_few_answers_of_callers_are_asked_again_the_same_in_whatever_parts_they_come(tmp_path: Path) -> None:
    at_work, day = AtWork(tmp_path / "log" / "w"), FIRST.date()
    at_work.day(0, rows=30, version="2")
    at_work.day(0, rows=30, origin="smoke")
    assert sample(at_work.log(), "1", day) is None
    at_work.day(0, rows=300)
    at_work.writer.close()
    compact(at_work.folder)
    at_work.writer = Writer.open(at_work.folder)
    at_work.day(0, rows=300)
    found = sample(at_work.log(), "1", day)
    at_work.writer.close()
    compact(at_work.folder)
    again = sample(at_work.log(), "1", day)
    assert found is not None
    assert again is not None
    assert len(found) == ROWS
    assert found.to_pylist() == again.to_pylist()
    assert sample(at_work.log(), "1", day + timedelta(days=1)) is None


def test_without_embeddings_of_validation_nothing_is_asked(tmp_path: Path) -> None:
    path, at_work = make_bundle(tmp_path / "bundle"), AtWork(tmp_path / "log" / "w")
    at_work.day(0)
    assert embeddings(at_work.log(), Bundle("1", lambda _: path), FIRST.date()) == (None, None)


def test_columns_that_are_as_ever_each_but_not_together_raise_the_alarm_of_embeddings(tmp_path: Path) -> None:
    path, at_work = with_graph(tmp_path), AtWork(tmp_path / "log" / "w")
    for day in range(6):
        answer(at_work, day, together=day >= 4)
    at_work.writer.close()
    compact(at_work.folder)
    version = report(at_work, path)
    drifted = [day.drifted for day in version.drift]
    assert drifted[:4] == [()] * 4
    assert {name.partition(":")[0] for day in drifted[4:] for name in day} == {"embedding"}
    assert "embedding: " in version.verdict.rule
    assert version.columns[0].column in drifted[-1]
    assert version.columns[0].size > version.columns[0].threshold
    assert version.embedding is not None
    assert version.embedding.watched
    assert report(at_work, path, Summaries(at_work.folder, "1")) == version
    kept = Summaries(at_work.folder, "1")
    assert report(at_work, path, kept) == version
    assert not kept.made


def test_of_a_bundle_that_has_no_counts_of_embeddings_they_raise_no_alarm(tmp_path: Path) -> None:
    path, at_work = with_graph(tmp_path, counted=False), AtWork(tmp_path / "log" / "w")
    answer(at_work, 0, together=True)
    version = report(at_work, path, days=1)
    assert version.verdict.verdict == "well"
    assert version.embedding is not None
    assert version.embedding.size > 0.1
    assert not version.embedding.watched


def report(at_work: AtWork, path: Path, kept: Summaries | None = None, days: int = 6) -> VersionReport:
    as_of = datetime.combine(FIRST.date(), datetime.min.time(), UTC) + timedelta(days=days)
    found = watch(at_work.log(), lambda _: path, as_of, timedelta(0), 0.02, kept)
    assert ("raise the alarm" in page(found)) == (
        found.versions[0].embedding is not None and found.versions[0].embedding.watched
    )
    return found.versions[0]


def answer(at_work: AtWork, day: int, together: bool) -> None:
    """Answer 400 rows of a day; where `together`, the largest third of sizes have the last colour."""
    examples, outputs = answers(400, at_work.random)
    if together:
        examples[:, 1] = np.argsort(np.argsort(examples[:, 0])) * 3 // 400
    moment = int((FIRST + timedelta(days=day)).timestamp() * 1e6)
    said = [b"{}"] * 400
    at_work.writer.answered(Answered(_IDS.new(), moment, 0.01, "1", f"r{day}", outputs, examples, said, said))


def embedded(examples: NDArray[np.float32]) -> NDArray[np.float32]:
    """What the graph tells: size, colour, and their product."""
    return np.column_stack([examples, examples[:, 0] * (examples[:, 1] - 1)]).astype(np.float32)


def with_graph(folder: Path, counted: bool = True) -> Path:
    """Write a bundle whose graph tells embeddings, and counts of them."""
    plain = make_bundle(folder / "plain")
    about, known = read_about(plain), read_reference(plain / SERVING)
    assert known is not None
    random = np.random.default_rng(5)
    axes = principal_axes(embedded(answers(500, random)[0]))
    assert axes is not None
    validated = embedded(answers(3_000, random)[0])
    known = replace(known, embedding=validated[:500].astype(np.float16))
    if counted:
        known = replace(known, axes=axes, embedded=packed(fit_reference(along(axes, validated))))
    said = {"workload": "w", "kind": "table", "task": "classification", "classes": about.classes}
    with new_bundle(folder / "bundle", input=about.input, decision=about.decision, **said) as draft:  # type: ignore[arg-type]
        onnx.save(graph(), str(draft / "model.onnx"))
        write_reference(draft / SERVING, known)
    return folder / "bundle"


def graph() -> onnx.ModelProto:
    """Return a graph that tells `embedded`; what it answers nobody asks."""
    values = {"size": [0], "colour": [1], "one": 1.0}
    constants = [
        helper.make_tensor(name, TensorProto.FLOAT if name == "one" else TensorProto.INT64, [1], np.atleast_1d(value))
        for name, value in values.items()
    ]
    nodes = [
        helper.make_node("Gather", ["input", "size"], ["sizes"], axis=1),
        helper.make_node("Gather", ["input", "colour"], ["colours"], axis=1),
        helper.make_node("Sub", ["colours", "one"], ["centred"]),
        helper.make_node("Mul", ["sizes", "centred"], ["product"]),
        helper.make_node("Concat", ["input", "product"], ["embedding"], axis=1),
        helper.make_node("Softmax", ["input"], ["probabilities"], axis=1),
    ]
    named = [("input", 2), ("probabilities", 2), ("embedding", 3)]
    given, *told = (helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", width]) for name, width in named)
    made = helper.make_graph(nodes, "w", [given], told, constants)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)

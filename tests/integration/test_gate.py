"""The gate on registered versions of one real training, each corrupted in one way, in a real MLflow store."""

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from mlflow import MlflowClient
from onnx import helper, numpy_helper

from components.config.errors import RegistryError
from components.config.settings import artifacts, tracking_uri
from components.inference.bundle import MODEL, SERVING, new_bundle, read_about
from components.registry.gate import Verdict, judge, read_verdict
from components.registry.promotion import promote, reconciled_champion
from components.registry.register import register
from components.registry.version import Version
from components.training.served import bundle_path
from tests.conftest import EASY, Project, copy_of

GATE = """\
    gate:
      baseline: false
      slices: {smallest: 8, margin: 0.1}
      calibration: {error: 0.1}
      robustness: {examples: 120, margin: 0.3, kept: 0.0}
      behaviours: {invariance: 0.5, direction: 0.5, minimum: 0.5}
      cost: {latency: 3.0, milliseconds: 0.0}
"""
ASKING = """
import sys
from pathlib import Path
from types import SimpleNamespace
from flows.train import ask_endpoint
print("asked:", ask_endpoint.fn("no Bento", Path(sys.argv[1]), SimpleNamespace(workload="digits", number="1")))
"""
Change = Callable[[onnx.GraphProto, str, str], None]
"""(graph, name of the probabilities, name of what is to be answered): adds what lies between."""


def never(*classes: int) -> Change:
    """Answer these classes never."""
    kept = np.array([[index not in classes for index in range(10)]], dtype=np.float32)
    return lambda graph, given, answer: _chain(graph, given, answer, ("Mul", kept), ("Divide", None))


def sure(*classes: int) -> Change:
    """Answer these classes never, and the others with far too much confidence."""
    kept = np.array([[index not in classes for index in range(10)]], dtype=np.float32)
    power = np.array(20.0, dtype=np.float32)
    return lambda graph, given, answer: _chain(graph, given, answer, ("Mul", kept), ("Pow", power), ("Divide", None))


def slow(graph: onnx.GraphProto, given: str, answer: str) -> None:
    """Think for long, and answer the same."""
    wide = numpy_helper.from_array(np.zeros((1, 1, 2_000), dtype=np.float32), "wide")
    graph.initializer.extend([wide, numpy_helper.from_array(np.array([2]), "last")])
    graph.node.append(helper.make_node("Unsqueeze", [given, "last"], ["column"]))
    graph.node.append(helper.make_node("Add", ["column", "wide"], ["broad"]))
    _chain(graph, "broad", "waves", *[("Sin", None)] * 20)
    graph.node.append(helper.make_node("ReduceMax", ["waves", "last"], ["tops"], keepdims=0))
    _chain(graph, "tops", "nothing", ("Mul", np.array(1e-30, dtype=np.float32)))
    graph.node.append(helper.make_node("Add", [given, "nothing"], [answer]))


def flat(threshold: float) -> Change:
    """Decide the same, and say nothing of what is more suspicious among the flagged."""
    return lambda graph, given, answer: _chain(graph, given, answer, ("Min", np.array(threshold, dtype=np.float32)))


def first(count: int) -> Change:
    """Know the first `count` classes alone."""

    def change(graph: onnx.GraphProto, given: str, answer: str) -> None:
        for name, number in {"starts": 0, "ends": count, "axes": 1}.items():
            graph.initializer.append(numpy_helper.from_array(np.array([number]), name))
        graph.node.append(helper.make_node("Slice", [given, "starts", "ends", "axes"], ["part"]))
        _chain(graph, "part", answer, ("Divide", None))
        graph.output[0].type.tensor_type.shape.dim[1].dim_value = count

    return change


def same(graph: onnx.GraphProto, given: str, answer: str) -> None:
    """Answer the same in another file."""
    graph.node.append(helper.make_node("Identity", [given], [answer]))


@dataclass(frozen=True)
class School:
    """A project, and the versions that are registered in it."""

    project: Project
    good: Version
    """As it was trained."""
    poor: Version
    """Never answers digits 0, 1 and 2."""
    versions: dict[str, Version]


@pytest.fixture(scope="module")
def school_once(trained_once: Project, tmp_path_factory: pytest.TempPathFactory) -> School:
    project = copy_of(trained_once, tmp_path_factory.mktemp("school"))
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.chdir(project.path)
        return _school(project)


def _school(project: Project) -> School:
    good, _ = register("digits")
    corrupted: dict[str, Change] = {
        "poor": never(0, 1, 2),
        "forgetful": never(5),
        "sure": sure(0),
        "slow": slow,
        "same": same,
    }
    versions = {name: replace(_changed(change), run_id=name) for name, change in corrupted.items()}
    names = [f"digit-{number}" for number in range(10)]
    versions["renamed"] = replace(_changed(same, ("ten", *names[1:])), run_id="renamed")
    versions["fewer"] = replace(_changed(first(9), tuple(names[:9])), run_id="fewer")
    project.params(EASY, GATE)  # after them: a version is registered with the parameters that its stages ran with
    return School(project, good, versions["poor"], versions)


@pytest.fixture
def school(school_once: School, monkeypatch: pytest.MonkeyPatch) -> School:
    monkeypatch.chdir(school_once.project.path)
    return school_once


def test_a_better_one_is_accepted_and_the_verdict_is_kept_on_its_version(school: School) -> None:
    verdict = judge(school.good, school.poor)
    assert verdict.passed, verdict.reason
    assert verdict.refusals == ()
    assert read_verdict(school.good) == verdict
    tags = MlflowClient(tracking_uri()).get_model_version("digits", school.good.number).tags
    assert tags["journeyman.verdict"] == "passed"
    assert tags["journeyman.verdict.reason"] == verdict.reason
    assert tags["journeyman.verdict.champion"] == school.poor.number
    named = {rule.group for rule in verdict.rules}
    assert named == {
        "better", "baseline", "slice", "calibration", "robustness", "behaviour", "unfamiliar", "cost", "leak", "data"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("challenger", "champion", "expected"),
    [
        ("poor", "good", {"better: accuracy", "slice: class: digit-0"}),  # and two classes more
        ("same", "good", {"better: accuracy"}),
        ("forgetful", "poor", {"slice: class: digit-5"}),
        ("sure", "poor", {"calibration: expected error", "calibration: Brier score"}),
        ("slow", "poor", {"cost: milliseconds"}),
    ],
)
def test_what_is_wrong_is_refused_by_the_rule_for_it(
    challenger: str, champion: str, expected: set[str], school: School
) -> None:
    versions = {"good": school.good, **school.versions}
    verdict = judge(versions[challenger], versions[champion])
    assert not verdict.passed
    assert set(verdict.refusals) >= expected
    if challenger != "poor":
        assert set(verdict.refusals) == expected
    assert all(name in verdict.reason for name in expected)


def test_test_pictures_that_were_taught_are_refused(
    school: School, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(copy_of(school.project, tmp_path).path)
    prepared = artifacts("digits", "prepared")
    test = np.load(prepared / "test_inputs.npy")
    trained = np.load(prepared / "train_inputs.npy")
    trained[: len(test) // 2] = test[::2][: len(test) // 2]
    (prepared / "train_inputs.npy").unlink()  # a link into DVC's cache
    np.save(prepared / "train_inputs.npy", trained)
    verdict = judge(school.good, None)
    assert verdict.refusals == ("leak: same",)
    with pytest.raises(RegistryError, match="refused by leak: same"):
        promote(school.good, verdict, "a test")


def test_the_first_needs_no_champion_and_is_held_to_what_is_absolute(school: School) -> None:
    verdict = judge(school.good, None)
    assert verdict.passed
    relative = [rule for rule in verdict.rules if rule.group in ("better", "slice", "cost")]
    assert [rule.passed for rule in relative] == [None] * len(relative)
    assert "calibration: expected error" in judge(school.versions["sure"], None).refusals


def test_one_training_exported_twice_need_not_be_better(school: School) -> None:
    again = replace(school.versions["same"], run_id=school.good.run_id)
    verdict = judge(again, school.good)
    assert verdict.passed, verdict.reason
    assert next(rule for rule in verdict.rules if rule.name == "not worse: accuracy").passed


def test_a_champion_that_knows_another_class_is_compared_with_on_what_both_know(school: School) -> None:
    verdict = judge(school.good, school.versions["renamed"])
    rows = {rule.name: rule for rule in verdict.rules}
    assert verdict.refusals == ("classes: lost",)
    assert "'ten'" in rows["classes: lost"].note
    assert "'digit-0'" in rows["classes: gained"].note
    labels = np.load(artifacts("digits", "prepared") / "test_labels.npy")
    assert rows["not worse: accuracy"].passed  # the same model under another name
    assert rows["not worse: accuracy"].champion == rows["not worse: accuracy"].challenger
    assert rows["slice: class: digit-0"].champion is None
    assert rows["baseline: accuracy"].challenger == pytest.approx(school.good.value)
    assert (labels == 0).any()
    back = judge(school.versions["renamed"], school.good)
    assert back.refusals == ("comparable: challenger",)


def test_who_knows_a_class_more_replaces_the_champion_unless_it_is_worse_on_the_others(school: School) -> None:
    more = judge(school.good, school.versions["fewer"])
    assert more.passed, more.reason
    assert "'digit-9'" in next(rule for rule in more.rules if rule.name == "classes: gained").note
    assert "on the classes that both know" in more.reason
    worse = judge(school.versions["poor"], school.versions["fewer"])
    assert {"not worse: accuracy", "slice: class: digit-0"} <= set(worse.refusals)


def test_a_champion_that_stays_and_takes_other_inputs_is_not_asked(trained: Project) -> None:
    about = artifacts("digits", "prepared") / "prepared.json"
    text = about.read_text()
    about.unlink()  # a link into DVC's cache
    about.write_text(text.replace('"height": 8', '"height": 16'))
    said = trained.run(sys.executable, "-W", "ignore", "-c", ASKING, str(bundle_path("digits", "float32")))
    assert "version 1 stays at work and takes other inputs than today's data: not asked" in said
    assert said.endswith("asked: []\n")


def test_the_same_is_not_measured_twice_and_a_lost_champion_refuses(school: School) -> None:
    lost = replace(school.poor, bundle_sha256="0" * 64)  # not what is found: as good as gone
    verdict = judge(school.versions["same"], lost)
    assert verdict.refusals[0] == "comparable: champion"
    assert "was changed" in verdict.reason or "were changed" in verdict.reason
    first = judge(school.versions["same"], school.poor)
    kept = _kept(school.versions["same"])
    assert first.passed
    assert judge(school.versions["same"], school.poor) == first
    assert _kept(school.versions["same"]) == kept
    school.project.params("margin: 0.3", "margin: 0.31")
    again = judge(school.versions["same"], school.poor)
    assert _kept(school.versions["same"]) != kept
    assert again.passed


def test_at_work_already_nothing_is_evaluated(school: School) -> None:
    verdict = judge(school.good, school.good)
    assert verdict == Verdict(
        workload="digits",
        challenger=school.good.number,
        champion=school.good.number,
        rules=(),
        passed=True,
        reason=f"version {school.good.number} is champion already",
    )


def test_a_refused_challenger_leaves_the_champion_at_work(school: School) -> None:
    promote(school.poor, judge(school.poor, None).model_copy(update={"passed": True}), "a test")
    refused = judge(school.versions["forgetful"], reconciled_champion("digits"))
    outcome = promote(school.versions["forgetful"], refused, "a test")
    assert not outcome.promoted
    assert f"version {school.poor.number} stays" in outcome.reason
    assert "slice: class: digit-5" in outcome.reason
    assert reconciled_champion("digits").number == school.poor.number


def test_a_table_is_judged_by_draws_of_its_records(payments: Project) -> None:
    good, _ = register("payments")
    threshold = read_about(bundle_path("payments", "float32")).decision["threshold"]
    coarse = replace(_changed(flat(threshold), workload="payments"), run_id="coarse")
    better = judge(good, coarse)
    row = next(rule for rule in better.rules if rule.name == "better: average_precision")
    assert (row.passed, better.passed) == (True, True), better.reason
    assert {"slice: class: 0", "slice: class: 1"} <= {rule.name for rule in better.rules}
    worse = judge(coarse, good)
    assert "better: average_precision" in worse.refusals
    assert judge(replace(_changed(same, workload="payments"), run_id="same"), good).refusals == (row.name,)


def _kept(version: Version) -> str:
    tags = MlflowClient(tracking_uri()).get_model_version(version.workload, version.number).tags
    return str(tags["journeyman.verdict.key"])


def _changed(change: Change, classes: tuple[str, ...] | None = None, workload: str = "digits") -> Version:
    """Register the bundle of the stages with something between the model's answer and its caller."""
    path = bundle_path(workload, "float32")
    about, model = read_about(path), onnx.load(path / MODEL)
    answer = model.graph.output[0].name
    change(model.graph, answer, "answer")
    model.graph.output[0].name = "answer"
    described = {key: getattr(about, key) for key in ("workload", "kind", "task", "input", "decision", "serve")}
    kept = path.with_name("kept")
    path.rename(kept)
    with new_bundle(path, classes=classes or about.classes, **described) as draft:
        onnx.save(model, draft / MODEL)
        if (kept / SERVING).exists():
            shutil.copytree(kept / SERVING, draft / SERVING)
    version, new = register(workload)
    assert new
    shutil.rmtree(path)
    kept.rename(path)
    return version


def _chain(graph: onnx.GraphProto, given: str, answer: str, *steps: tuple[str, np.ndarray | None]) -> None:
    """Add nodes one behind the other; `Divide` divides by the sum over the classes."""
    for place, (operation, constant) in enumerate(steps):
        name = f"{answer}_{place}"
        result = answer if place == len(steps) - 1 else f"{name}_result"
        inputs = [given]
        if operation == "Divide":
            graph.initializer.append(numpy_helper.from_array(np.array([1]), f"{name}_axis"))
            graph.node.append(helper.make_node("ReduceSum", [given, f"{name}_axis"], [f"{name}_sum"]))
            operation, inputs = "Div", [given, f"{name}_sum"]
        elif constant is not None:
            graph.initializer.append(numpy_helper.from_array(constant, f"{name}_constant"))
            inputs = [given, f"{name}_constant"]
        graph.node.append(helper.make_node(operation, inputs, [result]))
        given = result

"""What the ledger has of a workload, and what is kept of an endpoint that was measured."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from components.config.prices import Prices
from components.kinds.prepared import PreparedData
from components.ledger.line import Line, add
from components.ledger.measure import processor
from components.ledger.power import Power
from components.ledger.stages import output_key
from components.plan.inference import ledger_figure
from components.plan.learning_curve import part_of
from components.plan.past import past
from components.plan.probe import kept_probe, probe_from_json
from components.system.processes import cores
from tests.unit.plan.made import made_probe

POWER = Power("A processor", 4.0, 0.0, "4 W a core")


def line(name: str, part: str, cpu: float, **more: object) -> Line:
    known = Line(name, "digits", part, "2026-11-30T01:00:00+00:00", "done", 2 * cpu, cpu, processor="A", cores=2)
    return replace(known, **more)  # type: ignore[arg-type]


def test_the_training_that_made_what_lies_there_counts_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("artifacts/digits/weights").mkdir(parents=True)
    Path("artifacts/digits/weights/run").write_text("of today")
    where = Path("state/ledger/digits")
    for told in (
        line("a", "train", 50.0, key="of another"),
        line("b", "train", 7.0, key=output_key("digits", "train")),
        line("c", "endpoint", 0.02, route="/predict", requests=10, sent_bytes=1000),
        line("d", "endpoint", 9.0, route="idle"),
    ):
        add(where, "2026-11", told)
    found = past("digits", where, "", POWER, Prices())
    assert found.training is not None
    assert (found.training.cpu, found.training.wall, found.when, found.where) == (7.0, 14.0, "2026-11-30", "A, 2 cores")
    assert "ingest" in found.unknown
    assert "train" not in found.unknown
    assert [each.cpu_seconds for each in found.trains] == [50.0, 7.0]
    assert ledger_figure(found).value == pytest.approx(0.002)


def test_a_ledger_that_knows_nothing_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = past("digits", tmp_path, "", POWER, Prices())
    assert (found.training, found.answers) == (None, None)
    assert ledger_figure(found).known == "not known"


def test_what_was_measured_is_kept_for_this_machine_alone(tmp_path: Path) -> None:
    path = tmp_path / "kept.json"
    assert kept_probe(path) is None
    other = made_probe()
    own = replace(other, processor=processor(), cores=cores())
    assert probe_from_json(json.loads(json.dumps(own.to_json()))) == own
    for found, said in ((other, None), (own, own), (replace(own, when="2020-01-01T00:00:00+00:00"), None)):
        path.write_text(json.dumps(found.to_json()))
        assert kept_probe(path, days=36_500 if found is own else 31) == said
    path.write_text('{"levels": [')
    assert kept_probe(path) is None


def test_a_part_has_as_many_of_each_class_and_is_examined_on_the_validation_split(tmp_path: Path) -> None:
    labels = {"train": np.repeat([0, 1], [30, 90]), "validation": np.array([0, 1, 1]), "test": np.array([1])}
    for split, values in labels.items():
        np.save(tmp_path / f"{split}_labels.npy", values)
        np.save(tmp_path / f"{split}_inputs.npy", np.arange(len(values)))
    counts = {split: len(values) for split, values in labels.items()}
    data = PreparedData(tmp_path, "image", ("a", "b"), {}, counts)
    part = part_of(data, 12)
    assert np.bincount(part.labels("train")).tolist() == [3, 9]
    assert part.labels("test").tolist() == part.labels("validation").tolist() == [0, 1, 1]
    assert part_of(data, 12, seed=1).inputs("train").tolist() != part.inputs("train").tolist()
    assert sorted(part_of(data, 120).inputs("train").tolist()) == list(range(120))

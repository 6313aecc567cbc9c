from pathlib import Path
from typing import Any

import numpy as np
import pytest

from components import catalogue
from components.config.errors import BundleError
from components.config.params import parse
from components.inference.reference import REFERENCE, read_reference, write_reference
from components.kinds.image.params import Train as PictureTrain
from components.kinds.prepared import PreparedData
from components.kinds.slices import SliceRule, write_limits
from components.kinds.table.params import Train as RecordTrain
from components.kinds.text.params import Train as TextTrain
from components.system.files import write_json
from components.training.reference import reference
from components.training.temperature import temperature_and_decision
from components.watch.statistics.drift import unpacked, watch
from tests.unit.small_data import small_data

PARAMS: dict[str, Any] = {
    "image": (PictureTrain, {"width": 8}),
    "table": (RecordTrain, {"epochs": 1}),
    "text": (TextTrain, {"buckets": 512, "width": 8}),
}
SEEN = {"image": "brightness", "table": "size"}
DAY = 86_400_000


def exported(data: PreparedData) -> tuple[dict[str, Any], Any]:
    """What the bundle says of itself, and what it runs: of a network without any training."""
    model, section = PARAMS[data.kind]
    config = parse(model, section, "train.")
    learner = catalogue.learner(data.kind, data.task)
    module = learner.module(data, config)
    temperature, decision = temperature_and_decision(learner, module, data, config)
    about = {"workload": "w", "kind": data.kind, "task": data.task, "classes": data.classes}
    return {**about, "input": dict(data.input), "decision": decision}, learner.serving(module, temperature)


@pytest.mark.parametrize("task", ["classification", "detection", "regression", "anomaly"])
@pytest.mark.parametrize("kind", ["image", "table"])
def test_every_pair_has_one_that_tells_its_own_data_from_other(kind: str, task: str, tmp_path: Path) -> None:
    data = small_data(tmp_path / "data", kind, task, count=1_000)
    about, serving = exported(data)
    found = reference(about, serving, data)
    assert (found.rows, found.days, found.entity) == (200, 0, None)
    assert len(found.outputs) == len(found.labels) == 200
    assert found.embedding.shape[1] <= 64
    counted = unpacked(found.drift)
    assert SEEN[kind] in counted.bins
    assert [name for name in counted.bins if name.startswith("output: ")]
    described = catalogue.codec(kind, task).described
    inputs = np.array(data.inputs("test"))
    day, odd = (counted.count(described((inputs * by).astype(inputs.dtype), data.input)) for by in (1.0, 0.25))
    assert SEEN[kind] not in watch(counted, [day])[0].drifted
    assert SEEN[kind] in watch(counted, [odd])[0].drifted


def test_it_is_read_as_it_was_written_and_has_the_same_bytes_each_time(tmp_path: Path) -> None:
    data = small_data(tmp_path / "data")
    about, serving = exported(data)
    for name in ("first", "second"):
        write_reference(tmp_path / name, reference(about, serving, data))
    assert (tmp_path / "first" / REFERENCE).read_bytes() == (tmp_path / "second" / REFERENCE).read_bytes()
    written, read = reference(about, serving, data), read_reference(tmp_path / "first")
    assert read is not None
    assert (read.rows, read.days, read.entity) == (12, 0, None)
    assert all(np.array_equal(read.drift[name], array) for name, array in written.drift.items())
    for name in ("outputs", "labels", "embedding"):
        assert np.array_equal(getattr(read, name), getattr(written, name))


def test_days_and_entities_are_kept_and_name_nobody(tmp_path: Path) -> None:
    data = small_data(tmp_path / "data", count=500)
    cards = np.arange(100) // 4 + 4_711_000
    cards[-2:] = -1
    np.save(data.path / "validation_cards.npy", cards)
    np.save(data.path / "validation_times.npy", np.arange(100) * DAY // 10)
    found = reference(*exported(data), data)
    assert found.days == 10
    assert found.entity is not None
    assert found.entity.tolist() == [*(np.arange(98) // 4).tolist(), -1, -1]


def test_named_slices_of_validation_are_kept_and_none_that_name_somebody(tmp_path: Path) -> None:
    data = small_data(tmp_path / "data")
    codes = np.column_stack([np.arange(12), np.arange(12) % 2, np.arange(12) % 3 - 1])
    write_json(
        data.path / "slices.json", {"card": [str(row) for row in range(12)], "plan": ["a", "b"], "price": ["x", "y"]}
    )
    write_limits(data.path, {"price": [1.5]})
    np.save(data.path / "validation_slices.npy", codes)
    about, serving = exported(data)
    card = {"name": "card", "days": [1], "measures": ["count"], "delayed": False}
    about["input"]["definition"] |= {"id": None, "amount": None, "decimals": 2, "delay": 0.0, "entities": [card]}
    about["input"]["schema"] = {"columns": {}}
    found = reference(about, serving, data)
    write_reference(tmp_path, found)
    assert (read := read_reference(tmp_path)) is not None
    assert (
        read.slice_rules == found.slice_rules == (SliceRule("plan", ("a", "b")), SliceRule("price", ("x", "y"), (1.5,)))
    )
    assert read.slices is not None
    assert read.slices.tolist() == codes[:, 1:].tolist()


def test_a_few_days_of_validation_are_held_against_those_before(tmp_path: Path) -> None:
    data = small_data(tmp_path / "data", count=2_800)  # 1,680 of training, 560 of validation
    for split, days in (("train", np.arange(1_680) // 80), ("validation", 21 + np.arange(560) // 80)):
        np.save(data.path / f"{split}_times.npy", days * DAY)
        size = np.array(data.inputs(split))  # type: ignore[arg-type]
        size[:, 0] += np.where(days % 7 >= 5, 3.0, 0.0)  # other records on two days of each week
        np.save(data.path / f"{split}_inputs.npy", size)
    found = reference(*exported(data), data)
    assert (found.rows, found.days) == (560, 28)
    counted = unpacked(found.drift)
    assert counted.placebo_days == 28
    described = catalogue.codec(data.kind, data.task).described
    inputs = np.array(data.inputs("test"))
    live = [inputs[:80] + np.array([3.0 if day % 7 >= 5 else 0.0, 0.0], dtype=np.float32) for day in range(28, 35)]
    days = [
        counted.count(described(part, data.input), None, np.datetime64(28 + at, "D")) for at, part in enumerate(live)
    ]
    assert not [day for day in watch(counted, days) if "size" in day.drifted]


def test_a_bundle_of_before_has_none_and_one_that_is_broken_is_named(tmp_path: Path) -> None:
    assert read_reference(tmp_path) is None
    (tmp_path / REFERENCE).write_bytes(b"other")
    with pytest.raises(BundleError, match=REFERENCE):
        read_reference(tmp_path)


def test_pictures_are_described_as_a_person_would() -> None:
    described = catalogue.codec("image").described
    random = np.random.default_rng(0)
    noise = random.integers(0, 255, (1, 32, 32, 3)).astype(np.uint8)
    smooth = np.full((1, 32, 32, 3), 128, dtype=np.uint8)
    red = np.zeros((1, 32, 32, 3), dtype=np.uint8)
    red[..., 0] = 255
    found = described(np.concatenate([noise, smooth, red]), {"channels": 3, "height": 32, "width": 32})
    assert found["brightness"][1] == pytest.approx(128 / 255, abs=1e-4)
    assert found["sharpness"][0] > 100 * (found["sharpness"][1] + 1)
    assert found["saturation"].argmax() == 2
    assert found["contrast"].argmax() == 0
    assert found["flat"][0] < 0.05 < found["flat"][1] == 1.0
    small = described(np.full((2, 2, 2, 1), 9, dtype=np.uint8), {"channels": 1, "height": 2, "width": 2})
    assert small["dark"].tolist() == [1.0, 1.0]
    assert "saturation" not in small
    none = described(np.zeros((0, 8, 8, 1), dtype=np.uint8), {"channels": 1, "height": 8, "width": 8})
    assert [len(values) for values in none.values()] == [0] * len(small)

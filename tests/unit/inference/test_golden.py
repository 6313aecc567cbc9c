"""Golden rows: who runs a bundle is held to them, and answers nothing where they do not hold."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from components.config.errors import BundleError
from components.config.params import Serve
from components.inference.bundle import Bundle, bundle_hash, new_bundle
from components.inference.engine.model import Model
from components.inference.golden import GOLDEN, GoldenRead, GoldenRows, check_golden, read_golden, write_golden
from components.kinds.golden import GoldenRequest
from components.kinds.image import codec, golden
from tests.unit.inference.conftest import CLASSES, SIDE

INPUT: Any = {"height": SIDE, "width": SIDE, "channels": 1}
SERVE = Serve().in_bundle()


@pytest.fixture
def rows(new_model: Callable[..., Model]) -> GoldenRows:
    """What the model of `new_model` says of five greys, and what is read of the kind's requests."""
    inputs = np.repeat(np.array([0, 90, 128, 140, 255], np.uint8), SIDE * SIDE).reshape(-1, SIDE, SIDE, 1)
    reader = codec.Reader("shades", INPUT, SERVE, Path(), None)
    reads = [GoldenRead(one, reader.read([one.row])[0]) for one in golden.requests(INPUT, SERVE)]
    return GoldenRows(1e-4, inputs, {"y": new_model().outputs(inputs)}, reads)


@pytest.fixture
def with_rows(tmp_path: Path, new_model: Callable[..., Model]) -> Callable[[GoldenRows], Path]:
    new_model()
    model = (tmp_path / "bundle-1-0-1" / "model.onnx").read_bytes()

    def make(rows: GoldenRows) -> Path:
        path = tmp_path / "golden"
        about: dict[str, Any] = {"workload": "shades", "kind": "image", "classes": CLASSES, "input": INPUT}
        with new_bundle(path, **about, decision={}, serve=SERVE) as draft:
            (draft / "model.onnx").write_bytes(model)
            write_golden(draft / "serving", rows)
        return path

    return make


def test_they_come_back_as_they_were_and_give_the_same_bytes(rows: GoldenRows, tmp_path: Path) -> None:
    for name in ("first", "second"):
        write_golden(tmp_path / name, rows)
    assert (tmp_path / "first" / GOLDEN).read_bytes() == (tmp_path / "second" / GOLDEN).read_bytes()
    read = read_golden(tmp_path / "first")
    assert read is not None
    assert np.array_equal(read.inputs, rows.inputs)
    assert read.inputs.dtype == np.uint8
    assert np.array_equal(read.outputs["y"], rows.outputs["y"])
    assert [one.request for one in read.requests] == [one.request for one in rows.requests]
    assert all(np.array_equal(a.array, b.array) for a, b in zip(read.requests, rows.requests, strict=True))


def test_a_bundle_that_holds_is_opened(rows: GoldenRows, with_rows: Callable[[GoldenRows], Path]) -> None:
    Model.open(with_rows(rows), "1", None)


def test_another_answer_is_refused_in_one_line(rows: GoldenRows, with_rows: Callable[[GoldenRows], Path]) -> None:
    other = GoldenRows(rows.tolerance, rows.inputs, {"y": rows.outputs["y"] + np.float32(2e-4)}, rows.requests)
    with pytest.raises(
        BundleError, match=r"answers otherwise .*: y of its golden rows differs by 0\.0002, at most"
    ) as raised:
        Model.open(with_rows(other), "1", None)
    assert "\n" not in str(raised.value)
    missing = GoldenRows(1e-4, rows.inputs, {"y": np.full_like(rows.outputs["y"], np.nan)}, ())
    with pytest.raises(BundleError, match="differs by nan"):
        Model.open(with_rows(missing), "1", None)
    with pytest.raises(BundleError, match="no output 'z'"):
        Model.open(with_rows(GoldenRows(1e-4, rows.inputs, {"z": rows.outputs["y"]}, ())), "1", None)


def test_a_request_that_is_read_otherwise_is_refused(rows: GoldenRows, with_rows: Callable[[GoldenRows], Path]) -> None:
    first, *others = rows.requests
    lighter = GoldenRead(first.request, first.array ^ 1)
    with pytest.raises(BundleError, match=r"reads its golden request grey\.png otherwise, by 1, at most 0 is right"):
        Model.open(with_rows(GoldenRows(1e-4, rows.inputs, rows.outputs, [lighter, *others])), "1", None)
    torn = GoldenRead(GoldenRequest("torn.png", {"picture": b"\x89PNG\r\n\x1a\n"}, 0.0), first.array)
    with pytest.raises(BundleError, match=r"golden request torn\.png cannot be read here: the picture is damaged"):
        Model.open(with_rows(GoldenRows(1e-4, rows.inputs, rows.outputs, [torn])), "1", None)


def test_a_changed_row_is_no_bundle(rows: GoldenRows, with_rows: Callable[[GoldenRows], Path]) -> None:
    path = with_rows(rows)
    hash = bundle_hash(path)
    content = (path / "serving" / GOLDEN).read_text()
    (path / "serving" / GOLDEN).write_text(content.replace('"tolerance": 0.0001', '"tolerance": 1.0001'))
    with pytest.raises(BundleError, match=r"golden\.json: SHA-256 is"):
        Bundle(path)
    assert bundle_hash(path) == hash


def test_one_from_before_says_so_and_answers(new_model: Callable[..., Model], caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        new_model("7")
    assert [record.message for record in caplog.records if "golden" in record.message] == [
        "shades: version 7 is from before golden rows: nothing checks its answers"
    ]


def test_what_is_no_golden_file_is_refused(tmp_path: Path) -> None:
    assert read_golden(tmp_path) is None
    (tmp_path / GOLDEN).write_text("{}")
    with pytest.raises(BundleError, match=r"golden\.json: not what it should be"):
        read_golden(tmp_path)


@pytest.mark.parametrize("input", [INPUT, {"height": 28, "width": 20, "channels": 3, "background": 0}])
def test_each_golden_picture_is_read_as_another(input: Any) -> None:
    reader = codec.Reader("shades", input, SERVE, Path(), None)
    requests = golden.requests(input, SERVE)
    assert len(requests) == 9
    assert [one.row for one in golden.requests(input, SERVE)] == [one.row for one in requests]
    read = [reader.read([one.row])[0].tobytes() for one in requests]
    alike = {"lossless.webp": "plain"}
    assert len(set(read)) >= len(requests) - len(alike)
    fewer = golden.requests(input, {**SERVE, "formats": ["JPEG"]})
    assert [one.name for one in fewer] == ["turned.jpg", "progressive.jpg"]


def test_a_bundle_without_rows_is_told_of(new_model: Callable[..., Model], tmp_path: Path) -> None:
    new_model()
    assert not check_golden(Bundle(tmp_path / "bundle-1-0-1"))

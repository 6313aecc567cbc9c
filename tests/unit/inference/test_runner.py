"""What runs on a GPU, run on the CPU: its provider takes the same calls."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from components.inference.device import open_session
from components.inference.engine.model import Model
from components.inference.runner import CpuRunner, GpuRunner


class Watched:
    """A session that takes down how many examples each run has."""

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        self.session, self.sizes = session, list[int]()

    def run(self, outputs: Any, inputs: dict[str, NDArray[Any]], run: Any) -> Any:
        self.sizes += [len(array) for array in inputs.values()]
        return self.session.run(outputs, inputs, run)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.session, name)


@pytest.fixture
def session(new_model: Callable[..., Model], tmp_path: Path) -> onnxruntime.InferenceSession:
    new_model()
    return open_session(tmp_path / "bundle-1-0-1" / "model.onnx")


def pictures(count: int) -> NDArray[np.uint8]:
    return np.random.default_rng(count).integers(0, 256, (count, 4, 4, 1), dtype=np.uint8)


@pytest.mark.parametrize("bound", [False, True], ids=["copied", "bound"])
def test_it_answers_as_the_cpu_does_whatever_comes_before(session: onnxruntime.InferenceSession, bound: bool) -> None:
    expected, runner = CpuRunner(session), GpuRunner(session, "cpu")
    runner.bound = bound
    for count in (1, 3, 8, 5, 1, 3):
        (found,), (right,) = runner(["y"], pictures(count)), expected(["y"], pictures(count))
        assert np.array_equal(found, right)


def test_what_it_is_given_stays_as_it_was(session: onnxruntime.InferenceSession) -> None:
    runner, given = GpuRunner(session, "cpu"), pictures(4)
    runner.bound = True
    runner(["y"], given)
    runner(["y"], pictures(3))
    assert np.array_equal(given, pictures(4))


def test_a_batch_is_filled_up_to_a_size_that_has_been_met(session: onnxruntime.InferenceSession) -> None:
    watched = Watched(session)
    runner = GpuRunner(watched, "cpu")
    lengths = [len(runner(["y"], pictures(count))[0]) for count in (1, 2, 3, 5, 8, 9)]
    assert lengths == [1, 2, 3, 5, 8, 9]
    assert watched.sizes == [1, 2, 4, 8, 8, 16]
    assert set(watched.sizes) <= {1, *runner.sizes}


def test_no_more_is_run_at_once_than_was_tried_out(session: onnxruntime.InferenceSession) -> None:
    runner = GpuRunner(session, "cpu")
    runner.met([2, 4, 8])
    assert runner.largest == 8
    runner.met([])
    assert runner.largest == 1


@pytest.mark.parametrize("bound", [False, True], ids=["copied", "bound"])
def test_it_can_be_ended_before_the_device_has_it(session: onnxruntime.InferenceSession, bound: bool) -> None:
    runner, run = GpuRunner(session, "cpu"), onnxruntime.RunOptions()
    runner.bound = bound
    runner(["y"], pictures(2), run)
    run.terminate = True
    with pytest.raises(Exception, match="terminate flag"):
        runner(["y"], pictures(2), run)
    assert len(runner(["y"], pictures(2))[0]) == 2


def test_threads_do_not_get_each_others_answers(session: onnxruntime.InferenceSession) -> None:
    runner, expected = GpuRunner(session, "cpu"), CpuRunner(session)
    runner.bound = True
    asked = [pictures(count) for count in (1, 2, 4, 4, 2, 1, 3, 4)] * 25
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda inputs: runner(["y"], inputs)[0], asked))
    assert all(np.array_equal(answer, expected(["y"], inputs)[0]) for answer, inputs in zip(found, asked, strict=True))


def test_the_faster_way_is_chosen_by_measuring(
    session: onnxruntime.InferenceSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner = GpuRunner(session, "cpu")
    for slow in (True, False):
        monkeypatch.setattr(runner, "_seconds", lambda *_, slow=slow: float(runner.bound is slow))
        runner.choose(["y"], pictures(2))
        assert runner.bound is not slow

"""How a graph is run: numpy in, numpy out.

On the CPU as it comes. On a GPU every size of batch is another plan, which takes long to make when it is first met. So
there are few sizes, powers of two, and a batch is filled up to the next; each is met when the model is opened.
"""

import threading
import time
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import onnxruntime

Outputs = list[NDArray[np.float32]]

_TRIES = 5  # runs of each way, of which the fastest counts


class Runner(Protocol):
    """Runs a graph."""

    sizes: tuple[int, ...]
    """Of batches that may pay, beside 1."""
    largest: int
    """Examples of one run, at most: a network that looks at large pictures holds much of each."""

    def __call__(
        self, outputs: Sequence[str], inputs: NDArray[Any], run: "onnxruntime.RunOptions | None" = None
    ) -> Outputs:
        """Return the outputs, `[n, ...]` each, of inputs `[n, ...]`, n at most `largest`; `run` can end it early."""

    def met(self, sizes: Collection[int]) -> None:
        """Say which sizes have been tried out."""


class CpuRunner:
    """Runs a graph as it comes."""

    def __init__(self, session: "onnxruntime.InferenceSession") -> None:
        self.sizes, self.largest = (2, 4, 8, 16, 32), 100
        self._session, self._input = session, session.get_inputs()[0].name

    def __call__(
        self, outputs: Sequence[str], inputs: NDArray[Any], run: "onnxruntime.RunOptions | None" = None
    ) -> Outputs:
        """Return the outputs."""
        found: Outputs = self._session.run(outputs, {self._input: inputs}, run)
        return found

    def met(self, sizes: Collection[int]) -> None:
        """Go on as before: here no size is dear."""


class GpuRunner:
    """Runs a graph on a GPU, one batch at a time, however many threads ask."""

    def __init__(self, session: "onnxruntime.InferenceSession", device: str = "cuda") -> None:
        """Run `session`; `device` is what ONNX Runtime calls the memory that it has its inputs in."""
        self.sizes = tuple(2**power for power in range(1, 9))
        self.largest = self.sizes[-1]
        self.bound = False
        """Whether inputs are written into memory of the device that is kept for them (IO binding)."""
        self._session, self._device, self._input = session, device, session.get_inputs()[0].name
        self._any_size = not isinstance(session.get_inputs()[0].shape[0], int)
        self._kept: dict[tuple[int, tuple[str, ...]], tuple[Any, Any]] = {}
        self._lock = threading.Lock()

    def __call__(
        self, outputs: Sequence[str], inputs: NDArray[Any], run: "onnxruntime.RunOptions | None" = None
    ) -> Outputs:
        """Return the outputs."""
        filled = self._filled(inputs)
        with self._lock:
            found = (self._run_bound if self.bound else self._run)(outputs, filled, run)
        return [output[: len(inputs)] for output in found]

    def met(self, sizes: Collection[int]) -> None:
        """Run no more at once than has been tried out."""
        self.largest = max(sizes, default=1)

    def choose(self, outputs: Sequence[str], inputs: NDArray[Any]) -> None:
        """Bind from here on if that is faster than having each run copy its input, as measured on these."""
        took = dict[bool, float]()
        for self.bound in (True, False):
            self(outputs, inputs)
            took[self.bound] = min(self._seconds(outputs, inputs) for _ in range(_TRIES))
        self.bound = took[True] < took[False]

    def _seconds(self, outputs: Sequence[str], inputs: NDArray[Any]) -> float:
        began = time.perf_counter()
        self(outputs, inputs)
        return time.perf_counter() - began

    def _filled(self, inputs: NDArray[Any]) -> NDArray[Any]:
        """Return the inputs, filled up with zeros to the next power of two."""
        missing = (1 << (len(inputs) - 1).bit_length()) - len(inputs) if self._any_size else 0
        if not missing:
            return np.ascontiguousarray(inputs)
        return np.concatenate([inputs, np.zeros((missing, *inputs.shape[1:]), inputs.dtype)])

    def _run(self, outputs: Sequence[str], inputs: NDArray[Any], run: "onnxruntime.RunOptions | None") -> Outputs:
        found: Outputs = self._session.run(outputs, {self._input: inputs}, run)
        return found

    def _run_bound(self, outputs: Sequence[str], inputs: NDArray[Any], run: "onnxruntime.RunOptions | None") -> Outputs:
        key = (len(inputs), tuple(outputs))
        if key not in self._kept:
            self._kept[key] = self._binding(outputs, inputs)
        value, binding = self._kept[key]
        value.update_inplace(inputs)
        self._session.run_with_iobinding(binding, run)
        return [output.copy() for output in binding.copy_outputs_to_cpu()]  # on the CPU they are the next run's too

    def _binding(self, outputs: Sequence[str], inputs: NDArray[Any]) -> tuple[Any, Any]:
        import onnxruntime

        # of a shape: on the CPU, a value made from an array is that array, and the next run would write into it
        value = onnxruntime.OrtValue.ortvalue_from_shape_and_type(inputs.shape, inputs.dtype, self._device, 0)
        binding = self._session.io_binding()
        binding.bind_ortvalue_input(self._input, value)
        for output in outputs:
            binding.bind_output(output, self._device)
        return value, binding

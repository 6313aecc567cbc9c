"""Where a graph runs: by ONNX Runtime's provider for the CPU, or by that for NVIDIA's GPUs (CUDA).

The package onnxruntime has the first alone, onnxruntime-gpu both. That a provider is listed says nothing: without
driver or libraries ONNX Runtime warns, and runs on the CPU. So a session is asked what it has become.
"""

import ctypes
import logging
from contextlib import redirect_stdout, suppress
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from components.config.errors import BundleError, EndpointError

if TYPE_CHECKING:
    import onnxruntime

Device = Literal["auto", "cpu", "gpu"]
"""What may be asked for: `auto` is the GPU where ONNX Runtime can use one."""
Provider = Literal["cpu", "cuda"]
"""What is at work."""

logger = logging.getLogger(__name__)

_CPU, _CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
_OPTIONS = {
    "use_tf32": "0",  # its products have 10 bits, which do not keep to the golden rows
    "cudnn_conv_algo_search": "HEURISTIC",  # the default tries everything whenever it meets a new shape
    "arena_extend_strategy": "kSameAsRequested",  # a champion and its successor are in memory at once
}
_FATAL = 4  # severity of what ONNX Runtime is to log
_GROUP = "install the dependency group `gpu` (docs/serving.md#a-gpu), or set JOURNEYMAN_DEVICE=auto"


def open_session(model: Path, device: Device = "cpu") -> "onnxruntime.InferenceSession":
    """Return the graph at `model`, loaded for one thread of the CPU, or for a GPU.

    On a GPU what a graph of int8 rounds is rounded, and its layers compute in float32: CUDA has no others.

    Raises:
        BundleError: ONNX Runtime does not take it.
        EndpointError: the device is `gpu`, and there is none that ONNX Runtime can use.
    """
    lack = "" if device == "cpu" else lacking()
    if not lack and device != "cpu":
        session = _on_gpu(model)
        if provider_of(session) == "cuda":
            return session
        lack = "ONNX Runtime cannot load its CUDA provider: CUDA or cuDNN is missing, or of another version"
        if device == "auto":
            logger.warning("%s; answers come from the CPU", lack)
    if device == "gpu":
        raise EndpointError(f"device gpu is asked for, but {lack}; {_GROUP}")
    return _opened(model, _session_options(), [_CPU])


def provider_of(session: "onnxruntime.InferenceSession") -> Provider:
    """Return what a session runs by."""
    return "cuda" if _CUDA in session.get_providers() else "cpu"


def lacking() -> str:
    """Return why no GPU can be used here, as far as it shows before a graph is opened; nothing: one may be."""
    import onnxruntime

    if _CUDA not in (there := onnxruntime.get_available_providers()):
        return f"the installed onnxruntime runs graphs by {', '.join(there)} alone"
    return "" if _devices() else "NVIDIA's driver finds no GPU here"


def _devices() -> int:
    """Return how many GPUs the driver knows; 0: there is no driver."""
    found = ctypes.c_int(0)
    with suppress(OSError, AttributeError):
        driver = ctypes.CDLL("libcuda.so.1")
        if driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(found)) == 0:
            return found.value
    return 0


def _on_gpu(model: Path) -> "onnxruntime.InferenceSession":
    import onnxruntime

    with redirect_stdout(StringIO()):  # what it cannot load it prints, and a session that has no provider says it again
        onnxruntime.preload_dlls()  # those that pip has installed beside it
    options = _session_options()
    options.add_session_config_entry("session.disable_quant_qdq", "1")
    onnxruntime.set_default_logger_severity(_FATAL)  # else a provider that does not load takes a page to say so
    try:
        return _opened(model, options, [(_CUDA, _OPTIONS), _CPU])
    finally:
        onnxruntime.set_default_logger_severity(2)


def _session_options() -> "onnxruntime.SessionOptions":
    import onnxruntime  # here, because the endpoint's supervisor reads bundles too and never runs one

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _opened(model: Path, options: "onnxruntime.SessionOptions", providers: list[Any]) -> "onnxruntime.InferenceSession":
    import onnxruntime

    try:
        return onnxruntime.InferenceSession(str(model), options, providers=providers)
    except Exception as error:  # ONNX Runtime's have no root of their own
        raise BundleError(f"{model}: ONNX Runtime does not take it: {error}") from error

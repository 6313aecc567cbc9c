import ctypes
import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import yaml

from components.config.errors import BundleError, ConfigError, EndpointError
from components.config.params import Serve
from components.inference import device
from components.inference.bundle import read_about
from components.inference.device import lacking, open_session, provider_of
from components.inference.engine.batcher import Batcher
from components.inference.engine.model import Model
from components.inference.options import Options
from components.inference.package import _bentofile
from tests.conftest import ROOT

NewModel = Callable[..., Model]

without_gpu = pytest.mark.skipif(not lacking(), reason="there is a GPU that ONNX Runtime can use")


@pytest.fixture
def graph(new_model: NewModel, tmp_path: Path) -> Path:
    new_model()
    return tmp_path / "bundle-1-0-1" / "model.onnx"


@without_gpu
def test_a_gpu_that_is_asked_for_and_is_not_there_is_one_line(graph: Path) -> None:
    with pytest.raises(EndpointError) as caught:
        open_session(graph, "gpu")
    said = str(caught.value)
    assert said.startswith("device gpu is asked for, but the installed onnxruntime runs graphs by ")
    assert "CUDAExecutionProvider" not in said
    assert said.endswith("install the dependency group `gpu` (docs/serving.md#a-gpu), or set JOURNEYMAN_DEVICE=auto")
    assert "\n" not in said


@without_gpu
@pytest.mark.parametrize("asked", ["auto", "cpu"])
def test_where_there_is_none_the_cpu_answers_and_nothing_is_said(
    asked: device.Device, graph: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.INFO)
    assert provider_of(open_session(graph, asked)) == "cpu"
    out, err = capfd.readouterr()
    assert (caplog.records, out, "CUDA" in err) == ([], "", False)


@pytest.mark.skipif("CUDAExecutionProvider" in onnxruntime.get_available_providers(), reason="has the CUDA provider")
@pytest.mark.parametrize("asked", ["auto", "gpu"])
def test_a_provider_that_is_listed_and_does_not_load_is_no_gpu(
    asked: device.Device, graph: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As onnxruntime-gpu does without cuDNN: the session that it gives runs on the CPU."""
    monkeypatch.setattr(device, "lacking", lambda: "")
    monkeypatch.setattr(
        device, "_on_gpu", lambda model: device._opened(model, device._session_options(), ["CPUExecutionProvider"])
    )
    if asked == "gpu":
        with pytest.raises(EndpointError, match=r"^device gpu is asked for, but ONNX Runtime cannot load its CUDA"):
            open_session(graph, asked)
    else:
        assert provider_of(open_session(graph, asked)) == "cpu"
        (said,) = caplog.messages
        assert said.endswith("CUDA or cuDNN is missing, or of another version; answers come from the CPU")


def test_a_machine_without_the_driver_has_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> ctypes.CDLL:
        raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr(ctypes, "CDLL", missing)
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider"])
    assert lacking() == "NVIDIA's driver finds no GPU here"


def test_what_is_no_graph_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"nothing")
    with pytest.raises(BundleError, match="ONNX Runtime does not take it"):
        open_session(tmp_path / "model.onnx", "auto")


def test_the_device_travels_in_a_bundle_where_one_is_asked_for() -> None:
    assert "device" not in Serve().in_bundle()
    assert Serve(device="gpu").in_bundle()["device"] == "gpu"
    assert Options.read({"JOURNEYMAN_DEVICE": "cpu"}).device == "cpu"
    with pytest.raises(ConfigError, match="JOURNEYMAN_DEVICE: input should be 'auto', 'cpu' or 'gpu'"):
        Options.read({"JOURNEYMAN_DEVICE": "tpu"})


@without_gpu
def test_the_endpoint_has_the_last_word_on_where_a_model_runs(new_model: NewModel, tmp_path: Path) -> None:
    new_model(device="gpu")
    path = tmp_path / "bundle-1-0-1"
    assert Model.open(path, "1", None, "auto").provider == Model.open(path, "1", None).provider == "cpu"
    with pytest.raises(EndpointError, match="device gpu"):
        Model.open(path, "1", None, None)


def test_what_runs_on_a_gpu_never_holds_up_the_loop(new_model: NewModel) -> None:
    model = new_model()
    assert Batcher(model, lambda _: None).inline
    model.provider = "cuda"
    assert not Batcher(model, lambda _: None).inline


def test_a_bento_for_a_gpu_lists_the_package_for_it(
    new_model: NewModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    new_model(device="gpu")
    about = read_about(tmp_path / "bundle-1-0-1")
    usual = yaml.safe_load((ROOT / "bentofile.yaml").read_text())["python"]["packages"]
    found = yaml.safe_load(_bentofile(about, tmp_path).read_text())["python"]["packages"]
    (pinned,) = (package for package in usual if package.startswith("onnxruntime=="))
    assert set(found) ^ set(usual) == {pinned, pinned.replace("onnxruntime", "onnxruntime-gpu[cuda,cudnn]")}
    assert np.all([package in usual for package in found if "gpu" not in package])

"""The int8 bundle from the parameter to the champion, on a real training; a bundle on a device with nothing else."""

import json
import logging
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import mlflow.artifacts
import numpy as np
import onnx
import pytest

from components import catalogue
from components.config.errors import BundleError
from components.config.settings import artifacts, tracking_uri
from components.inference.bundle import Bundle, bundle_hash
from components.inference.engine.model import Model
from components.inference.golden import GOLDEN, TOLERANCES
from components.kinds.prepared import open_prepared
from components.registry.register import register
from components.registry.version import Version
from components.system.files import sha256, write_json
from components.tracking.store import open_store
from components.training.served import Precision, bundle_path, made, read_served
from tests.conftest import DIGITS, ROOT, Project, copy_of
from tests.registering import evaluated

HEAVY = DIGITS.replace("size: 8", "size: 16").replace("width: 16", "width: 48").replace("epochs: 10", "epochs: 5")
ASKED = "    serve: {precision: int8, margin: 0.05}\n"


@pytest.fixture(scope="module")
def heavy_once(new_project: Callable[..., Project], digits: Path) -> Project:
    """A trained checkout with layers that gain by int8, which is asked for. Not to be changed."""
    made = new_project(HEAVY.format(source=digits) + ASKED)
    made.run("dvc", "repro")
    return made


@pytest.fixture
def heavy(heavy_once: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    made = copy_of(heavy_once, tmp_path)
    shutil.rmtree(made.path / "state")  # so that MLflow's artifacts lie below this copy
    monkeypatch.chdir(made.path)
    return made


def test_what_is_asked_for_is_served_from_one_training(heavy: Project) -> None:
    report = artifacts("digits", "report")
    metrics, both = (json.loads((report / name).read_text()) for name in ("metrics.json", "precisions.json"))
    assert metrics["accuracy"] == both["int8_accuracy"] >= both["float32_accuracy"] - 0.05
    assert both["int8_megabytes"] < both["float32_megabytes"]
    first = register_served("int8")
    assert first.value == metrics["accuracy"]
    assert evaluated(first).promoted
    mlflow.set_tracking_uri(tracking_uri())
    found = mlflow.artifacts.download_artifacts("models:/digits@champion/data/bundle", dst_path="device")
    assert bundle_hash(Path(found)) == first.bundle_sha256

    heavy.params("precision: int8", "precision: float32")
    said = heavy.run("dvc", "repro")
    assert "Running stage 'train@digits'" not in said
    assert "int8_milliseconds" in said
    second = register_served("float32")
    outcome = evaluated(second)
    assert outcome.champion == second
    if second.value <= first.value:
        assert "the same training in float32" in outcome.reason
    heavy.params("precision: float32", "precision: int8")
    heavy.run("dvc", "repro")
    assert register_served("int8") == first
    assert evaluated(first).champion == first
    client = open_store("digits").client
    client.set_registered_model_alias("digits", "champion", second.number)  # by hand, which overrules
    assert evaluated(first).champion == second
    assert "int8_milliseconds" in client.get_run(second.run_id).data.metrics


def register_served(precision: Precision) -> Version:
    version, _ = register("digits")
    assert read_served("digits").precision == version.precision == precision
    assert version.bundle_sha256 == bundle_hash(bundle_path("digits", precision)) == bundle_hash(version.bundle())
    assert Bundle(version.bundle()).about.serve["precision"] == precision
    tags = open_store("digits").client.get_model_version("digits", version.number).tags
    assert tags["journeyman.precision"] == precision
    assert float(tags[f"journeyman.precision.{precision}"]) == version.value
    return version


def test_an_int8_bundle_that_answers_worse_is_not_served(heavy: Project) -> None:
    forget(bundle_path("digits", "int8"))
    said = heavy.run("python", "-m", "components.training.evaluate", "digits")
    (line,) = [line for line in said.splitlines() if line.startswith("served is")]
    assert line.startswith("served is float32: int8 is asked for, but loses more than 0.0500: accuracy 0.")
    version = register("digits")[0]
    assert version.precision == "float32"
    assert version.value > 0.5


def forget(path: Path) -> None:
    """Have the bundle say the same of every example."""
    graph = onnx.load(path / "model.onnx")
    head = next(node for node in graph.graph.node if node.op_type == "Gemm")
    (weight,) = [weight for weight in graph.graph.initializer if weight.name == head.input[1]]
    weight.raw_data = bytes(len(weight.raw_data))
    onnx.save(graph, path / "model.onnx")
    about = json.loads((path / "bundle.json").read_text())
    write_json(path / "bundle.json", about | {"model_sha256": sha256(path / "model.onnx")})


def test_float16_is_made_and_measured_where_it_is_asked_for(
    heavy: Project, device: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert made("digits") == ["float32", "int8"]
    heavy.params("precision: int8", "precision: float16")
    said = heavy.run("dvc", "repro")
    assert "Running stage 'train@digits'" not in said
    assert re.search("exported digits with [1-9] layers in float16", said)
    version = register_served("float16")
    float32 = bundle_path("digits", "float32")
    assert (version.bundle() / "model.onnx").stat().st_size < 0.7 * (float32 / "model.onnx").stat().st_size
    shutil.copytree(version.bundle(), tmp_path / "bundle")
    pictures = np.array(open_prepared(artifacts("digits", "prepared")).inputs("test")[:20])
    np.save(tmp_path / "pictures.npy", pictures)
    assert predicted(device, tmp_path, "pictures.npy") == answers(tmp_path / "bundle", pictures)
    differences = np.abs(Bundle(tmp_path / "bundle").outputs(pictures) - Bundle(float32).outputs(pictures))
    assert 0 < differences.max() < TOLERANCES["float16"]
    caplog.set_level(logging.INFO)
    Model.open(tmp_path / "bundle", "1", None, "cpu")
    assert "what is in float16 computes in float32 there, no faster: serve.precision is for a GPU" in caplog.text


def test_without_a_choice_nothing_is_registered(heavy: Project) -> None:
    (artifacts("digits", "report") / "served.json").unlink()
    with pytest.raises(BundleError, match=r"served\.json: does not say which bundle is served; run `dvc repro`"):
        register("digits")


def test_the_benchmark_holds_both_against_each_other(heavy_once: Project, tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    heavy_once.run(
        sys.executable, "-m", "benchmarks.int8", "--quick", "--artifacts", "artifacts/digits", "--json", str(figures)
    )
    found = json.loads(figures.read_text())
    assert found["float32"]["right"] == found["control"]["right"]
    assert found["int8"]["megabytes"] < found["float32"]["megabytes"] == found["control"]["megabytes"]
    assert all(found[arm]["microseconds of 32"] > found[arm]["microseconds of 1"] > 0 for arm in ("float32", "int8"))


@pytest.fixture(scope="module")
def device(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The Python of an environment with onnxruntime, what that needs, and nothing else; not even pip."""
    path = tmp_path_factory.mktemp("device")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", path], check=True)
    python = str(path / "bin" / "python")
    install = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-compile"]
    subprocess.run([*install, "-c", ROOT / "constraints.txt", "numpy", "onnxruntime"], check=True, capture_output=True)
    return python


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_pictures_are_answered_on_a_device(
    precision: Precision, heavy_once: Project, device: str, tmp_path: Path
) -> None:
    shutil.copytree(heavy_once.path / bundle_path("digits", precision), tmp_path / "bundle")
    pictures = open_prepared(heavy_once.path / artifacts("digits", "prepared")).inputs("test")[:20]
    np.save(tmp_path / "pictures.npy", pictures)
    expected = answers(tmp_path / "bundle", pictures)
    assert predicted(device, tmp_path, "pictures.npy") == expected
    for number, (picture, answer) in enumerate(zip(pictures, expected, strict=True)):
        (tmp_path / f"{number}.pgm").write_bytes(b"P5\n# a comment\n16 16\n255\n" + picture.tobytes())
        if number < 2:
            assert predicted(device, tmp_path, f"{number}.pgm") == [answer]
    golden = tmp_path / "bundle" / "serving" / "golden.json"
    assert len(json.loads(golden.read_text())["requests"]) == 9
    golden.write_text(golden.read_text() + " ")
    assert refused(device, tmp_path) == "bundle/serving/golden.json: not the one that bundle.json was written for"
    other = json.loads(golden.read_text())
    other["outputs"]["probabilities"] = other["outputs"]["unfamiliar"] | {"shape": [20, 1]}
    write_json(golden, other)
    about = json.loads((tmp_path / "bundle" / "bundle.json").read_text())
    write_json(tmp_path / "bundle" / "bundle.json", about | {"files": about["files"] | {golden.name: sha256(golden)}})
    assert refused(device, tmp_path).startswith(
        "bundle: golden rows are answered otherwise here: probabilities differs"
    )
    (tmp_path / "bundle" / "model.onnx").write_bytes(b"another")
    assert refused(device, tmp_path) == "bundle: model.onnx is not the one that bundle.json was written for"


@pytest.mark.parametrize("machine", ["this", "aarch64"])
def test_frames_of_a_camera_are_answered_as_the_endpoint_reads_pictures(
    machine: str, heavy_once: Project, device: str, tmp_path: Path
) -> None:
    if machine == "aarch64" and "AARCH64_PYTHON" not in os.environ:
        pytest.skip("needs AARCH64_PYTHON, a Python for ARM under qemu: sh install/aarch64.sh FOLDER prints it")
    path = heavy_once.path / bundle_path("digits", "float32")
    model, random = Model.open(path, "1", None), np.random.default_rng(0)
    frames = [
        random.integers(0, 256, (*size, 3), dtype=np.uint8).repeat(20, axis=0).repeat(20, axis=1)
        for size in ((24, 32), (32, 24), (5, 5))
    ]
    rows = [catalogue.codec("image", "classification").encode(frame) for frame in frames]
    expected = model.answers(model.scored(model.read(rows)))
    sent = b"".join(b"P6\n%d %d\n255\n" % (frame.shape[1], frame.shape[0]) + frame.tobytes() for frame in frames)
    python = os.environ["AARCH64_PYTHON"] if machine == "aarch64" else device
    said = watched(python, path, sent + b"P6\n640 480\n255\nno more").stdout.decode().splitlines()
    assert len(said) == len(frames)
    for line, answer in zip(said, expected, strict=True):
        label, probability = line.split(" ")[:2]
        assert line.endswith(" frames/s")
        assert (label, float(probability)) == (answer.label, pytest.approx(answer.probability, abs=0.01))


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        (b"", "no frame came: pipe pictures into it"),
        (b"\xff\xd8\xff\xe0JFIF", "not a binary PGM or PPM picture of 8 bits"),
    ],
)
def test_what_is_no_frame_is_said_in_one_line(sent: bytes, sentence: str, heavy_once: Project, device: str) -> None:
    done = watched(device, heavy_once.path / bundle_path("digits", "float32"), sent)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, b"", 1)
    assert done.stderr.decode().startswith(sentence)


def watched(python: str, bundle: Path, sent: bytes) -> "subprocess.CompletedProcess[bytes]":
    command = [python, "-I", ROOT / "docs" / "predict.py", bundle, "--camera"]
    if python == os.environ.get("AARCH64_PYTHON"):
        command.remove("-I")  # it finds its packages by PYTHONPATH
    return subprocess.run(command, input=sent, capture_output=True)


def test_records_are_answered_on_a_device(payments_once: Project, device: str, tmp_path: Path) -> None:
    shutil.copytree(payments_once.path / bundle_path("payments", "float32"), tmp_path / "bundle")
    records = open_prepared(payments_once.path / artifacts("payments", "prepared")).inputs("test")[:200]
    np.save(tmp_path / "records.npy", records)
    assert predicted(device, tmp_path, "records.npy") == answers(tmp_path / "bundle", records)
    assert (
        watched(device, tmp_path / "bundle", b"")
        .stderr.decode()
        .endswith("takes no pictures: give it a .npy file of examples\n")
    )


def test_tables_of_the_usual_width_have_nothing_to_gain(payments_once: Project) -> None:
    one, two = (payments_once.path / bundle_path("payments", precision) for precision in ("float32", "int8"))
    assert (one / "model.onnx").read_bytes() == (two / "model.onnx").read_bytes()
    files = [{**Bundle(path).about.files, GOLDEN: ""} for path in (one, two)]  # golden rows say how exact int8 is
    assert files[0] == files[1] != {GOLDEN: ""}
    assert bundle_hash(one) != bundle_hash(two)


@pytest.mark.parametrize("precision", ["float32", "int8"])
@pytest.mark.parametrize(
    ("fixture", "workload", "task"),
    [("heavy_once", "digits", "classification"), ("payments_once", "payments", "detection")],
)
def test_a_bundle_names_its_task_and_tells_the_embedding(
    fixture: str, workload: str, task: str, precision: Precision, request: pytest.FixtureRequest
) -> None:
    project: Project = request.getfixturevalue(fixture)
    bundle = Bundle(project.path / bundle_path(workload, precision))
    assert json.loads((bundle.path / "bundle.json").read_text())["task"] == bundle.about.task == task
    examples = np.array(open_prepared(project.path / artifacts(workload, "prepared")).inputs("test")[:600])
    embedding = bundle.embedding(examples)
    assert embedding is not None
    assert (embedding.shape, embedding.dtype) == ((len(examples), 64), np.float32)  # the head is given more numbers
    assert bundle.embedding(examples[:3]) == pytest.approx(embedding[:3], rel=1e-4, abs=1e-4)
    assert len(np.unique(embedding, axis=0)) > len(examples) / 2


def answers(path: Path, examples: np.ndarray) -> list[tuple[str, float]]:
    bundle = Bundle(path)
    probabilities = bundle.outputs(np.array(examples))
    best = catalogue.codec(bundle.about.kind, bundle.about.task).decide(probabilities, bundle.about.decision)
    return [
        (bundle.about.classes[k], pytest.approx(row[k], abs=1e-6)) for k, row in zip(best, probabilities, strict=True)
    ]


def predicted(python: str, folder: Path, file: str) -> list[tuple[str, float]]:
    command = [python, "-I", ROOT / "docs" / "predict.py", "bundle", file]
    said = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout
    lines = [line.removesuffix(" unfamiliar") for line in said.splitlines()]
    return [(label, float(value)) for label, _, value in (line.rpartition(" ") for line in lines)]


def refused(python: str, folder: Path) -> str:
    command = [python, "-I", ROOT / "docs" / "predict.py", "bundle", "0.pgm"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    return done.stderr.strip()

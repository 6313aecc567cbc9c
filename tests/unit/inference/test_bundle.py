from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from components.config.errors import BundleError
from components.inference.bundle import Bundle, bundle_hash, new_bundle, verified
from components.inference.champion.published import fetch, publish
from components.kinds.replaced import original_sha256, replace
from components.system.address import Address
from components.system.files import sha256


def test_a_bundle_answers_one_and_many(bundle: Path) -> None:
    opened = Bundle(bundle)
    assert opened.about.classes == ("a", "b")
    serve = {"precision": "float32", "max_bytes": 10 * 2**20, "unfamiliar": 0.01, "abstain": False}
    assert opened.about.serve == serve
    inputs = np.random.default_rng(0).random((1203, 2), dtype=np.float32)
    assert np.allclose(opened.outputs(inputs), np.exp(inputs) / np.exp(inputs).sum(1, keepdims=True))
    assert opened.outputs(inputs[:1]).shape == (1, 2)


def test_a_changed_model_is_refused(bundle: Path) -> None:
    model = bundle / "model.onnx"
    model.write_bytes(model.read_bytes() + b"\0")
    with pytest.raises(BundleError, match=r"model\.onnx: SHA-256 is .* bundle\.json says"):
        Bundle(bundle)


def test_what_the_codec_needs_is_held_to_its_hash_too(bundle: Path) -> None:
    assert Bundle(bundle).about.decision == {"threshold": 0.3}
    past = Bundle(bundle).files / "past.npz"
    past.write_bytes(b"another past")
    with pytest.raises(BundleError, match=r"past\.npz: SHA-256 is .* bundle\.json says"):
        Bundle(bundle)
    past.unlink()
    with pytest.raises(BundleError, match=r"past\.npz: missing, though bundle\.json names it"):
        Bundle(bundle)


def test_a_file_that_an_erasure_rewrote_is_the_one_exception(bundle: Path, tmp_path: Path) -> None:
    hash, past = bundle_hash(bundle), bundle / "serving" / "past.npz"
    first, older = sha256(past), past.read_bytes()
    for content in (b"without one", b"without two"):
        (tmp_path / "draft").write_bytes(content)
        replace(past, tmp_path / "draft")
        assert Bundle(bundle).files.joinpath("past.npz").read_bytes() == content
        assert (bundle_hash(bundle), original_sha256(past)) == (hash, first)
    pointer = publish(bundle, "w", "1", str(tmp_path / "champions"))
    fetched = fetch(Address(str(tmp_path / "champions")), pointer, tmp_path / "cache" / "w")
    assert (fetched / "serving" / "past.npz").read_bytes() == b"without two"
    past.write_bytes(b"without one")
    with pytest.raises(BundleError, match=r"past\.npz: SHA-256 is .* bundle\.json says"):
        verified(bundle)
    past.write_bytes(older)
    assert verified(bundle)


@pytest.mark.parametrize("times", [1, 2])
def test_killed_while_a_file_is_rewritten_a_bundle_is_whole(
    times: int, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    past, move = bundle / "serving" / "past.npz", Path.replace

    def killed(path: Path, target: Path) -> Path:
        if path.name == "draft":
            raise KeyboardInterrupt
        return move(path, target)

    for number in range(times):
        before = past.read_bytes()
        (tmp_path / "draft").write_bytes(f"without {number}".encode())
        with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
            patched.setattr(Path, "replace", killed)
            replace(past, tmp_path / "draft")
        assert (verified(bundle), past.read_bytes())[1] == before
        replace(past, tmp_path / "draft")
        assert (verified(bundle), past.read_bytes())[1] == f"without {number}".encode()


@pytest.mark.parametrize("content", [None, "", "{}", '{"format": 2}'])
def test_what_is_no_bundle_is_refused(content: str | None, bundle: Path) -> None:
    if content is None:
        (bundle / "bundle.json").unlink()
    else:
        (bundle / "bundle.json").write_text(content)
    with pytest.raises(BundleError, match=r"bundle\.json: not a bundle of format 1"):
        Bundle(bundle)


def test_the_hash_is_that_of_the_content(bundle: Path, tmp_path: Path) -> None:
    again = _write(tmp_path / "again")
    assert bundle_hash(bundle) == bundle_hash(again)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return _write(tmp_path / "bundle")


def _write(path: Path) -> Path:
    graph = helper.make_graph(
        [helper.make_node("Softmax", ["inputs"], ["probabilities"], axis=1)],
        "softmax",
        [helper.make_tensor_value_info("inputs", TensorProto.FLOAT, ["count", 2])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["count", 2])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    about: dict[str, Any] = {"classes": ("a", "b"), "input": {"height": 1}, "decision": {"threshold": 0.3}}
    with new_bundle(path, workload="w", kind="image", **about) as draft:
        onnx.save(model, draft / "model.onnx")
        (draft / "serving").mkdir()
        (draft / "serving" / "past.npz").write_bytes(b"what was before")
    return path

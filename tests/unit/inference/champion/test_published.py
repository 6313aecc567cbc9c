import json
import resource
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from fsspec.implementations.memory import MemoryFileSystem

from components.config.errors import BundleError, ConfigError, PublishedError
from components.inference.bundle import new_bundle
from components.inference.champion.published import Pointer, fetch, publish, read_pointer
from components.system.address import Address
from tests.conftest import ROOT


@pytest.fixture(params=["directory", "file://", "memory://"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    MemoryFileSystem.store.clear()
    return {"directory": f"{tmp_path}/champions", "file://": f"file://{tmp_path}/c", "memory://": "memory://c"}[
        request.param
    ]


def test_what_is_published_comes_back_file_by_file(address: str, tmp_path: Path) -> None:
    bundle = a_bundle(tmp_path / "bundle", b"one", card=b'{"name": "w"}')
    made = publish(bundle, "w", "1", address)
    champions = Address(address)
    assert read_pointer(champions, "w") == made
    assert made.path == f"w/{made.name}"
    assert contents(fetch(champions, made, tmp_path / "cache" / made.name)) == contents(bundle)


def test_the_pointer_moves_on_and_back(address: str, tmp_path: Path) -> None:
    for version in ("1", "2", "1"):
        publish(a_bundle(tmp_path / version, version.encode()), "w", version, address)
        pointer = read_pointer(Address(address), "w")
        assert pointer
        assert pointer.version == version
        got = fetch(Address(address), pointer, tmp_path / "cache" / pointer.name)
        assert (got / "model.onnx").read_bytes() == version.encode()


def test_nothing_is_written_twice_and_what_was_corrupted_is_mended(tmp_path: Path) -> None:
    bundle, address = a_bundle(tmp_path / "bundle", b"one"), tmp_path / "champions"
    made = publish(bundle, "w", "1", str(address))
    before = {path: path.stat().st_mtime_ns for path in address.rglob("*") if path.is_file()}
    assert publish(bundle, "w", "1", str(address)) == made
    assert {path: path.stat().st_mtime_ns for path in address.rglob("*") if path.is_file()} == before
    (address / made.path / "model.onnx").write_bytes(b"ome")
    publish(bundle, "w", "1", str(address))
    assert contents(fetch(Address(str(address)), made, tmp_path / "cache" / "1")) == contents(bundle)


def test_nothing_published_is_no_pointer(address: str) -> None:
    assert read_pointer(Address(address), "w") is None


def test_what_a_web_server_hands_out_is_followed(tmp_path: Path) -> None:
    bundle = a_bundle(tmp_path / "bundle", b"one", card=b"{}")
    made = publish(bundle, "w", "1", str(tmp_path / "champions"))
    handler = partial(SilentHandler, directory=str(tmp_path / "champions"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        champions = Address(f"http://127.0.0.1:{server.server_port}")
        assert read_pointer(champions, "mugs") is None
        assert read_pointer(champions, "w") == made
        assert contents(fetch(champions, made, tmp_path / "cache" / "1")) == contents(bundle)
        server.shutdown()
    with pytest.raises(PublishedError, match=f"^http://127.0.0.1:{server.server_port}/w/champion.json: Client"):
        read_pointer(champions, "w")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (None, r"champion\.json: no pointer of format 1 \(the file: "),
        ({"format": 2}, r"no pointer of format 1 \(format: "),
        ({"workload": "mugs"}, "points to a bundle of mugs, not of w"),
        ({"path": "../../etc"}, r"\(path: .*below the address"),
        ({"path": "/etc"}, r"\(path: .*below the address"),
        ({"version": "../1"}, r"\(version: "),
        ({"beside": {"../card.json": "0" * 64}}, r"\(beside"),
    ],
)
def test_what_is_no_pointer_is_said_in_one_line(change: dict[str, Any] | None, sentence: str, tmp_path: Path) -> None:
    made = publish(a_bundle(tmp_path / "bundle", b"one"), "w", "1", str(tmp_path))
    text = "{" if change is None else json.dumps({**made.model_dump(), **change})
    (tmp_path / "w" / "champion.json").write_text(text)
    with pytest.raises(PublishedError, match=sentence) as caught:
        read_pointer(Address(str(tmp_path)), "w")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("corrupt", "sentence"),
    [
        ("bundle.json", r"bundle\.json: SHA-256 is .* the pointer says"),
        ("model.onnx", r"model\.onnx: SHA-256 is .* bundle\.json says"),
        ("serving/past.npz", r"past\.npz: SHA-256 is .* bundle\.json says"),
        ("card.json", r"card\.json: SHA-256 is .* the pointer says"),
    ],
)
def test_a_corrupted_or_missing_file_is_not_taken(corrupt: str, sentence: str, tmp_path: Path) -> None:
    champions = Address(str(tmp_path / "champions"))
    made = publish(a_bundle(tmp_path / "bundle", b"one", card=b"{}"), "w", "1", str(champions))
    corrupted = tmp_path / "champions" / made.path / corrupt
    corrupted.write_bytes(b"x" + corrupted.read_bytes()[1:])
    with pytest.raises(BundleError, match=sentence):
        fetch(champions, made, tmp_path / "cache" / "1")
    corrupted.unlink()
    with pytest.raises(PublishedError, match=f"{corrupt}: missing"):
        fetch(champions, made, tmp_path / "cache" / "1")
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["fetching.lock"]


def test_a_file_that_would_land_elsewhere_is_not_taken(tmp_path: Path) -> None:
    bundle = a_bundle(tmp_path / "bundle", b"one")
    about = json.loads((bundle / "bundle.json").read_text())
    (bundle / "stray").write_bytes(b"what was before")
    about["files"] = {"../stray": about["files"]["past.npz"]}
    (bundle / "bundle.json").write_text(json.dumps(about))
    with pytest.raises(BundleError, match=r"'\.\./stray' is no file's name"):
        publish(bundle, "w", "1", str(tmp_path / "champions"))


def test_a_corrupted_copy_in_the_cache_is_fetched_again(tmp_path: Path) -> None:
    champions, cache = Address(str(tmp_path / "champions")), tmp_path / "cache" / "1"
    bundle = a_bundle(tmp_path / "bundle", b"one")
    made = publish(bundle, "w", "1", str(champions))
    (fetch(champions, made, cache) / "model.onnx").write_bytes(b"ome")
    assert contents(fetch(champions, made, cache)) == contents(bundle)


def test_a_bundle_that_is_not_whole_or_not_its_own_is_not_published(tmp_path: Path) -> None:
    bundle = a_bundle(tmp_path / "bundle", b"one")
    with pytest.raises(BundleError, match="a bundle of w, not of mugs"):
        publish(bundle, "mugs", "1", str(tmp_path / "champions"))
    (bundle / "model.onnx").write_bytes(b"ome")
    with pytest.raises(BundleError, match="SHA-256"):
        publish(bundle, "w", "1", str(tmp_path / "champions"))
    assert not (tmp_path / "champions").exists()


@pytest.mark.parametrize("files", [0, 1, 2, 3])
def test_a_kill_leaves_the_pointer_where_it_was(files: int, tmp_path: Path) -> None:
    """Killed after none, one, two or all three files of the next version have arrived."""
    champions = Address(str(tmp_path / "champions"))
    first = publish(a_bundle(tmp_path / "1", b"one"), "w", "1", str(champions))
    a_bundle(tmp_path / "2", b"two")
    killer = f"""
import os, signal
from pathlib import Path
from components.inference.champion import published
from components.system.address import Address
put, write, left = Address.put, Address.write, [{files}]
def killed(*args):
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    left[0] -= 1
    put(*args)
Address.put = killed
Address.write = lambda *args: os.kill(os.getpid(), signal.SIGKILL)
published.publish(Path({str(tmp_path / "2")!r}), "w", "2", {str(champions)!r})
"""
    assert subprocess.run([sys.executable, "-c", killer], cwd=ROOT).returncode == -9
    assert read_pointer(champions, "w") == first
    second = publish(tmp_path / "2", "w", "2", str(champions))
    assert contents(fetch(champions, second, tmp_path / "cache" / "2")) == contents(tmp_path / "2")


def test_of_many_who_ask_at_once_one_fetches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    champions, cache = Address(str(tmp_path / "champions")), tmp_path / "cache" / "1"
    made = publish(a_bundle(tmp_path / "bundle", b"one"), "w", "1", str(champions))
    fetched: list[str] = []
    get = Address.get
    monkeypatch.setattr(Address, "get", lambda self, name, to: (fetched.append(name), get(self, name, to)))
    threads = [threading.Thread(target=fetch, args=(champions, made, cache)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(fetched) == 3
    assert contents(cache) == contents(tmp_path / "bundle")


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    champions, cache = Address(str(tmp_path / "champions")), tmp_path / "cache" / "1"
    made = publish(a_bundle(tmp_path / "bundle", bytes(2**20)), "w", "1", str(champions))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**16, limits[1]))
    try:
        with pytest.raises(PublishedError, match=r"model\.onnx: OSError: File too large"):
            fetch(champions, made, cache)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [path.name for path in cache.parent.iterdir()] == ["fetching.lock"]
    assert contents(fetch(champions, made, cache)) == contents(tmp_path / "bundle")


@pytest.mark.parametrize("address", ["nowhere://champions", "s3://champions", "state/champions"])
def test_an_unknown_address_is_a_wrong_setting(address: str) -> None:
    with pytest.raises(ConfigError, match=f"^{address}: .*{address.partition(':')[0]}"):
        Address(address)


class SilentHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None: ...


def a_bundle(path: Path, model: bytes, card: bytes | None = None, workload: str = "w") -> Path:
    """Write a whole bundle, whose model is no network."""
    with new_bundle(path, workload=workload, kind="image", classes=("a", "b"), input={}, decision={}) as draft:
        (draft / "model.onnx").write_bytes(model)
        (draft / "serving").mkdir()
        (draft / "serving" / "past.npz").write_bytes(b"what was before")
        if card:
            (draft / "card.json").write_bytes(card)
    return path


def contents(path: Path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}


def test_a_pointer_says_the_same_in_and_out(tmp_path: Path) -> None:
    made = publish(a_bundle(tmp_path / "bundle", b"one"), "w", "1", str(tmp_path))
    assert Pointer.model_validate_json(made.model_dump_json()) == made

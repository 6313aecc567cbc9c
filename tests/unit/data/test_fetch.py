import gzip
import hashlib
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from components.config.errors import ConfigError, DataError
from components.data import fetch
from components.data.description import Debian, Description, PublishedFile, read_description
from components.kinds.archive import files_in
from tests.conftest import ROOT

CONTENT = b"sixteen tons and what do you get" * 1000


def test_the_shipped_description_is_in_order() -> None:
    description = read_description(ROOT / "datasets" / "fashion-mnist.yaml")
    assert len(description.labels) == 10
    assert set(description.files) == {"train_pictures", "train_labels", "test_pictures", "test_labels"}


def test_a_wrong_description_is_answered_in_one_line(tmp_path: Path) -> None:
    text = (ROOT / "datasets" / "fashion-mnist.yaml").read_text()
    path = tmp_path / "mine.yaml"
    path.write_text(text.replace("licence:", "license:"))
    with pytest.raises(ConfigError, match=r"mine\.yaml: license: unknown key\. .*Did you mean 'licence'\?"):
        read_description(path)
    path.write_text(text.replace("sha256: c59f", "sha256: zzzz"))
    with pytest.raises(ConfigError, match=r"mine\.yaml: files\.train_pictures\.sha256: found 'zzzz"):
        read_description(path)


@pytest.mark.parametrize("packed", [True, False])
def test_a_users_folder_is_asked_first(packed: bool, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "mirror").mkdir()
    _put(here / "mirror", packed)
    monkeypatch.setenv(fetch.MIRROR, str(here / "mirror"))
    assert fetch.fetch(_description())["all"].read_bytes() == CONTENT


@pytest.mark.slow
def test_a_public_address_is_asked_last(here: Path, server: str) -> None:
    _put(here / "public", packed=True)
    description = _description(debian=Debian(package="no-such-package-anywhere", folder="x"), addresses=[server])
    assert fetch.fetch(description)["all"].read_bytes() == CONTENT


def test_what_is_here_and_right_is_not_fetched_again(here: Path, server: str) -> None:
    _put(here / "public", packed=True)
    fetch.fetch(_description(addresses=[server]))
    assert fetch.fetch(_description())["all"].read_bytes() == CONTENT


def test_only_the_hash_is_believed(here: Path, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "mirror").mkdir()
    (here / "mirror" / "songs").write_bytes(b"another song")
    monkeypatch.setenv(fetch.MIRROR, str(here / "mirror"))
    with pytest.raises(DataError, match=r"songs: no source has it\. .*SHA-256 is [0-9a-f]{64}, expected .*404.*MIRROR"):
        fetch.fetch(_description(addresses=[server]))
    assert [path for path in (here / "state").rglob("*") if path.is_file()] == []
    _put(here / "public", packed=True)
    assert fetch.fetch(_description(addresses=[server]))["all"].read_bytes() == CONTENT


def test_a_file_that_was_damaged_here_is_fetched_again(here: Path, server: str) -> None:
    _put(here / "public", packed=True)
    place = fetch.fetch(_description(addresses=[server]))["all"]
    place.write_bytes(CONTENT[:100])
    assert fetch.fetch(_description(addresses=[server]))["all"].read_bytes() == CONTENT


def test_half_a_download_is_not_believed(here: Path, server: str) -> None:
    packed = gzip.compress(CONTENT)
    (here / "public" / "songs.gz").write_bytes(packed[: len(packed) // 2])
    with pytest.raises(DataError, match="no source has it"):
        fetch.fetch(_description(addresses=[server]))


def _description(debian: Debian | None = None, addresses: list[str] | None = None) -> Description:
    return Description(
        title="songs",
        licence="MIT",
        homepage="http://127.0.0.1",
        kind="image",
        format="idx",
        labels=["a"],
        files={"all": PublishedFile(name="songs", sha256=hashlib.sha256(CONTENT).hexdigest())},
        debian=debian,
        addresses=addresses or [],
    )


def _put(folder: Path, packed: bool) -> None:
    if packed:
        (folder / "songs.gz").write_bytes(gzip.compress(CONTENT))
    else:
        (folder / "songs").write_bytes(CONTENT)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def server(here: Path) -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    (here / "public").mkdir()
    listener = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(here / "public")))
    thread = threading.Thread(target=partial(listener.serve_forever, poll_interval=0.01))
    thread.start()
    yield f"http://127.0.0.1:{listener.server_port}"
    listener.shutdown()
    listener.server_close()
    thread.join()


@pytest.mark.parametrize("before", ["", "repository-26eb9aa/"])
def test_of_an_archive_the_files_are_believed_whoever_packed_them(before: str, here: Path, server: str) -> None:
    songs = {"b.txt": b"another day older", "a.txt": CONTENT}
    with zipfile.ZipFile(here / "public" / "1.0.zip", "w", zipfile.ZIP_DEFLATED if before else 0) as archive:
        archive.mkdir(f"{before}songs")
        for name, content in songs.items():
            archive.writestr(f"{before}songs/{name}", content)
        archive.writestr(f"{before}README.md", before)
    lines = "".join(f"{hashlib.sha256(songs[name]).hexdigest()}  {name}\n" for name in sorted(songs))
    file = PublishedFile(
        name="songs.zip",
        sha256=hashlib.sha256(lines.encode()).hexdigest(),
        archive="songs",
        address=f"{server}/1.0.zip",
    )
    place = fetch.fetch(_description().model_copy(update={"files": {"all": file}}))["all"]
    assert list(files_in(place, "songs")) == sorted(songs.items())
    place.write_bytes(b"damaged")
    assert (
        dict(files_in(fetch.fetch(_description().model_copy(update={"files": {"all": file}}))["all"], "songs")) == songs
    )


def test_a_file_that_is_not_compressed_is_found_at_a_public_address(here: Path, server: str) -> None:
    _put(here / "public", packed=False)
    assert fetch.fetch(_description(addresses=[server]))["all"].read_bytes() == CONTENT

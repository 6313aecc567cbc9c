"""What is downloaded from a tracking server: nothing of it stays behind, and bundles are kept in bounds."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.config.errors import RegistryError
from components.config.settings import artifacts
from components.inference.bundle import bundle_hash
from components.registry import artifacts as kept
from tests.conftest import Project
from tests.forks import Forks, item, succeed
from tests.integration.test_races import mlflow_server
from tests.registering import variant

EVERYTHING = """
from components.registry.artifacts import BUNDLES
from components.registry.card import keep_card
from components.registry.gate import read_verdict
from components.registry.promotion.rollback import roll_back
from components.registry.rebuild.find import find
from components.registry.version import get_version
from flows.score import fetch_champion
from tests.registering import evaluated

first = registered("digits").champion
evaluated(variant("digits", "another", 0.99))
for at_work in (fetch_champion.fn("digits")[0], first):
    keep_card(at_work)
    keep_card(at_work)
    assert at_work.card()
    find("digits", at_work.number)
assert read_verdict(get_version("digits", "2"))
promoted(get_version("digits", "2"))
roll_back("digits", "Ann")
bundle = first.bundle()
assert bundle.is_relative_to(BUNDLES.absolute()), bundle
answer(str(bundle))
"""


@pytest.fixture
def served(trained: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """A trained checkout whose tracking server, which keeps its artifacts, has never heard of it."""
    folder = tmp_path / "server"
    folder.mkdir()
    with mlflow_server(folder) as url:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", url)
        yield trained


def test_nothing_stays_behind_in_the_temporary_folder(served: Project, forked: Forks, tmp_path: Path) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    code = f"import os, tempfile\ntempfile.tempdir = os.environ['TMPDIR'] = {str(folder)!r}\n{EVERYTHING}"
    succeed(forked, item(served, code, os.environ["MLFLOW_TRACKING_URI"]))
    assert {path.name for path in folder.iterdir()} <= {".ses"}  # ONNX Runtime's own, one file for all sessions


def test_a_bundle_is_kept_by_its_hash_and_fetched_again_where_it_is_corrupted(
    served: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "KEPT", 2)
    versions = [variant("digits", f"variant {place}", 0.9) for place in range(3)]
    first = versions[0].bundle()
    assert bundle_hash(first) == versions[0].bundle_sha256
    (first / "model.onnx").write_bytes(b"corrupted")
    assert versions[0].bundle() == first
    kept.verified(first)
    for one in (*versions, versions[1]):
        one.bundle()
    there = {path.name for path in first.parent.iterdir() if path.is_dir()}
    assert there == {one.bundle_sha256[:16] for one in versions[1:]}
    shutil.rmtree(first.parent)
    shutil.rmtree(served.path.parent / "server" / "artifacts", ignore_errors=True)
    with pytest.raises(RegistryError, match="models:/digits/1: its bundle cannot be fetched"):
        versions[0].bundle()
    assert artifacts("digits", "bundle").exists()

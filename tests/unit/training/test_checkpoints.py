"""What a checkpoint depends on: a training goes on from it where nothing of that has changed."""

import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from components.kinds.prepared import PreparedData, open_prepared
from components.training.checkpoints import code_hash, key_of

pytestmark = pytest.mark.slow

CODE = b'''"""What it does."""

LIMIT = 3  # of something


def answer(limit: int = LIMIT) -> str:
    """Return it."""
    return "no more" if limit else "more"
'''


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        (b"What it does", b"What else it does", True),
        (b"Return it.", b"Return it, or not.", True),
        (b"# of something", b"# of something else", True),
        (b"LIMIT = 3", b"LIMIT = 4", False),
        (b'"no more"', b'"none"', False),
        (b"if limit", b"if not limit", False),
    ],
)
def test_only_what_a_module_does_counts(old: bytes, new: bytes, same: bool) -> None:
    assert old in CODE
    assert (code_hash(CODE.replace(old, new)) == code_hash(CODE)) is same


@pytest.mark.parametrize(
    ("module", "same"),
    [
        ("components.config.params", False),
        ("components.config.errors", True),
        ("components.config.gate", True),
        ("components.config.card", True),
        ("components.config.watch", True),
        ("components.kinds.prepared", False),
        ("components.kinds.image.params", False),
        ("components.kinds.table.params", True),
        ("components.kinds.table.params.more", True),
    ],
)
def test_code_that_decides_nothing_of_a_training_changes_no_key(
    module: str, same: bool, data: PreparedData, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stand_in = ModuleType(module)
    stand_in.__file__ = str(tmp_path / "module.py")
    Path(stand_in.__file__).write_bytes(CODE)
    monkeypatch.setitem(sys.modules, module, stand_in)
    before = key_of("digits", data, {"kind": "image"})
    assert key_of("digits", data, {"kind": "image"}) == before
    Path(stand_in.__file__).write_bytes(CODE.replace(b"LIMIT = 3", b"LIMIT = 4"))
    assert (key_of("digits", data, {"kind": "image"}) == before) is same


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PreparedData:
    monkeypatch.chdir(tmp_path)
    about = {"kind": "image", "classes": ["a", "b"], "input": {}, "counts": {"train": 1, "validation": 1, "test": 1}}
    folder = tmp_path / "prepared"
    folder.mkdir()
    (folder / "prepared.json").write_text(json.dumps(about))
    return open_prepared(folder)

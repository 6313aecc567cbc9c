"""Files of a bundle that were rewritten without somebody who is erased: `serving/erased.json`.

A bundle's identity is the hash of `bundle.json`, which says the SHA-256 of every file as it was made. So a file that is
rewritten later keeps its old hash as its name, and the new one is accepted beside it.
"""

from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from components.config.errors import BundleError
from components.system.files import sha256, write_json

FILE = "erased.json"


class Replaced(BaseModel):
    """A file that was rewritten."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    was: str
    """SHA-256 that `bundle.json` says."""
    now: tuple[str, ...]
    """SHA-256 of what is there now; while it is rewritten once more, also of what was there before."""


_Content = TypeAdapter(dict[str, Replaced])


def read_replaced(serving: Path) -> Mapping[str, Replaced]:
    """Return the files of the directory `serving` that were rewritten, by their name.

    Raises:
        BundleError: its `erased.json` cannot be read.
    """
    try:
        return _Content.validate_json((serving / FILE).read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValidationError) as error:
        raise BundleError(f"{serving / FILE}: not what an erasure writes") from error


def original_sha256(path: Path) -> str:
    """Return the SHA-256 of the file as it was made, by which it is known."""
    replaced = read_replaced(path.parent).get(path.name)
    return replaced.was if replaced else sha256(path)


def replace(path: Path, draft: Path) -> None:
    """Put the file `draft` in the place of `path`, which a bundle names; both are accepted until that is done."""
    before = dict(read_replaced(path.parent))
    was = before[path.name].was if path.name in before else sha256(path)
    now = sha256(draft)
    both = Replaced(was=was, now=tuple(dict.fromkeys((*before[path.name].now, now)) if path.name in before else (now,)))
    _write(path.parent, {**before, path.name: both})
    draft.replace(path)
    _write(path.parent, {**before, path.name: Replaced(was=was, now=(now,))})


def _write(serving: Path, content: Mapping[str, Replaced]) -> None:
    write_json(serving / FILE, {name: replaced.model_dump(mode="json") for name, replaced in content.items()})

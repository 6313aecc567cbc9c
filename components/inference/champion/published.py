"""What is published for endpoints to follow: the bundles of a workload, and a pointer to the one that is at work.

    <address>/<workload>/<version>-<hash>/    the bundle's files, and of `BESIDE` what there is
    <address>/<workload>/<version>.json       a pointer to it
    <address>/<workload>/champion.json        the pointer that is followed; it moves at once and last

Nothing else is changed or deleted when it moves, so that a rollback may move it to what is there. The pointer of an
older entry of the history never takes the place of a newer one's; see `position`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, ValidationError

from components.config.errors import BundleError, PublishedError
from components.inference.bundle import ABOUT, MODEL, SERVING, About, read_about, verified
from components.inference.champion.position import Position, position_of
from components.inference.engine.model import CARD, CARD_PAGE, CARD_TEXT
from components.inference.examples import EXAMPLES
from components.kinds.replaced import FILE as ERASED
from components.system.address import Address
from components.system.files import sha256, whole_directory
from components.system.locks import locked

CHAMPION = "champion"
"""The name of the pointer that is followed; the others have that of their version."""
LOCK = "fetching.lock"
FORMAT = 1
BESIDE = (CARD, CARD_PAGE, CARD_TEXT, EXAMPLES)
"""What may lie beside a bundle and is no part of it."""

_Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$", max_length=100)]
_Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


def _below(path: str) -> str:
    if path.startswith("/") or ".." in path.split("/"):
        raise ValueError("has to lead below the address")
    return path


class Pointer(BaseModel):
    """What `champion.json` says."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1]
    workload: _Name
    version: _Name
    bundle: _Hash
    """The bundle's hash: SHA-256 of its `bundle.json`, which names those of its other files."""
    path: Annotated[str, AfterValidator(_below)]
    """Where the bundle is, from the address on."""
    beside: dict[_Name, _Hash] = {}
    """SHA-256 of what lies beside the bundle, by name; the name of one of them is that of a `Position`."""

    @property
    def position(self) -> Position | None:
        """Where in the history the entry stands that moved the pointer here; None: it does not say."""
        return position_of(self.beside)

    def at(self, position: Position | None) -> "Pointer":
        """Return the same pointer, moved by that entry; None: without saying by which."""
        before = self.position
        beside = {name: hash for name, hash in self.beside.items() if before is None or name != before.name}
        return self.model_copy(update={"beside": beside | (position.beside if position else {})})

    @property
    def name(self) -> str:
        """The name of a directory that holds this and nothing else."""
        return f"{self.version}-{self.bundle[:8]}"


def publish(
    bundle: Path, workload: str, version: str, address: str, position: Position | None = None, alone: bool = False
) -> Pointer:
    """Publish the bundle with what lies beside it, then move the workload's pointer to it; return where it points then.

    What is there already and right is left alone. A kill leaves the pointer where it was. A pointer that a later entry
    of the history has moved stays, and is returned.

    Args:
        bundle: its directory.
        workload: whose it is.
        version: its name.
        address: where to publish.
        position: of the history's entry that put the version to work; None: it is not known.
        alone: whether no other registry publishes there, so that another history is one that is no more.

    Raises:
        PublishedError: the pointer there is of another registry's history; else as `publish_version`.
    """
    pointer = publish_version(bundle, workload, version, address).at(position)
    champions = Address(address)
    if position:
        write_if_new(champions, f"{pointer.path}/{position.name}", position.content)
    return _move(champions, pointer, alone)


def _move(address: Address, pointer: Pointer, alone: bool) -> Pointer:
    """Move the workload's pointer, unless a later entry has; return where it points then."""
    name, position = f"{pointer.workload}/{CHAMPION}.json", pointer.position
    later = move_on(address, name, as_bytes(pointer), position, _position, alone)
    return parse_pointer(later, pointer.workload, f"{address}/{name}") if later else pointer


def move_on(
    address: Address,
    name: str,
    content: bytes,
    position: Position | None,
    told: Callable[[bytes], Position | None],
    alone: bool = False,
) -> bytes | None:
    """Make `content` the file's, unless a later position moved it; whoever sleeps in between finds that out on waking.

    Args:
        address: where.
        name: the file's.
        content: what is to be in it.
        position: by which it moves; None: it is not known.
        told: returns the position that a content tells.
        alone: as of `publish`.

    Returns:
        What a later position has made of it; None: the file says `content`.

    Raises:
        PublishedError: the file follows another registry's history, or cannot be read or written.
    """
    while (found := address.look(name)).content != content:
        there = told(found.content) if found.content else None
        if there and position and _is_later(there, position, f"{address}/{name}", alone):
            return found.content
        if address.swap(name, found, content):
            break
    return None


def _is_later(there: Position, here: Position, where: str, alone: bool) -> bool:
    if alone and there.history != here.history:
        return False
    there.must_share_history(here.history, where)
    return there.number > here.number


def _position(content: bytes) -> Position | None:
    """Return the position of a pointer's content; None: it has none, or is no pointer, which is then written anew."""
    try:
        return Pointer.model_validate_json(content).position
    except ValidationError:
        return None


def publish_version(bundle: Path, workload: str, version: str, address: str) -> Pointer:
    """Publish the bundle with what lies beside it, and the pointer by its version's name; nobody follows that.

    Raises:
        BundleError: the bundle is not whole, or another workload's.
        PublishedError: the address cannot be written.
    """
    about = verified(bundle)
    if about.workload != workload:
        raise BundleError(f"{bundle}: a bundle of {about.workload}, not of {workload}")
    champions, pointer = Address(address), _pointer(bundle, workload, version)
    erased = [f"{SERVING}/{ERASED}"] if (bundle / SERVING / ERASED).is_file() else []
    for name in [*erased, *_files(about), ABOUT, *pointer.beside]:
        if champions.sha256(f"{pointer.path}/{name}") != sha256(bundle / name):
            champions.put(bundle / name, f"{pointer.path}/{name}")
    write_if_new(champions, f"{workload}/{version}.json", as_bytes(pointer))
    return pointer


def write_if_new(address: Address, name: str, content: bytes) -> None:
    """Make `content` the file's, unless it is.

    Raises:
        PublishedError: the address cannot be read or written.
    """
    if address.read(name) != content:
        address.write(name, content)


def as_bytes(said: BaseModel) -> bytes:
    """Return it as a file holds it."""
    return said.model_dump_json(indent=2).encode() + b"\n"


def read_pointer(address: Address, workload: str, name: str = CHAMPION) -> Pointer | None:
    """Return where the workload's pointer of that name points, None where there is none.

    Raises:
        PublishedError: the address cannot be read, or what is there is no pointer of this format and workload.
    """
    content = address.read(at := f"{workload}/{name}.json")
    return None if content is None else parse_pointer(content, workload, f"{address}/{at}")


def parse_pointer(content: bytes, workload: str, where: str) -> Pointer:
    """Return the content of the file `where` as a pointer of `workload`.

    Raises:
        PublishedError: it is none.
    """
    try:
        pointer = Pointer.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        at = ".".join(map(str, first["loc"])) or "the file"
        raise PublishedError(f"{where}: no pointer of format {FORMAT} ({at}: {first['msg']})") from error
    if pointer.workload != workload:
        raise PublishedError(f"{where}: points to a bundle of {pointer.workload}, not of {workload}")
    return pointer


def fetch(address: Address, pointer: Pointer, to: Path) -> Path:
    """Bring the pointer's bundle to the directory `to`, every file held to its hash; what is there and whole stays.

    Of several processes that ask at once, one fetches and the others wait for it.

    Raises:
        PublishedError: it cannot be read there, or not be written here.
        BundleError: it is not what its hashes say.
    """
    try:
        with locked(to.parent / LOCK):
            if not _is_whole(to, pointer):
                with whole_directory(to) as draft, _named(to, draft):
                    _bring(address, pointer, draft)
                    _hold(draft, pointer)
            to.touch()  # the last one that was asked for
    except OSError as error:
        raise PublishedError(f"{error.filename or to}: {error.strerror}") from error
    return to


@contextmanager
def _named(path: Path, draft: Path) -> Iterator[None]:
    """Have an error name `path` for its draft, which is called otherwise at each try: it is the same error again."""
    try:
        yield
    except BundleError as error:
        raise BundleError(str(error).replace(str(draft), str(path))) from error
    except OSError as error:
        if error.filename:
            error.filename = str(error.filename).replace(str(draft), str(path))
        raise


def _pointer(bundle: Path, workload: str, version: str) -> Pointer:
    found = sha256(bundle / ABOUT)
    return Pointer(
        format=FORMAT,
        workload=workload,
        version=version,
        bundle=found,
        path=f"{workload}/{version}-{found[:8]}",
        beside={name: sha256(bundle / name) for name in BESIDE if (bundle / name).is_file()},
    )


def _bring(address: Address, pointer: Pointer, to: Path) -> None:
    """Copy what the pointer names: `bundle.json` first, verified by its hash, then what it names."""
    address.get(f"{pointer.path}/{ABOUT}", to / ABOUT)
    _expect(to / ABOUT, pointer.bundle)
    if (erased := address.read(f"{pointer.path}/{SERVING}/{ERASED}")) is not None:
        (to / SERVING).mkdir()
        (to / SERVING / ERASED).write_bytes(erased)
    for name in [*_files(read_about(to)), *pointer.at(None).beside]:
        address.get(f"{pointer.path}/{name}", to / name)


def _hold(path: Path, pointer: Pointer) -> None:
    """Raise a `BundleError` unless the directory is what the pointer names, to the byte."""
    _expect(path / ABOUT, pointer.bundle)
    verified(path)
    for name, expected in pointer.at(None).beside.items():
        _expect(path / name, expected)


def _is_whole(path: Path, pointer: Pointer) -> bool:
    try:
        _hold(path, pointer)
    except (BundleError, OSError):
        return False
    return True


def _expect(path: Path, expected: str) -> None:
    if (found := sha256(path)) != expected:
        raise BundleError(f"{path.name}: SHA-256 is {found}, the pointer says {expected}")


def _files(about: About) -> list[str]:
    """Return the names of the bundle's files besides `bundle.json`."""
    if odd := [name for name in about.files if Path(name).name != name]:
        raise BundleError(f"{ABOUT}: {odd[0]!r} is no file's name")
    return [MODEL, *(f"{SERVING}/{name}" for name in about.files)]

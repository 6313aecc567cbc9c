"""What is published of a version that is tried beside the champion: as a canary, or in its shadow.

A canary answers a share of all entities; in the shadow it answers nobody, and what its answers would cost is measured.

    <address>/<workload>/canary.json          which version is a canary, and of what share; or that none is
    <address>/<workload>/shadow.json          which version is tried in the champion's shadow; or that none is
    <address>/<workload>/stopped-<id>.json    that an endpoint has stopped a trial, and why

An endpoint that knows no canary or no shadow does not read its file. One that stops a trial writes the last, which the
others follow; so does a flow when the trial is over. The first two move as the champion's pointer does: see
`published`.
"""

from pathlib import Path
from typing import Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from components.config.errors import PublishedError
from components.inference.champion.position import Position
from components.inference.champion.published import FORMAT, Pointer, as_bytes, move_on, publish_version, write_if_new
from components.inference.engine.trial import Trial, TrialId
from components.system.address import Address
from components.system.clock import now

Role = Literal["canary", "shadow"]
"""How a version is tried; the name of the file that says which one is."""

Said = TypeVar("Said", bound=BaseModel)


class Tried(BaseModel):
    """What `canary.json` and `shadow.json` say."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1]
    workload: str
    trial: Trial | None = None
    """None: no version is tried."""
    pointer: Pointer | None = None
    """To the bundle of its version."""


class Stop(BaseModel):
    """That an endpoint has stopped a trial."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1]
    id: TrialId
    version: str
    why: str
    when: AwareDatetime


def publish_tried(
    bundle: Path,
    workload: str,
    trial: Trial,
    address: str,
    position: Position | None = None,
    alone: bool = False,
    role: Role = "canary",
) -> bool:
    """Publish the bundle, then have endpoints try it; what is there already and right is left alone.

    Args:
        bundle: its directory.
        workload: whose it is.
        trial: what is tried, and how.
        address: where to publish.
        position: how far the history was when it said so; None: it is not known.
        alone: as of `publish`.
        role: how it is tried.

    Returns:
        Whether that is what endpoints are told now; not, where somebody who knew more of the history was here before.

    Raises:
        BundleError: the bundle is not whole, or another workload's.
        PublishedError: the address cannot be written, or follows another registry's history.
    """
    pointer, there = publish_version(bundle, workload, trial.version, address).at(position), Address(address)
    if position:
        write_if_new(there, f"{pointer.path}/{position.name}", position.content)
    said = as_bytes(Tried(format=FORMAT, workload=workload, trial=trial, pointer=pointer))
    return move_on(there, _at(workload, role), said, position, _position, alone) is None


def withdraw_tried(
    workload: str,
    address: str,
    position: Position | None = None,
    ended: str | None = None,
    alone: bool = False,
    role: Role = "canary",
) -> None:
    """Have endpoints try nothing, if they do, and never again what has ended; what began meanwhile stays.

    Args:
        workload: whose.
        address: where it is published.
        position: how far the history was when it said that nothing is tried; None: it is not known.
        ended: the id of the trial that ended last. It is put down as stopped, which nobody takes back: so one who slept
            since the trial began, and publishes it now, has no endpoint try it.
        alone: as of `publish`.
        role: as which nothing is tried any more.

    Raises:
        PublishedError: the address cannot be read or written, or follows another registry's history.
    """
    there = Address(address)
    if ended:
        over = Stop(format=FORMAT, id=ended, version="", why="its trial is over", when=now())
        there.create(_stop(workload, ended), as_bytes(over))
    if there.read(at := _at(workload, role)) is not None:
        move_on(there, at, as_bytes(Tried(format=FORMAT, workload=workload)), position, _position, alone)


def _position(content: bytes) -> Position | None:
    try:
        said = Tried.model_validate_json(content)
    except ValidationError:
        return None
    return said.pointer.position if said.pointer else None


def read_tried(address: Address, workload: str, role: Role = "canary") -> Tried | None:
    """Return what is tried in that role; None: nothing, and nothing ever was.

    Raises:
        PublishedError: the address cannot be read, or what is there is of another format or workload.
    """
    if (content := address.read(at := _at(workload, role))) is None:
        return None
    found = parsed(Tried, content, f"{address}/{at}")
    if found.workload != workload or (found.trial is None) != (found.pointer is None):
        raise PublishedError(f"{address}/{at}: no {role} of {workload}")
    return found


def note_stopped(address: Address, workload: str, trial: Trial, why: str) -> None:
    """Say that an endpoint has stopped the trial.

    Raises:
        PublishedError: the address cannot be written.
    """
    said = Stop(format=FORMAT, id=trial.id, version=trial.version, why=why, when=now())
    address.write(_stop(workload, trial.id), as_bytes(said))


def stopped(address: Address, workload: str, id: str) -> Stop | None:
    """Return that an endpoint has stopped the trial of that id; None: none has.

    Raises:
        PublishedError: the address cannot be read, or what is there is of another format.
    """
    content = address.read(_stop(workload, id))
    return None if content is None else parsed(Stop, content, f"{address}/{_stop(workload, id)}")


def parsed(type_: type[Said], content: bytes, where: str) -> Said:
    """Return the content of the file `where` as what it is to say.

    Raises:
        PublishedError: it does not.
    """
    try:
        return type_.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        at = ".".join(map(str, first["loc"])) or "the file"
        raise PublishedError(f"{where}: not of format {FORMAT} ({at}: {first['msg']})") from error


def _at(workload: str, role: Role) -> str:
    return f"{workload}/{role}.json"


def _stop(workload: str, id: str) -> str:
    return f"{workload}/stopped-{id}.json"

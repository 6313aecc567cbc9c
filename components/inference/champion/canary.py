"""What is published of a canary: a second version, which answers a share of all entities beside the champion.

    <address>/<workload>/canary.json          which version, and what share; or that there is none
    <address>/<workload>/stopped-<id>.json    that an endpoint has stopped it, and why

An endpoint that knows no canary reads neither. One that stops the canary writes the second, which the others follow.
"""

from pathlib import Path
from typing import Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from components.config.errors import PublishedError
from components.inference.champion.address import Address
from components.inference.champion.published import FORMAT, Pointer, as_bytes, publish_version, write_if_new
from components.inference.engine.trial import Trial, TrialId
from components.system.clock import now

CANARY = "canary"
"""The name of the file that says which version is tried."""

Said = TypeVar("Said", bound=BaseModel)


class Canary(BaseModel):
    """What `canary.json` says."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1]
    workload: str
    trial: Trial | None = None
    """None: no version is tried."""
    pointer: Pointer | None = None
    """To the bundle of its version."""


class Stop(BaseModel):
    """That an endpoint has stopped a canary."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1]
    id: TrialId
    version: str
    why: str
    when: AwareDatetime


def publish_canary(bundle: Path, workload: str, trial: Trial, address: str) -> Pointer:
    """Publish the bundle, then have endpoints try it; what is there already and right is left alone.

    Raises:
        BundleError: the bundle is not whole, or another workload's.
        PublishedError: the address cannot be written.
    """
    pointer = publish_version(bundle, workload, trial.version, address)
    said = Canary(format=FORMAT, workload=workload, trial=trial, pointer=pointer)
    write_if_new(Address(address), _at(workload), as_bytes(said))
    return pointer


def withdraw_canary(workload: str, address: str) -> None:
    """Have endpoints try nothing, if they do.

    Raises:
        PublishedError: the address cannot be read or written.
    """
    there = Address(address)
    if there.read(_at(workload)) is not None:
        write_if_new(there, _at(workload), as_bytes(Canary(format=FORMAT, workload=workload)))


def read_canary(address: Address, workload: str) -> Canary | None:
    """Return what is tried; None: nothing, and nothing ever was.

    Raises:
        PublishedError: the address cannot be read, or what is there is of another format or workload.
    """
    if (content := address.read(_at(workload))) is None:
        return None
    found = _parsed(Canary, content, f"{address}/{_at(workload)}")
    if found.workload != workload or (found.trial is None) != (found.pointer is None):
        raise PublishedError(f"{address}/{_at(workload)}: no canary of {workload}")
    return found


def note_stopped(address: Address, workload: str, trial: Trial, why: str) -> None:
    """Say that an endpoint has stopped the canary.

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
    return None if content is None else _parsed(Stop, content, f"{address}/{_stop(workload, id)}")


def _parsed(type_: type[Said], content: bytes, where: str) -> Said:
    try:
        return type_.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        at = ".".join(map(str, first["loc"])) or "the file"
        raise PublishedError(f"{where}: not of format {FORMAT} ({at}: {first['msg']})") from error


def _at(workload: str) -> str:
    return f"{workload}/{CANARY}.json"


def _stop(workload: str, id: str) -> str:
    return f"{workload}/stopped-{id}.json"

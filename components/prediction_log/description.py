"""What the log says of itself, `log.json`: whose rows it has, which columns name somebody, how long they are kept."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from components.config.errors import DataError
from components.system.files import write_json

FILE = "log.json"


class Description(BaseModel):
    """What `log.json` says."""

    model_config = ConfigDict(frozen=True)

    workload: str
    kind: str
    task: str
    entities: tuple[str, ...] = ()
    """Columns of a record that name an entity."""
    key: str | None = None
    """The column of a record that is the caller's own key; None: there is none."""
    days: int = 400
    """Days that the log is kept."""
    bytes: int = 4 * 2**30
    """Bytes that it may take, besides the segments that are appended to."""


def describe(folder: Path, description: Description) -> None:
    """Write it beside the log in `folder`, unless it is there.

    Raises:
        DataError: the folder has the log of another workload.
    """
    before = read_description(folder)
    if before and before.workload != description.workload:
        raise DataError(f"{folder} has the log of {before.workload}: name another folder for {description.workload}")
    if before != description:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_json(folder / FILE, description.model_dump(mode="json"))


def describe_once(folder: Path, description: Description) -> None:
    """Do what `describe` does, unless an endpoint has said how long the log is kept.

    Raises:
        DataError: the folder has the log of another workload.
    """
    before = read_description(folder)
    kept = {"days": before.days, "bytes": before.bytes} if before else {}
    describe(folder, description.model_copy(update=kept))


def read_description(folder: Path) -> Description | None:
    """Return what is said of the log in `folder`; None: there is no log.

    Raises:
        DataError: it cannot be read.
    """
    try:
        return Description.model_validate_json((folder / FILE).read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        raise DataError(f"{folder / FILE}: not what an endpoint writes ({error})") from error

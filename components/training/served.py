"""Which bundle of a workload is served: `export` leaves some, `evaluate` says which one in `report/served.json`."""

from pathlib import Path
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from components.config.errors import BundleError
from components.config.settings import artifacts
from components.inference.bundle import ABOUT
from components.system.files import write_json

Precision = Literal["float32", "float16", "int8"]
"""Numbers that a bundle's model computes in; of other than float32, where it has layers that do."""
PRECISIONS: tuple[Precision, ...] = get_args(Precision)

_BUNDLES: dict[Precision, str] = {"float32": "bundle", "float16": "bundle-float16", "int8": "bundle-int8"}


class Served(BaseModel):
    """What was chosen, and why in one line."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    precision: Precision
    reason: str

    def __str__(self) -> str:
        return f"{self.precision}: {self.reason}"


def bundle_path(workload: str, precision: Precision) -> Path:
    """Return the directory of the workload's bundle of that precision."""
    return artifacts(workload, _BUNDLES[precision])


def made(workload: str) -> list[Precision]:
    """Return the precisions of which `export` has made a bundle: of float16 it does where that is asked for."""
    return [precision for precision in PRECISIONS if (bundle_path(workload, precision) / ABOUT).is_file()]


def read_served(workload: str) -> Served:
    """Return which bundle of the workload is served.

    Raises:
        BundleError: `evaluate` has not said so.
    """
    path = _path(workload)
    try:
        return Served.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise BundleError(f"{path}: does not say which bundle is served; run `dvc repro`") from error


def write_served(workload: str, served: Served) -> None:
    """Say which bundle of the workload is served."""
    write_json(_path(workload), served.model_dump())


def _path(workload: str) -> Path:
    return artifacts(workload, "report") / "served.json"

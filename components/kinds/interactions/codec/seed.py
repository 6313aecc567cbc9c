"""What the endpoint has to remember on its first day, in the bundle: `serving/history.npz`.

Arrays `user` and `item` (int32 `[N]`, places in `users` and `items`) and `time` (int64 `[N]`, milliseconds since 1970,
in its order), and the names `users` and `items` (text).
"""

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

SEED = "history.npz"

Int64 = NDArray[np.int64]
Names = NDArray[np.str_]


class Taken(NamedTuple):
    """Who took what and when, `[N]` each, in the order of time."""

    users: Names
    items: Names
    times: Int64


def read_seed(path: Path) -> Taken:
    """Return what the archive holds."""
    with np.load(path) as archive:
        found = {name: archive[name] for name in archive.files}
    return Taken(found["users"][found["user"]], found["items"][found["item"]], found["time"])


def write_seed(path: Path, users: Sequence[str] | Names, items: Sequence[str] | Names, times: Int64) -> None:
    """Write the archive; the same content gives the same bytes, as its members are dated 1980."""
    arrays: dict[str, NDArray[np.generic]] = {"time": np.asarray(times, dtype=np.int64)}
    for name, texts in (("user", users), ("item", items)):
        known, places = np.unique(np.asarray(texts, dtype=np.str_), return_inverse=True)
        arrays |= {name: places.astype(np.int32), f"{name}s": known}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                npy.write_array(file, array, version=(1, 0))

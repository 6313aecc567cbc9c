"""The files of a folder in a ZIP file, wherever in it the folder lies: who packs a repository puts its name before."""

import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath


def files_in(path: Path, folder: str) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each file that lies in a folder called `folder`, in the order of the names.

    Raises:
        BadZipFile: it is no ZIP file.
    """
    with zipfile.ZipFile(path) as archive:
        members = [PurePosixPath(info.filename) for info in archive.infolist() if not info.is_dir()]
        for member in sorted((one for one in members if one.parent.name == folder), key=lambda one: one.name):
            yield member.name, archive.read(str(member))

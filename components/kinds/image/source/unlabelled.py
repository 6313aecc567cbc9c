"""A folder of pictures without labels -> raw records; its folders, if it has any, are no labels."""

import os
from pathlib import Path, PurePosixPath

from components.config.errors import ConfigError, DataError
from components.kinds.image.source.files import Files, files_below
from components.kinds.image.source.folder import Folder, refuse_empty
from components.kinds.image.source.layout import Layout, PathLabel
from components.kinds.image.source.records import SCHEMA
from components.kinds.raw import Raw

_KEY = "prepare.unlabelled"


def open_unlabelled(path: Path) -> Raw:
    """Open the pictures of a folder and of the folders in it.

    `about` has the files that are lost or passed over, and how the folder was understood.

    Raises:
        ConfigError: there is no such folder.
        DataError: it has no picture that can be read, or a link to a folder.
    """
    if not path.is_dir():
        what = "a file, where a folder of pictures is expected" if path.exists() else "no such folder"
        raise ConfigError(f"{_KEY} {path}: {what}; put pictures without labels there, or leave {_KEY} out")
    _refuse_links(path)
    files = files_below(path)
    folder = Folder(path, "unlabelled", files, _layout(files))
    if not files.pictures:
        refuse_empty(folder, f"{_KEY} {path}", "pictures are expected, in any folders or in none")
    about = folder.about()
    return Raw(SCHEMA, folder.batches(), {name: about[name] for name in ("ignored", "lost", "read")})


def _refuse_links(path: Path) -> None:
    """Raise a `DataError` where a link leads to a folder: DVC does not look behind it."""
    links = [path] if path.is_symlink() else []
    for folder, names, _ in os.walk(path):
        links += [link for name in names if (link := Path(folder) / name).is_symlink()]
    if links:
        raise DataError(
            f"{_KEY}: {links[0]} is a link to a folder, which DVC does not look into: put the pictures themselves "
            "there (`cp -al` takes no space)"
        )


def _layout(files: Files) -> Layout:
    pictures = {name: PathLabel(None, None, str(PurePosixPath(name).parent)) for name in files.pictures}
    return Layout(pictures=pictures)

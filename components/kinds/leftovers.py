"""Files and folders that systems and tools leave behind in people's folders: nobody means them as data."""

import re

_NAMES = {
    "__macosx",
    "__pycache__",
    "@eadir",
    "@recycle",
    "@recently-snapshot",
    "#recycle",
    "#snapshot",
    "$recycle.bin",
    "recycler",
    "system volume information",
    "lost+found",
    "network trash folder",
    "temporary items",
    "thumbs.db",
    "thumbs.db:encryptable",
    "ehthumbs.db",
    "ehthumbs_vista.db",
    "desktop.ini",
    "folder.htt",
    "picasa.ini",
    "icon\r",
    "desktop.lnk",
}
_PATTERN = re.compile(
    r"^\..*"  # hidden, as `.DS_Store`, `._x.jpg`, `.git`, `.ipynb_checkpoints`
    r"|^~\$.*|.*~$"  # open in an office program, or an editor's copy
    r"|.*\.(dvc|lnk|url|crdownload|part|partial|download|tmp|temp|swp|swo)$",
    re.IGNORECASE | re.DOTALL,
)
_SORTS = (
    ("._", "._ files of macOS"),
    (".trash", ".Trash folders"),
)


def is_leftover(name: str) -> bool:
    """Whether a file or folder of this name was left behind by a system or a tool."""
    return name.lower() in _NAMES or _PATTERN.match(name) is not None


def sort_of(name: str) -> str:
    """Return what to call leftovers of this name where they are counted: many names stand for one sort."""
    lower = name.lower()
    if lower in _NAMES:
        return name.strip()
    for beginning, sort in _SORTS:
        if lower.startswith(beginning):
            return sort
    suffix = lower.rpartition(".")[2]
    return name if name.startswith(".") else f"*.{suffix}" if "." in lower else name

"""A project folder that was moved, renamed or copied: the addresses in its databases under state/ are corrected.

MLflow keeps the whole address of every artifact, Prefect the folder of every deployment. A moved project would find
nothing, and a copy would read from the original and write into it. Nothing but the databases under this folder's own
state/ is touched, each in one transaction, so that a kill leaves either the old or the new addresses.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from components.config.settings import STATE

_ARTIFACTS = "state/mlflow/artifacts"
_PATIENCE = 30.0  # seconds for another process to let go of the database


def follow_folder(root: Path) -> str:
    """Have the databases under `root`/state follow the project's folder; return what was done, in one line."""
    store = root / STATE / "mlflow" / "mlflow.db"
    new = (root / _ARTIFACTS).as_uri()
    old = [address for address in _artifact_folders(store) if address != new]
    if not old:
        return ""
    folders = [str(Path(url2pathname(urlsplit(address).path)).parents[2]) for address in old]
    _replace_addresses(store, dict.fromkeys(old, new))
    _replace_folders(root / STATE / "prefect" / "prefect.db", {folder: str(root) for folder in folders})
    return f"this folder was {', '.join(folders)}: MLflow's addresses under state/ now lead to {root}"


def _artifact_folders(store: Path) -> list[str]:
    """Return the artifact folders of projects that MLflow's experiments name."""
    if not store.is_file():
        return []
    with closing(sqlite3.connect(store, timeout=_PATIENCE)) as database:
        if not _columns(database, "experiments"):
            return []
        found = database.execute("SELECT DISTINCT artifact_location FROM experiments").fetchall()
    return [address for (address,) in found if address and address.startswith("file:") and address.endswith(_ARTIFACTS)]


def _replace_addresses(store: Path, addresses: dict[str, str]) -> None:
    """Replace each address, and those of what lies below it, in every column of text."""
    with closing(sqlite3.connect(store, timeout=_PATIENCE, isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        columns = [(table, column) for (table,) in tables for column in _columns(database, table)]
        for table, column in columns:
            for old, new in addresses.items():
                database.execute(
                    f'UPDATE "{table}" SET "{column}" = ? || substr("{column}", ?) '  # noqa: S608 - names of its own
                    f'WHERE "{column}" = ? OR substr("{column}", 1, ?) = ?',
                    (new, len(old) + 1, old, len(old) + 1, f"{old}/"),
                )
        database.execute("COMMIT")


def _replace_folders(store: Path, folders: dict[str, str]) -> None:
    """Replace the folder in which Prefect's worker runs each deployment."""
    if not store.is_file():
        return
    with closing(sqlite3.connect(store, timeout=_PATIENCE, isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        for column in {"path", "pull_steps"} & set(_columns(database, "deployment")):
            for old, new in folders.items():
                database.execute(f"UPDATE deployment SET {column} = ? WHERE {column} = ?", (new, old))  # noqa: S608
                database.execute(
                    f"UPDATE deployment SET {column} = replace({column}, ?, ?)",  # noqa: S608
                    (f'"{old}"', f'"{new}"'),
                )
        database.execute("COMMIT")


def _columns(database: sqlite3.Connection, table: str) -> list[str]:
    """Return the table's columns of text; none: there is no such table."""
    found = database.execute("SELECT name, type FROM pragma_table_info(?)", (table,)).fetchall()
    return [name for name, kind in found if kind.upper().startswith(("VARCHAR", "TEXT", "JSON"))]

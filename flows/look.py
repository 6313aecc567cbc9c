"""What is there, grouped by likeness, with labels or without. `python -m flows.look [WORKLOAD]`.

state/look/<workload>/index.html     the page: a map, the groups, outliers, duplicates
state/look/<workload>/groups.csv     a row for each picture
state/look/<workload>/groups.json    the same, with the groups
"""

import argparse
from pathlib import Path

from components import catalogue
from components.config.errors import ConfigError
from components.config.params import Workload
from components.config.settings import INBOX, STATE, artifacts
from components.data.ingest import data_set_at
from components.exploration.features import By, Features, champion_features, other_features
from components.exploration.groups import Groups, group_examples
from components.exploration.page import page
from components.exploration.tables import as_csv, as_json, group_name, labels_of, sort_into
from components.inference.bundle import Bundle
from components.kinds.contract.exploration import Exploration, Explored
from components.kinds.raw import Origin
from components.registry.promotion.aliases import champion
from components.system.files import write_content
from flows import console
from flows.servers import ask_registry
from flows.tables import table

DEFAULT = "garments"
MOST, FEWEST = 5_000, 6
COLUMNS = ["group", "pictures", "labels", "the most typical"]


def look(name: str, groups: int | None = None, by: By | None = None, most: int = MOST, into: Path | None = None) -> str:
    """Group the pictures of the workload `name`, write page and tables, and say what came of it.

    Args:
        name: of the workload; it need not have been trained, nor its pictures have labels.
        groups: how many; None: decided.
        by: what pictures are compared by; None: the first of champion, backbone, simple that there is.
        most: pictures that are looked at, evenly spread.
        into: a new folder, into which the files are copied, one folder a group; None: they are not.

    Raises:
        ConfigError: there is no such workload, its kind is not grouped, or a number or folder is none.
        DataError: there are too few pictures, or there is not what they are to be compared by.
    """
    workload = catalogue.workload(name)
    kind = catalogue.exploration(workload.kind)
    if kind is None:
        raise ConfigError(f"{name}: pictures are grouped, and it is of kind {workload.kind}")
    if groups is not None and groups < 1:
        raise ConfigError(f"--groups {groups}: at least one")
    if most < FEWEST:
        raise ConfigError(f"--most {most}: at least {FEWEST}")
    if into is not None and into.exists():
        raise ConfigError(f"{into}: is there already; name a new folder")
    explored, features = _looked_at(name, workload, kind, by, most)
    found = group_examples(features.values, lambda pairs: kind.alike(explored.inputs, pairs), groups)
    folder = STATE / "look" / name
    folder.mkdir(parents=True, exist_ok=True)
    write_content(folder / "index.html", page(name, kind, explored, found, features.said))
    write_content(folder / "groups.csv", as_csv(explored, found))
    write_content(folder / "groups.json", as_json(explored, found, features.said))
    said = [_table(name, explored, found) + features.said, _counts(explored, found), _where(folder)]
    return "\n".join([*said, _next(name, explored, found, into)])


def _looked_at(name: str, workload: Workload, kind: Exploration, by: By | None, most: int) -> tuple[Explored, Features]:
    """Return the pictures as what they are compared by takes them, and what they are compared by."""
    origins = {"source": Origin(workload.source, data_set_at(workload.source, workload.kind), None)}
    inbox = INBOX / name
    if inbox.is_dir():
        origins["inbox"] = Origin(str(inbox), None, None)
    if by in (None, "champion"):
        ask_registry()
        version = champion(name)
        if version is not None:
            bundle = Bundle(version.bundle())
            explored = kind.read(origins, workload.prepare, bundle.about.input, most)
            if features := champion_features(bundle, version.number, explored.inputs):
                return explored, features
        if by == "champion":
            raise ConfigError(
                f"--by champion: {name} has none that tells of its pictures; write --by backbone or simple"
            )
    explored = kind.read(origins, workload.prepare, None, most)
    return explored, other_features(kind, explored.inputs, workload, artifacts(name, "backbone"), by)


def _table(name: str, explored: Explored, groups: Groups) -> str:
    rows = []
    for group in range(groups.count):
        members, labels = groups.members(group), labels_of(explored, groups, group)
        told = ", ".join(f"{label} {count:,}" for label, count in labels[:3])
        rows.append([group_name(group), f"{len(members):,}", told, explored.names[members[0]]])
    return table(f"{name}: {len(explored.names):,} of {explored.total:,} pictures", COLUMNS, rows)


def _counts(explored: Explored, groups: Groups) -> str:
    unreadable = f", not readable: {len(explored.unreadable):,}" if explored.unreadable else ""
    return f"duplicates: {(groups.duplicate_of >= 0).sum():,}, outliers: {groups.outlier.sum():,}{unreadable}"


def _where(folder: Path) -> str:
    return f"the page: {folder / 'index.html'}; the tables: {folder / 'groups.csv'}, {folder / 'groups.json'}"


def _next(name: str, explored: Explored, groups: Groups, into: Path | None) -> str:
    """Return how labelling goes on; the files are copied first, where they are to be."""
    if into is None:
        return f"to label by the group: python -m flows.look {name} --into FOLDER copies the files, a folder a group"
    return (
        f"{sort_into(explored, groups, into):,} files copied to {into}: rename its folders to labels, put those of one "
        f"label together, move what lies in a wrong one, and write source: {into}"
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m flows.look", description=__doc__.partition(".")[0])
    parser.add_argument("workload", nargs="?", default=DEFAULT, help=f"whose pictures ({DEFAULT})")
    parser.add_argument("--groups", type=int, help="how many groups (decided)")
    parser.add_argument("--by", choices=("champion", "backbone", "simple"), help="what pictures are compared by")
    parser.add_argument("--most", type=int, default=MOST, help=f"pictures that are looked at ({MOST:,})")
    parser.add_argument("--into", type=Path, metavar="FOLDER", help="copy the files into a new folder, by group")
    return parser.parse_args()


if __name__ == "__main__":
    said = _arguments()
    console.show(lambda: look(said.workload, said.groups, said.by, said.most, said.into))

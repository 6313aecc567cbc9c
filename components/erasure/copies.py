"""What was copied of records into bundles and beside them, wherever a bundle lies; and rows that were scored."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import yaml

from components import catalogue
from components.config.errors import BundleError
from components.config.params import Workload
from components.config.settings import CHAMPIONS, SCHEMAS, STATE
from components.erasure.subject import Removed, Subject
from components.erasure.texts import remove_rows
from components.inference.bundle import ABOUT, SERVING, read_about
from components.inference.champion.published import Pointer
from components.inference.examples import EXAMPLES
from components.kinds.replaced import replace
from components.system.files import read_json, scratch_directory, sha256, whole_file

_INPUTS = ("input_example.json", "serving_input_example.json")
"""Examples of inputs that MLflow keeps with a model."""


def erase_from_copies(name: str, workload: Workload, subject: Subject) -> Iterator[Removed]:
    """Remove the subject from every bundle of the workload that lies on this machine, and from what lies beside one."""
    for bundle in bundles(name):
        yield from _seeds(bundle, workload, subject)
        for folder in dict.fromkeys((bundle, bundle.parent.parent)):
            yield from _examples(bundle, folder, subject)
    for path in sorted((STATE / "scores").glob(f"{name}-*.parquet")):
        if count := remove_rows(path, lambda row: _was_scored(row, subject), {"id", subject.column}):
            yield Removed(str(path), "scored rows", count)


def bundles(name: str) -> list[Path]:
    """Return the folders of the workload's bundles outside of `artifacts/`."""
    found: dict[Path, Path] = {}
    for root in _roots():
        for path in root.rglob(ABOUT):
            try:
                if read_about(path.parent).workload == name:
                    found.setdefault(path.parent.resolve(), path.parent)
            except BundleError:
                continue
    return sorted(found.values())


def shown_by(name: str, subject: Subject) -> list[str]:
    """Return the files that show the subject as the example of a column; what they are is named by their hash."""
    shown = []
    for bundle in bundles(name):
        columns = read_about(bundle).input.get("schema", {}).get("columns", {})
        if subject.is_it(columns.get(subject.column, {}).get("example")):
            shown.append(str(bundle / ABOUT))
    return shown


def older_bentos(name: str) -> list[str]:
    """Return the Bentos whose code was made before files of a bundle could be rewritten: they refuse such a bundle."""
    home = Path(os.environ.get("BENTOML_HOME") or STATE / "bentoml") / "bentos" / name
    with_code = (path for path in home.glob("*/src/components/kinds") if not (path / "replaced.py").exists())
    return sorted(f"{name}:{path.parents[2].name}" for path in with_code)


def erase_from_schema(name: str, subject: Subject) -> Iterator[Removed]:
    """Leave the subject out of the schema, where it is the example of a column."""
    path = SCHEMAS / f"{name}.yaml"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
    left = [_without_example(line, subject) for line in lines]
    if left != lines:
        with whole_file(path) as draft:
            draft.write_text("".join(left), encoding="utf-8")
        yield Removed(str(path), "example of a column", 1)


def _roots() -> list[Path]:
    homes = [STATE, Path(os.environ.get("BENTOML_HOME") or STATE / "bentoml")]
    if (address := os.environ.get(CHAMPIONS)) and "://" not in address:
        homes.append(Path(address))
    return [home for home in dict.fromkeys(homes) if home.is_dir()]


def _seeds(bundle: Path, workload: Workload, subject: Subject) -> Iterator[Removed]:
    kind = catalogue.erasure(workload.kind)
    for name in kind.KEPT if kind else ():
        path = bundle / SERVING / name
        if kind and path.exists():
            with scratch_directory(path) as draft:
                if count := kind.erase_kept(path, workload, subject.column, subject.value, draft / name):
                    _to_disk(draft / name)
                    replace(path, draft / name)
                    yield Removed(str(path), "records", count)


def _examples(bundle: Path, folder: Path, subject: Subject) -> Iterator[Removed]:
    for path in (folder / name for name in (EXAMPLES, *_INPUTS)):
        if not path.exists() or (folder != bundle and not (folder / "MLmodel").exists()):
            continue
        content = read_json(path)
        left = without(content, subject)
        if left != content:
            indent = 2 if path.read_text().count("\n") > 1 else None  # as it was written
            with scratch_directory(path) as draft:
                (draft / path.name).write_text(json.dumps(left, indent=indent, ensure_ascii=False) + "\n")
                _point_to(bundle, path.name, sha256(draft / path.name))
                _to_disk(draft / path.name)
                (draft / path.name).replace(path)
            yield Removed(str(path), "examples", _length(content) - _length(left))


def without(content: Any, subject: Subject) -> Any:
    """Return JSON without the rows that are the subject's: objects in a list, or rows under the names of `columns`."""
    if isinstance(content, list):
        return [without(item, subject) for item in content if not _is_of(item, subject)]
    if not isinstance(content, dict):
        return content
    columns, rows = content.get("columns"), content.get("data")
    if isinstance(columns, list) and isinstance(rows, list) and subject.column in columns:
        place = columns.index(subject.column)
        return {**content, "data": [row for row in rows if not subject.is_it(row[place])]}
    return {name: without(value, subject) for name, value in content.items()}


def _is_of(item: Any, subject: Subject) -> bool:
    if not isinstance(item, dict):
        return False
    return subject.is_it(item.get(subject.column)) or any(_is_of(value, subject) for value in item.values())


def _length(content: Any) -> int:
    """Return how many rows there are in such JSON."""
    if isinstance(content, list):
        return len(content)
    rows = content.get("data") if isinstance(content, dict) else None
    return len(rows) if isinstance(rows, list) else sum(map(_length, content.values()))


def _point_to(bundle: Path, name: str, hash: str) -> None:
    """Have the pointers to a published bundle name what will lie beside it; the same is found by the next run."""
    for path in bundle.parent.glob("*.json"):
        try:
            pointer = Pointer.model_validate_json(path.read_bytes())
        except ValueError:
            continue
        if pointer.path.endswith(f"/{bundle.name}") and name in pointer.beside:
            moved = pointer.model_copy(update={"beside": {**pointer.beside, name: hash}})
            with whole_file(path) as draft:
                draft.write_bytes(moved.model_dump_json(indent=2).encode() + b"\n")


def _was_scored(row: dict[str, object], subject: Subject) -> bool:
    return subject.is_it(row.get(subject.column)) or str(row.get("id")) in subject.keys


def _without_example(line: str, subject: Subject) -> str:
    stripped = line.strip()
    try:
        said = yaml.safe_load(stripped)
    except yaml.YAMLError:
        return line
    if not isinstance(said, dict) or subject.column not in said or not isinstance(said[subject.column], dict):
        return line
    column = cast("dict[str, Any]", said[subject.column])
    if not subject.is_it(column.pop("example", None)):
        return line
    written = yaml.safe_dump(
        {subject.column: column}, sort_keys=False, allow_unicode=True, width=10_000, default_flow_style=None
    )
    return line[: len(line) - len(line.lstrip())] + written.strip() + "\n"


def _to_disk(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())

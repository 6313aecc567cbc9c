import json
from pathlib import Path

import numpy as np
import pytest

from components.config.errors import ConfigError
from components.erasure.copies import erase_from_schema, without
from components.erasure.erase import erase_entity, erase_event, erase_key
from components.erasure.inbox import erase_from_inbox, erase_from_unlabelled
from components.erasure.subject import Subject
from components.kinds.image.params import Workload as PictureWorkload
from components.kinds.table import erasure
from components.kinds.table.params import Workload

WHO = Subject("customer", "4711")
SECTION = {
    "kind": "table",
    "source": "rows.csv",
    "prepare": {
        "columns": {"label": "fraud", "time": "time", "id": "payment"},
        "entities": {"customer": {"measures": ["count"]}},
        "split": {"train": 1, "validation": 1, "test": 1},
    },
    "train": {},
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    mugs = {"kind": "image", "source": "mugs", "prepare": {"size": 8, "channels": 1}, "train": {}}
    timeless = {"kind": "table", "source": "rows.csv", "prepare": {"columns": {"label": "fraud"}}, "train": {}}
    sections = {"fraud": SECTION, "mugs": mugs, "houses": timeless}
    Path("params.yaml").write_text(json.dumps({"workloads": sections}))
    return tmp_path


def test_what_is_known_is_named(project: Path) -> None:
    with pytest.raises(ConfigError, match="fraud: 'owner' is no entity of it: its entities are customer"):
        erase_entity("fraud", "owner", "4711", False)
    with pytest.raises(ConfigError, match="mugs: 'owner' is no entity of it: it has none; --key and --event name"):
        erase_entity("mugs", "owner", "4711", False)
    with pytest.raises(ConfigError, match="houses: its records have no key of their own"):
        erase_key("houses", "4711", False)
    with pytest.raises(ConfigError, match="'4711' is no event id: one is of the form"):
        erase_event("fraud", "4711", False)
    with pytest.raises(ConfigError, match=r"no answer in state/log/fraud has this id; `python -m flows\.log fraud` "):
        erase_event("fraud", "01a22695-2e18-7000-b3e4-f4bea83a0000", False)


def test_the_inbox_of_pictures(project: Path) -> None:
    folder = Path("data/inbox/mugs")
    (folder / "cup").mkdir(parents=True)
    for name in ("a.png", "b.png"):
        (folder / "cup" / name).write_bytes(b"picture")
    (folder / "labels.csv").write_text("file,label\ncup/a.png,cup\ncup/b.png,cup\n")
    removed = list(erase_from_inbox("mugs", Subject("name", "a.png"), True))
    assert [(Path(one.place).name, one.count) for one in removed] == [("a.png", 1), ("labels.csv", 1)]
    assert sorted(path.name for path in folder.rglob("*.png")) == ["b.png"]
    assert (folder / "labels.csv").read_text() == "file,label\ncup/b.png,cup\n"


@pytest.mark.parametrize("name", ["unlabelled/shelf/a.png", "shelf/a.png", "a.png"])
def test_a_picture_without_a_label(name: str, project: Path) -> None:
    folder = Path("data/unlabelled/mugs/shelf")
    folder.mkdir(parents=True)
    for file in ("a.png", "b.png"):
        (folder / file).write_bytes(b"picture")
    section = {"kind": "image", "source": "mugs", "prepare": {"unlabelled": "data/unlabelled/mugs"}, "train": {}}
    removed = list(erase_from_unlabelled(PictureWorkload.model_validate(section), Subject("name", name)))
    assert [Path(one.place).name for one in removed] == ["a.png"]
    assert [path.name for path in folder.iterdir()] == ["b.png"]


def test_a_picture_of_the_inbox_by_its_name_among_the_raw_records(project: Path) -> None:
    folder = Path("data/inbox/mugs/cup")
    folder.mkdir(parents=True)
    (folder / "a.png").write_bytes(b"picture")
    assert len(list(erase_from_inbox("mugs", Subject("name", "inbox/cup/a.png"), True))) == 1


def test_the_inbox_of_a_table_with_folders_of_values(project: Path) -> None:
    for value in ("4711", "47110"):
        folder = Path("data/inbox/fraud") / f"customer={value}"
        folder.mkdir(parents=True)
        (folder / "rows.csv").write_text("amount\n1\n")
    assert len(list(erase_from_inbox("fraud", WHO, False))) == 1
    assert [path.parent.name for path in Path("data").rglob("*.csv")] == ["customer=47110"]


def test_examples_go_as_a_whole_and_nothing_else() -> None:
    kept = {"name": "0", "row": {"customer": 47110, "amount": 4711}}
    assert without([{"name": "1", "row": {"customer": 4711}}, kept], WHO) == [kept]
    split = {"columns": ["customer", "amount"], "data": [[4711, 1.0], [12, 4711]]}
    assert without({"dataframe_split": split}, WHO) == {"dataframe_split": {**split, "data": [[12, 4711]]}}
    assert without({"customer": 4711, "others": ["4711"]}, WHO) == {"customer": 4711, "others": ["4711"]}


def test_the_example_of_a_schema(project: Path) -> None:
    path = Path("data/schemas/fraud.yaml")
    path.parent.mkdir(parents=True)
    amount, customer = "{type: number, example: 4711}", "{type: integer, nulls: 0.0, example: 4711}"
    text = f"# mine\ncolumns:\n  amount: {amount}\n  customer: {customer}\n"
    path.write_text(text)
    assert len(list(erase_from_schema("fraud", WHO))) == 1
    assert path.read_text() == text.replace("nulls: 0.0, example: 4711", "nulls: 0.0")
    assert list(erase_from_schema("fraud", WHO)) == []


def test_a_seed_without_somebody_has_all_others_and_the_same_bytes_each_time(tmp_path: Path) -> None:
    workload, path = Workload.model_validate(SECTION), tmp_path / "history.npz"
    known = {
        "id": np.array(["a", "b", "c"]),
        "time": np.arange(3),
        "entity_customer": np.array(["12", "4711", "47110"]),
    }
    np.savez(path, **known)
    for name in ("one", "two"):
        assert erasure.erase_kept(path, workload, "customer", "4711", tmp_path / name) == 1
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    with np.load(tmp_path / "one") as left:
        assert {name: left[name].tolist() for name in left.files} == {
            name: values[[0, 2]].tolist() for name, values in known.items()
        }
    assert erasure.erase_kept(path, workload, "payment", "b", tmp_path / "three") == 1
    assert erasure.erase_kept(path, workload, "customer", "nobody", tmp_path / "four") == 0
    assert not (tmp_path / "four").exists()

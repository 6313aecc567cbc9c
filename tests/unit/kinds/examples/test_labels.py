from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.config.errors import ConfigError
from components.kinds.examples.labels import label_examples, listed
from components.kinds.examples.source_example import SourceExample, part_finder, read_source_examples

FILES = [
    SourceExample("source/yes_ann_1.wav", None, None, None),
    SourceExample("source/no_bob_1.wav", None, None, None),
    SourceExample("source/noise.wav", None, None, None),
    SourceExample("inbox/no/yes_ann_2.wav", "no", None, "day"),
]


def test_what_a_source_says_is_read_without_the_files(tmp_path: Path) -> None:
    said = {"name": ["source/a/.b/1.png", "inbox/a/2.png"], "label": ["a", None], "folder": [".b", "."]}
    pq.write_table(
        pa.table({**said, "picture": [b"x", b"y"], "row": [None, '{"t.csv": [{"c": "v"}]}']}), tmp_path / "r"
    )
    first, second = read_source_examples(pq.ParquetFile(tmp_path / "r"))
    assert (first.path, first.came_later, first.folder, first.rows) == ("a/.b/1.png", False, ".b", {})
    assert (second.path, second.came_later, second.folder) == ("a/2.png", True, None)
    assert second.rows == {"t.csv": [{"c": "v"}]}


@pytest.mark.parametrize(
    ("said", "part", "found"),
    [
        ("folder", "label", "no"),
        ("folder", "group", "day"),
        ("{label}_*", "label", "yes"),
        ("{label}_*", "group", None),
    ],
)
def test_a_part_is_in_the_folders_or_in_the_name(said: str, part: str, found: str | None) -> None:
    find = part_finder(said, part, "prepare.any")
    assert (find and find(FILES[3])) == found


def test_labels_and_groups_are_in_the_names_and_folders_of_the_inbox_are_labels() -> None:
    labelled, read = label_examples(FILES, "{label}_*", "*_{group}_*", None, "recording")
    assert {row: (one.label, one.group) for row, one in labelled.items()} == {
        0: ("yes", "ann"),
        1: ("no", "bob"),
        3: ("no", "ann"),
    }
    assert [one.row for one in labelled.values()] == [0, 1, 3]
    assert read == ["each of 2 groups is in one split: ann (2), bob (1)"]


@pytest.mark.parametrize(
    ("labels", "group", "told"),
    [
        ("name", None, r"prepare\.labels: 'name' is neither `folder` nor a pattern with {label} in it"),
        ("folder", "*_#", r"prepare\.group: '\*_#' is neither `folder` nor a pattern with {group} in it"),
        ("{label}-*", None, r"prepare\.labels: '{label}-\*' finds no label, as of 'source/yes_ann_1.wav'"),
        ("{label}_*", "folder", r"prepare\.group: 'folder' finds no group, as of 'source/yes_ann_1.wav'"),
    ],
)
def test_what_fits_no_name_is_refused(labels: str, group: str | None, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        label_examples(FILES[:3], labels, group, None, "recording")


def test_of_many_names_the_first_are_listed() -> None:
    assert listed([str(number) for number in range(10)]) == "0, 1, 2, 3, 4, 5, 6, 7 and 2 more"

"""Tables beside pictures that say their labels, as people write them."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from components.config.errors import ConfigError, DataError
from components.kinds.image.source.matching import Pictures
from tests.unit.kinds.image.preparing import label_of, prepared, save

COUNT = 24


@pytest.fixture
def images(tmp_path: Path) -> Path:
    for number in range(COUNT):
        save(tmp_path / "pets" / "images" / f"{number:03d}.jpg", number)
    return tmp_path / "pets"


def table(path: Path, header: str, row: Callable[[int], str], numbers: Iterable[int] = range(COUNT)) -> None:
    path.write_text("\n".join([*([header] if header else []), *map(row, numbers)]) + "\n")


@pytest.mark.parametrize(
    "file", ["file", "filename", "file_name", "image", "image_id", "img", "path", "id", "Image Path"]
)
@pytest.mark.parametrize("label", ["label", "class", "category", "target", "Species", "class_name"])
def test_columns_are_known_by_their_common_names(images: Path, file: str, label: str) -> None:
    table(images / "labels.csv", f"{file},{label}", lambda number: f"{number:03d}.jpg,{label_of(number)}")
    data, report = prepared(images)
    assert data.classes == ("cat", "dog")
    assert sum(data.counts.values()) == COUNT
    assert report["read"] == [f"the labels are in the column {label!r} of labels.csv"]


@pytest.mark.parametrize(
    "written",
    [
        "{:03d}.jpg",
        "{:03d}",
        "images/{:03d}.jpg",
        "./images/{:03d}.jpg",
        "{:03d}.png",
        "C:\\Users\\me\\images\\{:03d}.jpg",
        "/kaggle/input/pets/images/{:03d}.jpg",
        "{}",
    ],
)
def test_files_are_found_however_they_are_written(images: Path, written: str) -> None:
    table(images / "labels.csv", "id,label", lambda number: f"{written.format(number)},{label_of(number)}")
    data, _ = prepared(images)
    assert sum(data.counts.values()) == COUNT


@pytest.mark.parametrize(
    ("separator", "encoding", "name"),
    [
        (";", "utf-8-sig", "labels.csv"),
        ("\t", "utf-16", "labels.tsv"),
        (",", "cp1252", "l.csv"),
        (" ", "utf-8", "l.txt"),
    ],
)
@pytest.mark.parametrize("header", [True, False])
def test_any_separator_and_encoding_is_read(
    images: Path, separator: str, encoding: str, name: str, header: bool
) -> None:
    labels = {"cat": "chat-t\u00eate", "dog": "chien"}
    lines = [f"{number:03d}.jpg{separator}{labels[label_of(number)]}" for number in range(COUNT)]
    head = [f"filename{separator}label"] if header else []
    (images / name).write_text("\r\n".join([*head, *lines]), encoding=encoding)
    data, _ = prepared(images)
    assert data.classes == ("chat-t\u00eate", "chien")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("labels.json", json.dumps({f"{number:03d}.jpg": label_of(number) for number in range(COUNT)})),
        (
            "l.json",
            json.dumps([{"file": f"{number:03d}", "label": label_of(number), "x": [1]} for number in range(COUNT)]),
        ),
        (
            "metadata.jsonl",
            "\n".join(
                json.dumps({"file_name": f"images/{number:03d}.jpg", "label": label_of(number)})
                for number in range(COUNT)
            ),
        ),
    ],
)
def test_a_table_may_be_json(images: Path, name: str, content: str) -> None:
    (images / name).write_text(content)
    data, report = prepared(images)
    assert data.classes == ("cat", "dog")
    assert report["read"] == [f"the labels are in the column 'label' of {name}"]


def test_a_spreadsheet_has_to_be_saved_as_csv(images: Path) -> None:
    (images / "labels.xlsx").write_bytes(b"PK\3\4")
    with pytest.raises(DataError, match=r"the pictures have no label .*labels\.xlsx says them, save it as CSV"):
        prepared(images)


@pytest.mark.parametrize("name", ["labels/000.txt", "annotations/000.xml", "instances_train.json"])
def test_boxes_are_no_labels(images: Path, name: str) -> None:
    (images / name).parent.mkdir(exist_ok=True)
    (images / name).write_text("0 0.5 0.5 0.2 0.2")
    with pytest.raises(DataError, match=rf"no label of their own; {Path(name).name} looks as if it said what is where"):
        prepared(images)


def test_what_is_no_table_is_passed_over(images: Path) -> None:
    table(images / "labels.csv", "file,label", lambda number: f"{number:03d}.jpg,{label_of(number)}")
    (images / "other.csv").write_bytes(b"PK\3\4\0\0")
    (images / "notes.txt").write_text("hello there\nand more")
    (images / "empty.csv").write_bytes(b"")
    (images / "broken.json").write_text("{")
    data, report = prepared(images)
    assert data.classes == ("cat", "dog")
    assert len(report["ignored"]) == 4


def test_an_index_and_other_columns_do_no_harm(images: Path) -> None:
    table(images / "labels.csv", ",path,age,label", lambda number: f"{number},{number:03d}.jpg,9,{label_of(number)}")
    _, report = prepared(images)
    assert report["read"] == ["the labels are in the column 'label' of labels.csv"]


def test_of_a_number_and_a_word_for_the_same_the_word_is_taken(images: Path) -> None:
    table(images / "l.csv", "file,label,class_name", lambda number: f"{number:03d}.jpg,{number % 2},{label_of(number)}")
    data, _ = prepared(images)
    assert data.classes == ("cat", "dog")


def test_a_column_for_each_label_is_read(images: Path) -> None:
    table(images / "l.csv", "file,cat,dog", lambda number: f"{number:03d}.jpg,{number % 2},{1 - number % 2}")
    data, report = prepared(images)
    assert data.classes == ("cat", "dog")
    assert report["read"] == ["the labels are in the columns of 0 and 1 of l.csv"]


def test_a_column_may_say_the_split(images: Path) -> None:
    splits = ["train"] * 12 + ["valid"] * 6 + ["test"] * 6
    table(images / "l.csv", "file,label,split", lambda number: f"{number:03d}.jpg,{label_of(number)},{splits[number]}")
    data, report = prepared(images)
    assert data.counts == {"train": 12, "validation": 6, "test": 6}
    assert report["read"][1:] == [
        "the splits are in the column 'split' of l.csv",
        "the splits are taken as they are given: train, validation and test",
    ]


def test_a_table_for_each_split_is_read(images: Path) -> None:
    for name, numbers in (("train", range(12)), ("val", range(12, 18)), ("test", range(18, 24))):
        table(images / f"{name}.csv", "file,label", lambda number: f"{number:03d}.jpg,{label_of(number)}", numbers)
    data, _ = prepared(images)
    assert data.counts == {"train": 12, "validation": 6, "test": 6}


def test_a_competitions_folders_are_read(tmp_path: Path) -> None:
    for number in range(COUNT):
        save(tmp_path / "pets" / "train" / f"{number}.jpg", number)
        save(tmp_path / "pets" / "test" / f"{number}.jpg", number + COUNT)
    table(tmp_path / "pets" / "train.csv", "id,label", lambda number: f"{number},{label_of(number)}")
    table(tmp_path / "pets" / "sample_submission.csv", "id,label", lambda number: f"{number},cat")
    data, report = prepared(tmp_path / "pets")
    assert sum(data.counts.values()) == COUNT
    assert "24 pictures of the test split have no labels and are passed over" in report["read"]
    assert (
        "given is train; test (20%) and validation (20%) are drawn by content from the pictures of train"
        in report["read"]
    )


def test_a_column_that_says_what_the_folders_say_changes_nothing(tmp_path: Path) -> None:
    for number in range(COUNT):
        save(tmp_path / "pets" / label_of(number) / f"{number}.jpg", number)
    table(tmp_path / "pets" / "l.csv", "file,label", lambda number: f"{number},{label_of(number).upper()}")
    data, report = prepared(tmp_path / "pets")
    assert data.classes == ("cat", "dog")
    assert report["read"] == ["the labels are the folders; the column 'label' of l.csv says the same"]


def test_folders_or_a_column_are_asked_for_and_taken(tmp_path: Path) -> None:
    for number in range(COUNT):
        save(tmp_path / "skin" / f"arm_{number // 12}" / f"{number}.jpg", number)
    table(tmp_path / "skin" / "meta.csv", "image_id,dx", lambda number: f"{number},{label_of(number)}")
    with pytest.raises(DataError) as caught:
        prepared(tmp_path / "skin")
    assert str(caught.value) == (
        "are the labels the folders (arm_0, arm_1) or the column 'dx' of meta.csv (cat, dog)? "
        'Set prepare.labels to "folder" or "meta.csv:dx"'
    )
    assert prepared(tmp_path / "skin", labels="dx")[0].classes == ("cat", "dog")
    assert prepared(tmp_path / "skin", labels="meta.csv:dx")[0].classes == ("cat", "dog")
    assert prepared(tmp_path / "skin", labels="meta.csv")[0].classes == ("cat", "dog")
    assert prepared(tmp_path / "skin", labels="folder")[0].classes == ("arm_0", "arm_1")
    with pytest.raises(ConfigError, match=r"prepare\.labels: 'dy' is no column: there are \"meta\.csv:dx\""):
        prepared(tmp_path / "skin", labels="dy")


def test_folders_that_are_parts_are_no_labels_where_a_table_may_say_them(tmp_path: Path) -> None:
    for number in range(COUNT):
        save(tmp_path / "skin" / f"images_part_{number // 12}" / f"{number}.jpg", number)
    table(tmp_path / "skin" / "meta.csv", "image_id,malignant", lambda number: f"{number},{number % 2}")
    with pytest.raises(DataError) as caught:
        prepared(tmp_path / "skin")
    assert str(caught.value) == (
        "are the labels the folders (images_part_0, images_part_1) or in a table? "
        'Set prepare.labels to "folder", or to one of "meta.csv:malignant"'
    )


@pytest.mark.parametrize(
    ("header", "row", "message"),
    [
        (
            "file,age,site",
            lambda number: f"{number:03d}.jpg,{number % 5},{number % 3}",
            'which column is the label? Set prepare.labels to one of "l.csv:age", "l.csv:site"',
        ),
        (
            "file,age",
            lambda number: f"{number:03d}.jpg,{number % 5}",
            'which column is the label? Set prepare.labels to one of "l.csv:age"',
        ),
        (
            "file,label,width",
            lambda number: f"{number:03d}.jpg,cat,{number % 5}",
            "at least two labels with readable pictures are needed, found 1: ['cat']",
        ),
        (
            "file,label",
            lambda number: f"{number:03d}.jpg,{label_of(number) if number > 3 else 'NaN'}",
            "4 of 24 pictures have no label: 4 without a label in l.csv (source/images/000.jpg, source/images/001.jpg, "
            "source/images/002.jpg, ...); prepare.limits.unlabelled allows 0.01",
        ),
        (
            "file,label",
            lambda number: f"{number:03d}.jpg,{label_of(number)}|bird" if number < 5 else f"{number:03d}.jpg,bird",
            "l.csv:label: 5 pictures have several labels (as 'dog|bird'): one label a picture is learned",
        ),
        (
            "file,label",
            lambda number: f"{number:03d}.jpg,{label_of(number) if number > 3 else ''}",
            "4 of 24 pictures have no label: 4 without a label in l.csv (source/images/000.jpg, source/images/001.jpg, "
            "source/images/002.jpg, ...); prepare.limits.unlabelled allows 0.01",
        ),
        (
            "file,label",
            lambda number: f"{number:03d}.jpg,{label_of(number)}" if number < 20 else f"x{number}.jpg,cat",
            "4 of 28 pictures are named in a table and are not there: 4 in l.csv (x20.jpg, x21.jpg, x22.jpg, ...); "
            "prepare.limits.missing allows 0.01",
        ),
        (
            "file,label",
            lambda number: f"x{number:03d}.jpg,cat",
            "l.csv names 24 pictures, and none of them is there (as 'x000.jpg')",
        ),
        (
            "file,label",
            lambda number: f"{number:03d}.jpg,{'Cat' if number == 3 else label_of(number)}",
            "the labels 'Cat' (1) and 'cat' (11) differ in case alone: "
            "write both the same way, or, if they are two, name one otherwise",
        ),
    ],
)
def test_what_a_table_cannot_mean_is_one_line(
    images: Path, header: str, row: Callable[[int], str], message: str
) -> None:
    table(images / "l.csv", header, row)
    with pytest.raises(DataError) as caught:
        prepared(images)
    assert str(caught.value) == message


def test_two_rows_of_one_picture_are_two_labels(images: Path) -> None:
    table(images / "l.csv", "file,label", lambda number: f"{number:03d}.jpg,cat\n{number:03d}.jpg,{label_of(number)}")
    with pytest.raises(DataError, match=r"l\.csv:label: 12 pictures have several labels \(as cat, dog\): one label a"):
        prepared(images)


def test_pictures_of_the_inbox_have_their_folders_for_labels(images: Path, tmp_path: Path) -> None:
    table(images / "l.csv", "file,label", lambda number: f"{number:03d}.jpg,{label_of(number)}")
    for number in range(5):
        save(tmp_path / "inbox" / "bird" / f"{number}.jpg", 100 + number)
    data, _ = prepared(images, inbox=tmp_path / "inbox")
    assert data.classes == ("bird", "cat", "dog")


def test_of_several_pictures_of_one_name_the_tables_own_is_meant() -> None:
    pictures = Pictures(["train/1.jpg", "test/1.jpg", "train/2.jpg"])
    assert pictures.find("1", "train.csv") == "train/1.jpg"
    assert pictures.find("1.jpg", "test.csv") == "test/1.jpg"
    assert pictures.find("test/1.jpg", "labels.csv") == "test/1.jpg"
    assert pictures.find("1.jpg", "labels.csv") is None
    assert pictures.find("002", "labels.csv") == "train/2.jpg"

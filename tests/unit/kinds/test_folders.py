import os
from pathlib import Path

import pytest

from components.config.errors import DataError
from components.kinds.folders import as_text, files_below, label_text, lay_out

FILES = ("yes/1.wav", "yes/anna/2.wav", "no/1.wav")


def places(*files: str, wrapped: bool = True) -> list[tuple[str | None, str | None, str | None]]:
    return [tuple(place) for place in lay_out([tuple(file.split("/")) for file in files], "here", wrapped).places]


def test_the_first_folder_is_the_label_unless_it_is_a_split() -> None:
    plain = [("yes", None, None), ("yes", None, "anna"), ("no", None, None)]
    assert places(*FILES, "stray.wav") == [*plain, (None, None, None)]
    splits = [(label, split, folder) for split in ("train", "test") for label, _, folder in plain]
    assert places(*(f"train/{name}" for name in FILES), *(f"test/{name}" for name in FILES)) == splits
    assert places("seg_train/yes/1.wav", "seg_test/yes/1.wav", "seg_train/2.wav") == [
        ("yes", "train", None),
        ("yes", "test", None),
        (None, "train", None),
    ]
    assert places("yes/train/a/1.wav", "yes/val/2.wav", "no/train/3.wav") == [
        ("yes", "train", "a"),
        ("yes", "validation", None),
        ("no", "train", None),
    ]


def test_labels_that_sound_like_splits_are_labels() -> None:
    assert places("test/1.wav", "exam/1.wav") == [("test", None, None), ("exam", None, None)]
    assert places("yes/train/1.wav", "yes/tram/2.wav", "no/3.wav")[0] == ("yes", None, "train")


@pytest.mark.parametrize(
    ("files", "told"),
    [
        (("train/a/1", "test/a/1", "more/a/1"), "here: test, train are called as splits, and more beside them is not"),
        (
            ("train_cat/1", "test_cat/1", "train_dog/1", "test_dog/1"),
            "here: the folders test_cat, test_dog, train_cat, train_dog have splits and labels in one name: make them",
        ),
        (("data/a/1", "data/b/1"), "here: all lies in the folder 'data', in a, b: set source to here/data"),
    ],
)
def test_what_can_be_read_in_two_ways_is_asked_in_a_line(files: tuple[str, ...], told: str) -> None:
    found = lay_out([tuple(file.split("/")) for file in files], "here", wrapped=True)
    assert found.ask.startswith(told)
    assert found.places[0].label == files[0].split("/")[0]


def test_one_folder_of_what_came_later_is_a_label() -> None:
    assert places("yes/anna/1.wav", "yes/bert/1.wav", wrapped=False)[0] == ("yes", None, "anna")


def test_links_are_followed_but_not_in_a_circle(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "1.txt").touch()
    source = tmp_path / "source"
    source.mkdir()
    (source / ".hidden").touch()
    (source / "label").symlink_to(tmp_path / "elsewhere")
    (source / "circle").symlink_to(source)
    assert files_below(source) == [source / "label" / "1.txt"]
    (source / "dead").symlink_to(tmp_path / "nowhere")
    with pytest.raises(DataError, match="dead: a link that leads nowhere: mend it, or take it away"):
        files_below(source)


def test_names_are_text_in_one_form() -> None:
    assert as_text(os.fsdecode(b"caf\xe9")) == "caf\\xe9"
    assert label_text(" cafe\u0301 ") == "caf\u00e9"
    assert label_text(None) == ""

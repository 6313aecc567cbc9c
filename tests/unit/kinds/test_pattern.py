"""Labels and groups that stand in the names of pictures."""

from pathlib import Path

import pytest

from components.config.errors import ConfigError, DataError
from components.kinds.pattern import finder, propose
from tests.unit.kinds.image.preparing import label_of, prepared, save


@pytest.mark.parametrize(
    ("pattern", "path", "label"),
    [
        ("{label}.*", "cat.0.jpg", "cat"),
        ("{label}.*", "train/0.jpg", None),
        ("{label}_#", "american_bulldog_10.jpg", "american_bulldog"),
        ("{label}_*", "cat_left_10.jpg", "cat"),
        ("*_{label}", "2024_01_cat.png", "cat"),
        ("{label}#", "dog12.jpg", "dog"),
        ("{label} (#)", "cat (3).jpg", "cat"),
        ("*/{label}/*", "a/cat/1.jpg", "cat"),
        ("{label}_*.png", "cat_1.png", "cat"),
        ("{label}_*.png", "cat_1.jpg", None),
        (r"(?P<label>[a-z]+)\d+", "a/B7/cat12.jpg", "cat"),
    ],
)
def test_a_pattern_finds_its_part(pattern: str, path: str, label: str | None) -> None:
    assert finder(pattern, "label", "prepare.labels")(path) == label


@pytest.mark.parametrize(
    ("names", "proposed"),
    [
        (["{label}.{number}.jpg"], ["{label}.*"]),
        (["{label}_{number}.jpg"], ["{label}_#"]),
        (["{number:04d}_{label}.jpg"], ["*_{label}"]),
        (["{label}{number}.jpg"], ["{label}#"]),
        (["{label} ({number}).jpg"], ["{label} (#)"]),
        (["train/{label}-{number}.jpg"], ["{label}-#"]),
        (["IMG_{number}.jpg"], []),
        (["{number}.jpg"], []),
    ],
)
def test_patterns_are_proposed_where_names_say_labels(names: list[str], proposed: list[str]) -> None:
    paths = [name.format(label=label_of(number), number=number) for number in range(20) for name in names]
    assert [found.pattern for found in propose(paths)] == proposed


def test_labels_in_names_are_asked_for_and_read(tmp_path: Path) -> None:
    for number in range(20):
        save(tmp_path / "pets" / f"{label_of(number)}.{number}.jpg", number)
    with pytest.raises(DataError) as caught:
        prepared(tmp_path / "pets")
    assert str(caught.value) == (
        "the labels seem to be in the names, as 'cat.1.jpg': set prepare.labels: \"{label}.*\" finds cat (10), dog (10)"
    )
    data, report = prepared(tmp_path / "pets", labels="{label}.*")
    assert data.classes == ("cat", "dog")
    assert report["read"] == ["the labels are in the names ({label}.*): cat.1.jpg is 'cat'"]


def test_a_competitions_test_pictures_have_no_label_in_their_names(tmp_path: Path) -> None:
    for number in range(20):
        save(tmp_path / "pets" / "train" / f"{label_of(number)}.{number}.jpg", number)
        save(tmp_path / "pets" / "test1" / f"{number}.jpg", number + 20)
    with pytest.raises(DataError, match=r'set prepare\.labels: "\{label\}\.\*" finds cat \(10\), dog \(10\)'):
        prepared(tmp_path / "pets")
    data, report = prepared(tmp_path / "pets", labels="{label}.*")
    assert sum(data.counts.values()) == 20
    assert "20 pictures of the test split have no labels and are passed over" in report["read"]


def test_no_labels_at_all_is_one_line(tmp_path: Path) -> None:
    for number in range(10):
        save(tmp_path / "pets" / f"IMG_{number}.jpg", number)
    with pytest.raises(DataError) as caught:
        prepared(tmp_path / "pets")
    assert str(caught.value).startswith("the pictures have no label (as 'IMG_0.jpg'): put them into a folder for each")


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ("{label}__*", r"prepare\.labels: '\{label\}__\*' fits none of the names, as 'cat\.1\.jpg'"),
        ("(?P<label>[", r"prepare\.labels: '\(\?P<label>\[' is no regular expression: unterminated"),
        ("breed", "prepare.labels: 'breed' is no column: no table beside the pictures names them"),
    ],
)
def test_a_wrong_pattern_is_one_line(tmp_path: Path, labels: str, message: str) -> None:
    for number in range(10):
        save(tmp_path / "pets" / f"{label_of(number)}.{number}.jpg", number)
    with pytest.raises(ConfigError, match=message):
        prepared(tmp_path / "pets", labels=labels)

"""How people lay out folders: each is understood, or asked for in one line."""

import pytest

from components.config.errors import DataError
from components.kinds.image.source.layout import lay_out
from components.kinds.split_names import alike, exactly, within


def below(*folders: str) -> list[str]:
    return sorted(f"{folder}/{number}.jpg" for folder in folders for number in range(3))


def pairs(*splits: str) -> list[str]:
    return below(*(f"{split}/{label}" for split in splits for label in ("cat", "dog")))


def splits_of(paths: list[str]) -> dict[str, str | None]:
    """Return the split of each folder that holds a cat."""
    pictures = lay_out(paths, "pets").pictures
    assert {picture.label for picture in pictures.values()} == {"cat", "dog"}
    return {path.rpartition("/")[0]: picture.split for path, picture in pictures.items() if picture.label == "cat"}


@pytest.mark.parametrize(
    ("train", "validation", "test"),
    [
        ("train", "val", "test"),
        ("Training", "Validation", "Testing"),
        ("TRAIN", "valid", "TEST"),
        ("train", "dev", "holdout"),
        ("train", "eval", "test"),
        ("train_images", "val_images", "test_images"),
        ("training_set", "validation_set", "test_set"),
        ("1. train", "2. valid", "3. test"),
    ],
)
@pytest.mark.parametrize("wrapper", ["", "data/", "archive/pets/"])
def test_folders_of_splits_are_the_splits(train: str, validation: str, test: str, wrapper: str) -> None:
    paths = pairs(*(f"{wrapper}{name}" for name in (train, validation, test)))
    found = splits_of(paths)
    assert found == {
        f"{wrapper}{train}/cat": "train",
        f"{wrapper}{validation}/cat": "validation",
        f"{wrapper}{test}/cat": "test",
    }
    (said,) = lay_out(paths, "pets").read
    assert said.startswith("folders are taken as the splits: ")
    assert f"{train!r} as train" in said


def test_two_splits_are_enough_and_one() -> None:
    assert set(splits_of(pairs("train", "val")).values()) == {"train", "validation"}
    assert set(splits_of(pairs("train", "test")).values()) == {"train", "test"}
    assert set(splits_of(pairs("train")).values()) == {"train"}


def test_a_folder_of_its_own_within_each_split_is_passed_through() -> None:
    layout = lay_out(pairs("seg_train/seg_train", "seg_test/seg_test") + below("seg_pred/seg_pred"), "scenes")
    assert {(picture.label, picture.split) for picture in layout.pictures.values()} == {
        (label, split) for label in ("cat", "dog") for split in ("train", "test")
    }
    assert layout.read[1:] == ["seg_pred: 3 pictures without labels are passed over"]


@pytest.mark.parametrize("test", ["test", "test/test", "test/images", "test/unknown", "test/unlabeled"])
def test_a_test_folder_without_labels_is_passed_over_and_said(test: str) -> None:
    layout = lay_out(pairs("train", "val") + below(test), "pets")
    assert {picture.split for picture in layout.pictures.values()} == {"train", "validation"}
    assert layout.read[-1] == "test: 3 pictures without labels are passed over"


def test_splits_within_the_labels_are_taken() -> None:
    layout = lay_out(below("cat/train", "cat/test", "dog/train", "dog/test"), "pets")
    given = {(path[:5], picture.split) for path, picture in layout.pictures.items()}
    assert given >= {("cat/t", "train"), ("dog/t", "test")}
    assert {picture.folder for picture in layout.pictures.values()} == {"."}
    assert layout.read == ["the folders test, train within the labels are taken as the splits"]


def test_folders_within_a_label_stay_folders() -> None:
    layout = lay_out(below("cat/left/day", "cat/right", "dog"), "pets")
    assert {picture.folder for picture in layout.pictures.values()} == {"left/day", "right", "."}
    assert {picture.split for picture in layout.pictures.values()} == {None}
    within_split = lay_out(below("train/cat/left", "train/dog", "val/cat", "val/dog"), "pets")
    assert within_split.pictures["train/cat/left/0.jpg"] == ("cat", "train", "left")


@pytest.mark.parametrize(
    "labels", [("train", "bus", "car"), ("train station", "test tube"), ("val", "bob"), ("A", "b")]
)
def test_labels_that_look_like_splits_are_labels(labels: tuple[str, ...]) -> None:
    layout = lay_out(below(*labels), "things")
    assert {picture.label for picture in layout.pictures.values()} == set(labels)
    assert {picture.split for picture in layout.pictures.values()} == {None}


def test_folders_that_are_two_labels_of_one_split_are_labels() -> None:
    layout = lay_out(
        below("positive_test/left", "positive_test/right", "negative_test/left", "negative_test/right"), "x"
    )
    assert {picture.label for picture in layout.pictures.values()} == {"positive_test", "negative_test"}


def test_numbered_parts_with_the_same_folders_have_to_be_explained() -> None:
    layout = lay_out(pairs("fold_1", "fold_2", "fold_3"), "sounds")
    assert layout.ask == (
        "are the labels the folders fold_1, fold_2, fold_3, or cat, dog within each? "
        'Set prepare.labels to "folder", or to "*/{label}/*"'
    )
    assert "are the labels the folders color, grayscale, or" in lay_out(pairs("color", "grayscale"), "leaves").ask
    assert not lay_out(pairs("cup", "plate"), "things").ask
    assert not lay_out(below("red/left", "red/right", "color/left", "color/right"), "things").ask
    assert not lay_out(below("site1", "site2"), "things").ask


def test_one_folder_with_nearly_all_has_to_be_explained() -> None:
    many = [f"PetImages/{label}/{number}.jpg" for label in ("Cat", "Dog") for number in range(50)]
    layout = lay_out(sorted([*many, "samples/1.jpg", "samples/2.jpg"]), "pets")
    assert layout.ask == (
        "are the labels the folders PetImages, samples, or Cat, Dog within PetImages? "
        'Set prepare.labels to "folder", or source to pets/PetImages'
    )
    assert not lay_out(sorted([*many, *below("samples"), *(f"b/{number}.jpg" for number in range(20))]), "pets").ask
    assert not lay_out(sorted([*many, "PetImages/1.jpg", "samples/1.jpg"]), "pets").ask
    assert not lay_out(sorted([*many, "samples/Cat/1.jpg"]), "pets").ask


def test_pictures_of_no_folder_have_no_label() -> None:
    assert lay_out(["cat.0.jpg", "dog.1.jpg"], "pets").pictures["cat.0.jpg"] == (None, None, ".")
    kaggle = lay_out(below("train", "test"), "pets")
    assert kaggle.pictures["train/0.jpg"] == (None, "train", "train")
    assert lay_out(below("images/train", "images/val"), "pets").pictures["images/val/0.jpg"].split == "validation"


def test_pictures_beside_the_labels_are_not_labelled() -> None:
    layout = lay_out([*below("cat", "dog"), "cover.jpg"], "pets")
    assert layout.unlabelled == ["cover.jpg"]
    assert "cover.jpg" not in layout.pictures


def test_a_label_is_the_same_in_every_form_of_unicode_and_without_blanks() -> None:
    layout = lay_out(below("caf\u00e9", "cafe\u0301", "bar", "bar "), "places")
    assert {picture.label for picture in layout.pictures.values()} == {"caf\u00e9", "bar"}
    assert layout.read == [
        "the folders 'bar' and 'bar ' are one label, 'bar'",
        "the folders 'cafe\\u0301' and 'caf\\xe9' are one label, 'caf\u00e9'",
    ]


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        (below("PetImages/Cat", "PetImages/Dog"), "PetImages has the folders Cat, Dog: set source to pets/PetImages"),
        (
            [*below("a/PetImages/Cat", "a/PetImages/Dog"), "cover.jpg"],
            "a/PetImages has the folders Cat, Dog: set source to pets/a/PetImages",
        ),
        (
            pairs("train", "test") + below("more/cat"),
            "pets: the folder 'more' has the labels of the splits beside it, but is none by its name: "
            "call it train, validation or test, or move it elsewhere",
        ),
        (
            below("train/cat", "train/dog", "test/red", "test/blue"),
            "pets: the folders test, train look like splits, but share no label (test: blue, red; train: cat, dog)",
        ),
        (
            below("cat/train", "cat/test", "dog/train", "dog/test", "dog"),
            "pets: the labels cat, dog have folders that are splits, but dog has pictures beside them: "
            "move them into train, validation or test",
        ),
        (
            below("images", "masks"),
            "pets: the folders images, masks are no labels: pictures of one label each are learned, "
            "label/picture.png; masks and boxes are not",
        ),
        (
            below("train_cat", "train_dog", "test_cat", "test_dog"),
            "pets: the folders test_cat, test_dog, train_cat, train_dog have splits and labels in one name: "
            "make them train/label, validation/label, test/label",
        ),
    ],
)
def test_what_may_be_read_in_two_ways_is_asked_for_in_one_line(paths: list[str], message: str) -> None:
    with pytest.raises(DataError) as caught:
        lay_out(paths, "pets")
    assert str(caught.value) == message


def test_one_folder_alone_is_a_label_where_it_cannot_be_a_wrapper() -> None:
    layout = lay_out(below("cat/left", "cat/right"), "inbox", wrapped=False)
    assert {picture.label for picture in layout.pictures.values()} == {"cat"}


def test_words_for_splits() -> None:
    assert [exactly(name) for name in ("Train ", "VAL", "testing", "train2", "cat")] == [
        "train",
        "validation",
        "test",
        None,
        None,
    ]
    assert [within(name) for name in ("seg_train", "train-val", "test2", "contest")] == ["train", None, "test", None]
    assert alike(["train_images", "test_images"])
    assert alike(["train", "test_images"])
    assert not alike(["train station", "test tube"])
    assert not alike(["train", "cat"])

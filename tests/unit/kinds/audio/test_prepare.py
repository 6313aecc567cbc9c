from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from components.config.errors import ConfigError, DataError
from components.kinds.audio import overview, relabelling, source
from components.kinds.audio.params import Prepare
from components.kinds.examples import batches
from components.kinds.prepared import ROWS, SPLITS, PreparedData
from components.kinds.raw import Origin
from tests.unit.kinds.audio.conftest import Prepared, names
from tests.voices import VOICES, file, said


def heard(data: PreparedData, tmp_path: Path) -> dict[str, set[str]]:
    """Return whose voices are in each split."""
    files = names(tmp_path).to_pylist()
    return {split: {files[row].split("/")[-1].split("_")[0] for row in data.array(split, ROWS)} for split in SPLITS}


def test_a_voice_of_the_test_split_was_never_heard(prepared: Prepared, tmp_path: Path) -> None:
    data = prepared()
    assert data.classes == ("a", "i", "u")
    assert data.input == {"rate": 8_000, "length": 2_400}
    voices = heard(data, tmp_path)
    assert voices["train"] | voices["validation"] | voices["test"] == set(VOICES)
    assert not voices["train"] & (voices["test"] | voices["validation"])
    assert not voices["validation"] & voices["test"]
    assert sum(data.counts.values()) == 72
    assert {len(data.inputs(split)) for split in SPLITS} == set(data.counts.values())


def test_the_voices_that_test_are_chosen_and_those_that_train_validate(prepared: Prepared, tmp_path: Path) -> None:
    data = prepared(test_groups=["carl", "fay"], validation_by="file", validation=0.2)
    voices = heard(data, tmp_path)
    assert voices["test"] == {"carl", "fay"}
    assert data.counts["test"] == 24
    assert voices["validation"] <= voices["train"] == set(VOICES) - {"carl", "fay"}
    assert "the test split has the groups carl, fay" in overview.overview(data).read


def test_without_groups_copies_alone_stay_together(prepared: Prepared, voices: Path, tmp_path: Path) -> None:
    copy = voices / "a" / "anna_copy.wav"
    copy.write_bytes((voices / "a" / "anna_0.wav").read_bytes())
    data = prepared(group=None)
    files = names(tmp_path).to_pylist()
    split_of = {files[row]: split for split in SPLITS for row in data.array(split, ROWS)}
    assert split_of["source/a/anna_0.wav"] == split_of["source/a/anna_copy.wav"]
    assert len(heard(data, tmp_path)["test"] & heard(data, tmp_path)["train"]) > 1


def test_another_rate_and_length_are_taken_as_the_section_says(prepared: Prepared, voices: Path) -> None:
    (voices / "a" / "anna_0.wav").write_bytes(file(said("a", "anna", 0, rate=44_100), 44_100))
    assert prepared(rate=16_000, seconds=0.5).inputs("train").shape[1:] == (8_000,)


@pytest.mark.parametrize(
    ("keys", "error", "told"),
    [
        ({"group": "*-{group}"}, ConfigError, r"prepare\.group: '\*-\{group\}' finds no group, as of 'source/a/anna_0"),
        ({"group": "voice"}, ConfigError, r"prepare\.group: 'voice' is neither `folder` nor a pattern"),
        ({"labels": "{label}-x"}, ConfigError, "prepare.labels: '{label}-x' finds no label"),
        ({"test_groups": ["zoe"]}, ConfigError, "prepare.test_groups: zoe: no group; there are anna, bert"),
        ({"task": "anomaly"}, DataError, "task: anomaly: of recordings classification, detection or"),
        ({"task": "regression"}, DataError, "a regression tells numbers: .*'a'"),
        ({"task": "detection"}, DataError, "task: detection needs two labels, and there are"),
    ],
)
def test_what_is_wrong_is_said(prepared: Prepared, keys: dict[str, Any], error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told):
        prepared(**keys)


def test_what_is_unreadable_is_counted_and_too_much_is_refused(prepared: Prepared, voices: Path) -> None:
    (voices / "a" / "anna_0.wav").write_bytes(b"no sound")
    (voices / "notes.txt").write_text("said in a kitchen")
    with pytest.raises(DataError, match=r"1 of 72 recordings cannot be used \(source/a/anna_0.wav: the file is no rec"):
        prepared()
    data = prepared(unreadable=0.05)
    found = overview.overview(data)
    assert [str(one) for one in found.lost] == [
        "not used: 1 recording (source/a/anna_0.wav: the file is no recording that can be read: send WAV, FLAC or OGG)"
    ]
    assert any("notes.txt" in str(one) for one in found.findings)


def test_two_labels_are_a_detection_and_numbers_a_regression(prepared: Prepared, voices: Path) -> None:
    for path in (voices / "u").iterdir():
        path.rename(voices / "i" / f"u{path.name}")
    data = prepared("detection", positive="i", group=None)
    assert (data.classes, data.task) == (("a", "i"), "detection")
    for name, number in (("a", "1.5"), ("i", "3")):
        (voices / name).rename(voices / number)
    (voices / "u").rmdir()
    data = prepared("regression", group=None)
    assert set(data.labels("train").tolist()) == {1.5, 3.0}


def test_what_came_later_is_labelled_by_its_folder_whatever_the_names_say(
    prepared: Prepared, voices: Path, tmp_path: Path
) -> None:
    for path in list(voices.rglob("*.wav")):
        path.rename(voices / f"{path.parent.name}-{path.name}")
    later = tmp_path / "inbox" / "a"
    later.mkdir(parents=True)
    (later / "new.wav").write_bytes(file(said("a", "dora", 99)))
    data = prepared(labels="{label}-*", group="*-{group}_*")
    assert sum(data.counts.values()) == 73
    assert data.classes == ("a", "i", "u")


def test_labels_are_put_right_by_the_names_of_raw_records(
    prepared: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("data/corrections").mkdir(parents=True)
    lines = "source/a/anna_0.wav,a,i,me,\nsource/a/anna_1.wav,a,,me,\n"
    Path("data/corrections/mine.csv").write_text(f"name,given,label,by,at\n{lines}")
    data = prepared(corrections="data/corrections/mine.csv", unreadable=0.05)
    labels = {split: np.bincount(data.labels(split), minlength=3) for split in SPLITS}
    assert sum(labels.values()).tolist() == [22, 25, 24]
    (first,) = relabelling.raw_records(tmp_path / "records.parquet", np.array([0]), Prepare())
    assert first.name == "source/a/anna_0.wav"
    Path("data/corrections/mine.csv").write_text("name,given,label,by,at\nsource/a/anna_0.wav,u,i,me,\n")
    with pytest.raises(DataError, match="has the label 'a', not 'u'"):
        prepared(corrections="data/corrections/mine.csv")


def test_a_label_that_yaml_reads_as_something_else_is_its_name_or_asked_for() -> None:
    assert Prepare.model_validate({"positive": 7}).positive == "7"
    with pytest.raises(ValidationError, match="which YAML reads as true: write it in quotes"):
        Prepare.model_validate({"positive": True})


def test_folders_that_are_splits_are_kept_to(prepared: Prepared, voices: Path, tmp_path: Path) -> None:
    for path in list(voices.rglob("*.wav")):
        split = "test" if path.name.startswith("anna") else "train"
        (voices / split / path.parent.name).mkdir(parents=True, exist_ok=True)
        path.rename(voices / split / path.parent.name / path.name)
    for vowel in ("a", "i", "u"):
        (voices / vowel).rmdir()
    (voices / "train" / "a" / "copy.wav").write_bytes((voices / "test" / "a" / "anna_0.wav").read_bytes())
    data = prepared(group=None)
    assert data.classes == ("a", "i", "u")
    assert heard(data, tmp_path)["test"] == {"anna"}
    assert "anna" not in heard(data, tmp_path)["train"] | heard(data, tmp_path)["validation"]
    assert not data.drawn
    said = overview.overview(data)
    assert "the folders test, train are taken as the splits" in said.read
    assert [str(one) for one in said.lost] == ["copies of test recordings: 1 recording (source/train/a/copy.wav)"]
    with pytest.raises(ConfigError, match=r"prepare\.test_groups: the folders of the source say the splits"):
        prepared(test_groups=["anna"])


def test_a_recording_with_several_labels_and_one_without_a_sound_are_named(prepared: Prepared, voices: Path) -> None:
    (voices / "i" / "copy.wav").write_bytes((voices / "a" / "anna_0.wav").read_bytes())
    (voices / "u" / "silent.wav").write_bytes(file(np.zeros(2_400)))
    found = {one.name: (one.count, one.lost) for one in overview.overview(prepared(group=None)).findings}
    assert found == {"with several labels": (2, False), "without a sound": (1, False)}


def test_labels_are_one_in_every_form_of_unicode_and_differ_in_more_than_case(prepared: Prepared, voices: Path) -> None:
    (voices / "a").rename(voices / "caf\u00e9")
    (voices / "i").rename(voices / "cafe\u0301")
    assert prepared().classes == ("caf\u00e9", "u")
    (voices / "cafe\u0301").rename(voices / "Caf\u00e9")
    with pytest.raises(DataError, match="differ in case alone"):
        prepared()


def test_answers_that_an_older_version_kept_are_read(voices: Path, tmp_path: Path) -> None:
    old = pa.table({"sound": [b"x"], "label": ["a"], "name": ["inbox/live/1.wav"], "folder": ["live"]})
    pq.write_table(old, tmp_path / "live.parquet")
    raw = source.open(Origin(str(voices), None, None, tmp_path / "live.parquet"))
    *_, last = raw.batches
    assert last.to_pylist() == [*old.append_column("split", pa.array([None], pa.string())).to_pylist()]


@pytest.mark.parametrize(("name", "told"), [("a.zip", "an archive: unpack it"), ("a.wav", "a file: set source to a f")])
def test_a_source_that_is_no_folder_is_told_what_to_do(name: str, told: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(ConfigError, match=told):
        source.open(Origin(str(tmp_path / name), None, None))


def test_few_recordings_are_in_memory_at_a_time(voices: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BATCH_BYTES", 10_000)
    found = list(source.open(Origin(str(voices), None, None)).batches)
    assert {batch.num_rows for batch in found} == {2}
    assert sum(batch.num_rows for batch in found) == 72


def test_folders_are_asked_about_only_where_they_are_the_labels(prepared: Prepared, voices: Path) -> None:
    for path in list(voices.rglob("*.wav")):
        session = voices / "all" / path.name.partition("_")[0]
        session.mkdir(parents=True, exist_ok=True)
        path.rename(session / f"{path.parent.name}-{path.name}")
    assert prepared(labels="{label}-*", group="*-{group}_*").classes == ("a", "i", "u")
    with pytest.raises(DataError, match=r"all lies in the folder 'all', in anna, bert, .*: set source to .*/all$"):
        prepared(group=None)

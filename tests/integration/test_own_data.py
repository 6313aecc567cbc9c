"""README's sections "bring your own", on data as people bring it: what a check tells before anything is trained."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from flows.check import check
from flows.overview import DataReport
from tests import own_data
from tests.conftest import ROOT
from tests.voices import write_voices

SECTIONS = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
PICTURES, TABLE, WORDS, TEXTS = (
    next(section for section in SECTIONS if section.startswith(f"  {name}:"))
    for name in ("mugs", "payments", "words", "tickets")
)

TUMOURS = """\
  tumours:
    kind: table
    source: here
    prepare:
      columns: {label: diagnosis, positive: malignant}
    train: {}
"""

Checked = Callable[[str, Path], DataReport]


@pytest.fixture
def checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checked:
    """Return what a check says of README's section with another source, its splits of the table some days shorter."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "backbones").symlink_to(ROOT / "backbones")

    def report(section: str, source: Path) -> DataReport:
        text = re.sub(r"source: \S+", f"source: {source}", section).replace("train: 60,", "train: 30,")
        Path("params.yaml").write_text(f"workloads:\n{text}")
        (workload,) = re.findall(r"^  (\w+):", section, re.MULTILINE)
        return check(workload)

    return report


def test_photographs_in_two_folders(checked: Checked, tmp_path: Path) -> None:
    report = checked(PICTURES, own_data.two_folders(tmp_path / "photographs"))
    assert {name: sum(counts.values()) for name, counts in report.counts.items()} == {"buildings": 200, "flowers": 200}
    assert report.overview.lost == []


def test_twenty_pictures_of_each_of_ten_classes(checked: Checked, tmp_path: Path) -> None:
    report = checked(PICTURES, own_data.ten_folders(tmp_path / "ten"))
    assert len(report.counts) == 10
    assert all(sum(counts.values()) == 20 and min(counts.values()) > 0 for counts in report.counts.values())


def test_recordings_by_several_voices(checked: Checked, tmp_path: Path) -> None:
    report = checked(WORDS, write_voices(tmp_path / "words", 6))
    assert {name: sum(counts.values()) for name, counts in report.counts.items()} == {"a": 36, "i": 36, "u": 36}
    assert any("each of 6 groups is in one split: anna (18)" in sentence for sentence in report.overview.read)


def test_train_and_val_with_what_systems_leave_behind(checked: Checked, tmp_path: Path) -> None:
    report = checked(PICTURES, own_data.kaggle(tmp_path / "kaggle"))
    assert {name: counts["validation"] for name, counts in report.counts.items()} == {"buildings": 12, "flowers": 12}
    assert all(sum(counts.values()) == 60 and counts["test"] > 0 for counts in report.counts.values())
    assert report.overview.lost == []


@pytest.mark.parametrize("write", [own_data.american_csv, own_data.european_csv])
def test_a_csv_as_it_comes_is_the_table_that_was_written(
    write: Callable[[Path], Path], checked: Checked, tmp_path: Path
) -> None:
    own_data.payments().to_parquet(tmp_path / "payments.parquet")
    plain = checked(TABLE, tmp_path / "payments.parquet")
    report = checked(TABLE, write(tmp_path / "payments.csv"))
    assert report.counts == plain.counts
    assert report.overview.lost == []
    shown = [re.sub(r"Öster\S+", "DE", example) for (example,) in report.overview.examples.values()]
    assert shown == [example for (example,) in plain.overview.examples.values()]


def test_a_table_without_a_time_is_split_by_content(checked: Checked, tmp_path: Path) -> None:
    source = own_data.tumours(tmp_path / "tumours.csv")
    report = checked(TUMOURS, source)
    assert {name: sum(counts.values()) for name, counts in report.counts.items()} == {"benign": 357, "malignant": 212}
    assert min(count for counts in report.counts.values() for count in counts.values()) > 10
    read = " ".join(report.overview.read)
    assert "split by the content of each record, as no prepare.columns.time is named: of 569 records " in read
    assert "of the dates in 'born' features are made; if one says when a record was made, name it in prep" in read
    assert "'note' holds free text" in read
    assert "'patient_id' has another value in each row" in read


def test_texts_in_a_table(checked: Checked, tmp_path: Path) -> None:
    messages = own_data.messages().rename(columns={"utterance": "subject", "intent": "team"})
    messages.to_csv(tmp_path / "tickets.csv", index=False)
    report = checked(TEXTS, tmp_path / "tickets.csv")
    assert {name: sum(counts.values()) for name, counts in report.counts.items()} == {
        "other": 10, "song": 32, "timer": 32, "transfer": 32, "weather": 32,
    }  # fmt: skip
    assert report.overview.read == ["the text is 'subject', the label 'team'", "texts are read up to 128 characters"]
    assert report.overview.lost == []

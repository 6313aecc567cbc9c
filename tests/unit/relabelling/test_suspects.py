"""From labels that are wrong to a file that puts them right: pictures and a table, prepared as the stages do it."""

import csv
import threading
from pathlib import Path

import httpx
import numpy as np
import pytest
from sklearn.datasets import load_digits, load_iris

from components.config.errors import ConfigError, DataError
from components.config.settings import artifacts, label_folder
from components.data.ingest import ingest
from components.data.prepare import prepare
from components.erasure.asked import erase_from_questions
from components.kinds.corrections import read_corrections
from components.kinds.prepared import open_prepared
from components.kinds.resplit import all_examples
from components.labelling.questions import Questions
from components.labelling.server import label_server
from flows.suspects import correct, suspects, suspects_folder
from tests.unit.kinds.image.preparing import save

PICTURES = """\
workloads:
  digits:
    kind: image
    source: pictures
    prepare: {{size: 8, channels: 1, validation: 0.1, test: 0.2{more}}}
    train: {{recipe: quick}}
"""
TABLE = """\
workloads:
  flowers:
    kind: table
    source: flowers.csv
    prepare: {{columns: {{label: sort{id}}}{more}}}
    train: {{}}
"""
HOLDER = "alice-0001"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JOURNEYMAN_LOG_DIR", raising=False)
    return tmp_path


def made(params: str, name: str) -> None:
    Path("params.yaml").write_text(params)
    ingest(name)
    prepare(name)


def pictures(wrong: dict[int, str], count: int = 250) -> None:
    """Four digits, some of them in the folder of another."""
    data = load_digits(n_class=4)
    for index in range(count):
        label = wrong.get(index, f"digit-{data.target[index]}")
        array = np.repeat((data.images[index] * 255 / 16).astype(np.uint8)[..., None], 3, axis=2)
        save(Path("pictures") / label / f"{index:03d}.png", 0, array)


def listed(name: str) -> list[dict[str, str]]:
    with (suspects_folder(name) / "suspects.csv").open() as file:
        return list(csv.DictReader(file))


def answer(name: str, said: dict[str, str | None]) -> None:
    """Answer the questions about these; None: it is unusable."""
    questions = Questions(suspects_folder(name))
    for record, label in said.items():
        assert questions.settle(record, HOLDER, "alice", "label" if label else "unusable", label, False, 10**15)


def labels(name: str) -> dict[int, str]:
    data = open_prepared(artifacts(name, "prepared"))
    found = zip(all_examples(data, "rows"), all_examples(data, "labels"), strict=True)
    return {int(row): data.classes[label] for row, label in found if label >= 0}


@pytest.mark.slow
def test_pictures_in_a_wrong_folder_are_found_and_put_right(here: Path) -> None:
    data = load_digits(n_class=4)
    right = {index: f"digit-{data.target[index]}" for index in (20, 41, 77, 130, 160, 201)}
    wrong = {index: f"digit-{(data.target[index] + 1) % 4}" for index in right}
    pictures(wrong)
    made(PICTURES.format(more=""), "digits")
    before = {path: path.read_bytes() for path in Path("pictures").rglob("*.png")}
    said = suspects("digits")
    assert "of 250 labels" in said
    assert "the baseline, trained 5 times" in said
    rows = {row["name"]: row for row in listed("digits")}
    assert len(rows) <= 10
    found = [index for index in right if f"source/{wrong[index]}/{index:03d}.png" in rows]
    assert len(found) >= 4
    one, other, third, fourth = found[:4]
    names = {index: f"source/{wrong[index]}/{index:03d}.png" for index in found}
    assert all(rows[names[index]]["likely"] == right[index] for index in found)
    assert all(rows[names[index]]["given"] == wrong[index] for index in found)
    answer("digits", {names[one]: right[one], names[other]: right[other], names[third]: None})
    answer("digits", {names[fourth]: wrong[fourth]})
    assert "3 labels are put right by data/corrections/digits.csv: write prepare: {corrections:" in correct("digits")
    written = read_corrections(Path("data/corrections/digits.csv"))
    assert {each.name: (each.given, each.label, each.by) for each in written} == {
        names[one]: (wrong[one], right[one], "alice"),
        names[other]: (wrong[other], right[other], "alice"),
        names[third]: (wrong[third], "", "alice"),
    }
    assert "no label is to be put right that is not there already" in correct("digits")
    was = labels("digits")
    made(PICTURES.format(more=", corrections: data/corrections/digits.csv"), "digits")
    now = labels("digits")
    assert sorted(now.values()) != sorted(was.values())
    assert len(was) - len(now) == 1
    assert {path: path.read_bytes() for path in Path("pictures").rglob("*.png")} == before
    suspects("digits")  # what is right is not listed any more; what was answered stays answered
    assert names[one] not in {row["name"] for row in listed("digits")}
    assert Questions(suspects_folder("digits")).counts()["label"] == 3


@pytest.mark.slow
@pytest.mark.parametrize("id", ["", ", id: plant"])
def test_records_with_a_wrong_label_are_found_and_put_right(id: str, here: Path) -> None:
    frame = load_iris(as_frame=True).frame
    frame["sort"] = frame.pop("target").map(["setosa", "versicolor", "virginica"].__getitem__)
    frame["plant"] = [f"p{index}" for index in range(len(frame))] if id else range(len(frame))
    wrong = {3: "virginica", 20: "versicolor", 120: "setosa"}
    right = {index: frame["sort"][index] for index in wrong}
    for index, label in wrong.items():
        frame.loc[index, "sort"] = label
    (frame if id else frame.drop(columns="plant")).to_csv("flowers.csv", index=False)
    content = Path("flowers.csv").read_bytes()
    made(TABLE.format(id=id, more=""), "flowers")
    suspects("flowers")
    names = [row["name"] for row in listed("flowers")]
    called = {index: f"p{index}" if id else f"{index}-" for index in wrong}
    found = {index: next(name for name in names if name.startswith(called[index])) for index in wrong}
    questions = {each.question.id: each.question for each in Questions(suspects_folder("flowers")).all()}
    shown = questions[found[3]].shown
    assert shown["record"]["petal length (cm)"] == frame["petal length (cm)"][3]
    assert "sort" not in shown["record"]
    answer("flowers", {found[index]: right[index] for index in wrong})
    correct("flowers")
    made(TABLE.format(id=id, more=", corrections: data/corrections/flowers.csv"), "flowers")
    assert {index: labels("flowers")[index] for index in wrong} == right
    assert Path("flowers.csv").read_bytes() == content


@pytest.mark.slow
def test_the_label_is_told_once_it_is_answered(here: Path) -> None:
    pictures({index: f"digit-{(load_digits(n_class=4).target[index] + 1) % 4}" for index in (41, 77, 130, 160)})
    made(PICTURES.format(more=""), "digits")
    suspects("digits")
    asked = Questions(suspects_folder("digits"))
    server = label_server(asked, "alice", lambda labels: None, lambda value: value, 0)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{server.server_address[1]}", trust_env=False) as client:
            first = client.post("/label/next", json={"holder": HOLDER}).json()
            assert first["before"] is None
            assert {*first["question"]} == {"id", "picture", "answer"}  # no label yet
            said = {"holder": HOLDER, "id": first["question"]["id"], "what": "label", "value": "digit-0"}
            after = client.post("/label/answer", json=said).json()
            assert after["before"]["value"] == "digit-0"
            assert after["before"]["given"] == asked.given(first["question"]["id"])
            assert client.post("/label/undo", json={"holder": HOLDER}).json()["before"] is None
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_what_cannot_be_looked_through_is_said(here: Path) -> None:
    with pytest.raises(ConfigError):
        Path("params.yaml").write_text(PICTURES.format(more=""))
        suspects("others")
    with pytest.raises(DataError, match="no prepared data set"):
        suspects("digits")
    with pytest.raises(DataError, match="nothing is asked yet"):
        correct("digits")
    frame = load_iris(as_frame=True).frame.drop(columns="target").rename(columns={"petal width (cm)": "sort"})
    frame.to_csv("flowers.csv", index=False)
    made(TABLE.format(id="", more=""), "flowers")
    with pytest.raises(ConfigError, match="where classes are learned from them; it is regression"):
        suspects("flowers")


def test_data_from_before_is_prepared_again(here: Path) -> None:
    pictures({}, 60)
    made(PICTURES.format(more=""), "digits")
    (artifacts("digits", "prepared") / "test_rows.npy").unlink()
    with pytest.raises(DataError, match="run `dvc repro prepare@digits`"):
        suspects("digits")


def test_an_erasure_takes_the_list_with_it(here: Path) -> None:
    pictures({}, 60)
    made(PICTURES.format(more=""), "digits")
    suspects("digits")
    (removed,) = erase_from_questions("digits")
    assert removed.what == "lists of labels that are likely wrong"
    assert not suspects_folder("digits").exists()
    assert label_folder("digits").exists()

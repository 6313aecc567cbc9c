import json
from dataclasses import replace
from typing import Any

import pytest

from components.config.errors import DataError
from components.labelling.label_studio import UNUSABLE, config, tasks, told
from components.labelling.questions import Done, Question

CLASSES = ["cup", 'mug "big"']
QUESTION = Question("e1", 5, {"record": {"n": 1, "shop": None}}, "data:image/png;base64,AA==", "cup", [])


def back(made: list[dict[str, Any]]) -> list[tuple[str, str, Any, str, int | None]]:
    return [(e.id, e.what, e.value, e.who, e.at_us) for e in told(json.dumps(made).encode(), "file.json")]


def test_what_is_written_is_read_again() -> None:
    open_one = Done(QUESTION, 0.25, None, None, "", 0)
    labelled = Done(QUESTION, 0.25, "label", CLASSES[1], "alice", 1_000_000)
    unusable = Done(QUESTION, 0.25, "unusable", None, "bob", 2_000_000)
    made = tasks([open_one, labelled, unusable], CLASSES, "3")
    assert made[0]["data"] == {
        "id": "e1",
        "share": 0.25,
        "image": "data:image/png;base64,AA==",
        "text": "n: 1\nshop: missing",
    }
    (prediction,) = made[0]["predictions"]
    assert prediction["model_version"] == "3"
    assert prediction["result"][0]["value"] == {"choices": ["cup"]}
    assert back(made) == [
        ("e1", "label", CLASSES[1], "alice", 1_000_000),
        ("e1", "unusable", None, "bob", 2_000_000),
    ]


def test_numbers_are_numbers() -> None:
    of_number = replace(QUESTION, answer=2.5)
    made = tasks([Done(of_number, 0.25, "label", 3.5, "alice", 1_000_000)], [], "3")
    assert back(made) == [("e1", "label", 3.5, "alice", 1_000_000)]
    assert "<Number" in config([], None)


def test_an_export_of_label_studio_is_read() -> None:
    """As https://labelstud.io/guide/export shows it: people by their number, what was cancelled, and drafts."""
    result = {"id": "Dx_aB91ISN", "type": "choices", "from_name": "label", "to_name": "example", "origin": "manual"}
    cup = {**result, "value": {"choices": ["cup"]}}
    annotation = {"id": 1001, "completed_by": 7, "was_cancelled": False, "created_at": "2026-11-29T10:00:00.000000Z"}
    cancelled = {**annotation, "result": [cup], "was_cancelled": True}
    task = {"id": 1, "data": {"id": "e1", "image": "x"}, "predictions": [], "drafts": []}
    exported = [
        {**task, "annotations": [{**annotation, "result": [cup]}]},
        {**task, "annotations": [cancelled]},
        {**task, "annotations": []},
        {**task, "annotations": [{**annotation, "result": []}]},
    ]
    assert back(exported) == [("e1", "label", "cup", "label-studio-7", 1_795_946_400_000_000)]


def test_the_configuration_has_the_classes() -> None:
    made = config(CLASSES, "data:image/png;base64,AA==")
    assert '<Image name="example" value="$image"/>' in made
    assert "<Choice value='mug \"big\"'/>" in made
    assert f'<Choice value="{UNUSABLE}"/>' in made


def test_a_recording_is_heard_there() -> None:
    sound = "data:audio/wav;base64,AA=="
    assert '<Audio name="example" value="$audio"/>' in config(CLASSES, sound)
    (task,) = tasks([Done(replace(QUESTION, picture=sound), 0.25, None, None, "", 0)], CLASSES, "3")
    assert task["data"]["audio"] == sound


@pytest.mark.parametrize(
    ("content", "named"), [("{", "no JSON"), ("{}", "a list of tasks"), ('[{"data": {}}]', "task 0"), ("[1]", "task 0")]
)
def test_another_file_is_refused(content: str, named: str) -> None:
    with pytest.raises(DataError, match=named):
        list(told(content.encode(), "file.json"))

"""Bodies of the Open Inference Protocol -> rows as `POST /predict` reads them, and answers -> outputs."""

import base64
import json
import struct
from typing import Any

import numpy as np
import pytest

from components.inference.gateway.call import Reply
from components.inference.gateway.protocols.open_inference.outputs import ANSWER, reply
from components.inference.gateway.protocols.open_inference.paths import INFER, MODEL, named
from components.inference.gateway.protocols.open_inference.request import read
from components.inference.gateway.protocols.open_inference.rows import question
from components.inference.gateway.request.body import Refused
from components.inference.gateway.request.parser import RequestParser
from components.kinds.image import codec as image
from components.kinds.table import codec as table
from components.tasks.classification.answers import Answer
from tests.unit.inference.conftest import picture
from tests.unit.inference.gateway.calls import call
from tests.unit.kinds.table.test_records import GOOD, INPUT

PICTURE = picture(200)["picture"]
BASE64 = base64.b64encode(PICTURE).decode()
pictures = RequestParser(image.request({}), image.rows)
records = RequestParser(table.request(INPUT), table.rows)


def body(*inputs: dict[str, Any], **more: Any) -> bytes:
    return json.dumps({"inputs": inputs, **more}).encode()


def rows(parser: RequestParser, content: bytes, length: bytes | None = None) -> list[Any]:
    return question(parser, read(content, length).inputs, image.encode).rows


def column(name: str, value: Any) -> dict[str, Any]:
    datatype = {bool: "BOOL", int: "INT64", float: "FP64", str: "BYTES"}[type(value)]
    return {"name": name, "datatype": datatype, "shape": [2, 1], "data": [[value], [value]]}


def test_columns_are_records() -> None:
    expected = records.asked(records.checked([GOOD, GOOD])).rows
    assert rows(records, body(*(column(name, value) for name, value in GOOD.items()))) == expected


def test_columns_may_come_as_bytes() -> None:
    inputs, data = [], b""
    for name, value in GOOD.items():
        each = column(name, value)
        text = str(value).encode()
        part = (
            struct.pack("<I", len(text)) + text
            if each["datatype"] == "BYTES"
            else np.array([value], dtype={"INT64": "<i8", "FP64": "<f8", "BOOL": "?"}[each["datatype"]]).tobytes()
        )
        inputs.append({**each, "shape": [1], "parameters": {"binary_data_size": len(part)}, "data": None})
        data += part
    head = body(*inputs)
    assert rows(records, head + data, str(len(head)).encode()) == records.asked(records.checked([GOOD])).rows


def test_files_come_as_base64_as_bytes_and_as_pixels() -> None:
    file = {"name": "picture", "datatype": "BYTES", "shape": [2]}
    assert (
        rows(pictures, body({**file, "data": [BASE64, f"data:image/png;base64,{BASE64}"]}))
        == [{"picture": PICTURE}] * 2
    )
    packed = struct.pack("<I", len(PICTURE)) + PICTURE
    head = body({**file, "shape": [1], "parameters": {"binary_data_size": len(packed)}})
    assert rows(pictures, head + packed, str(len(head)).encode()) == [{"picture": PICTURE}]
    pixels = np.random.default_rng(0).integers(0, 256, (2, 5, 4, 3), dtype=np.uint8)
    sent = {"name": "x", "datatype": "UINT8", "shape": pixels.shape, "data": pixels.tolist()}
    found = rows(pictures, body(sent))
    assert [image.encode(each) for each in pixels] == found


FILE = {"name": "picture", "datatype": "BYTES", "shape": [1], "data": [BASE64]}


@pytest.mark.parametrize(
    ("parser", "content", "length", "why"),
    [
        (pictures, b"{", None, "not valid JSON"),
        (pictures, b"[" * 10_000, None, "not valid JSON"),
        (pictures, b"{}", None, "inputs: field required"),
        (pictures, body(), None, "inputs: list should have at least 1 item"),
        (pictures, body(FILE, FILE), None, "'picture' is there twice"),
        (pictures, body({**FILE, "data": None}), None, "has no data"),
        (pictures, body({**FILE, "shape": [2]}), None, "1 elements, and the shape [2] has 2"),
        (pictures, body({**FILE, "shape": [-1]}), None, "the shape [-1] is none"),
        (pictures, body({**FILE, "shape": [0], "data": []}), None, "no rows"),
        (pictures, body({**FILE, "shape": [1, 2], "data": [BASE64] * 2}), None, "its shape is [N] or [N, 1]"),
        (pictures, body({**FILE, "data": ["hello"]}), None, "in JSON a file is base64"),
        (pictures, body({**FILE, "data": [3]}), None, "3 is not BYTES"),
        (pictures, body({**FILE, "datatype": "BF16"}), None, "datatype 'BF16' is not read"),
        (pictures, body({**FILE, "datatype": "FP32", "data": [1]}), None, "send files as BYTES [N], or pixels"),
        (pictures, body({**FILE, "datatype": "UINT8", "data": [1]}), None, "have the shape [N, height, width, 1 or 3]"),
        (
            pictures,
            body({**FILE, "datatype": "UINT8", "shape": [1, 1, 1, 1], "data": [256]}),
            None,
            "not every element is UINT8",
        ),
        (pictures, body(FILE), b"x", "is no number of bytes"),
        (pictures, body(FILE), b"9999", "is no number of bytes"),
        (pictures, body(FILE) + b"abc", str(len(body(FILE))).encode(), "3 bytes belong to no input"),
        (records, body(column("amount", 1.0)), None, "field required"),
        (
            records,
            body(column("amount", 1.0), {**column("a", 1), "shape": [1], "data": [1]}),
            None,
            "not equally long: 'amount' has 2 rows, 'a' 1",
        ),
        (records, body({**column("amount", 1.0), "data": [True, True]}), None, "True is not FP64"),
    ],
)
def test_what_is_no_request_is_refused_in_one_sentence(
    parser: RequestParser, content: bytes, length: bytes | None, why: str
) -> None:
    with pytest.raises(Refused) as refused:
        rows(parser, content, length)
    assert refused.value.reply.status == 400
    assert why in json.loads(refused.value.reply.body)["error"]


@pytest.mark.parametrize("cut", [1, 5, 20])
def test_bytes_that_end_too_early_are_refused(cut: int) -> None:
    packed = (struct.pack("<I", len(PICTURE)) + PICTURE)[:-cut]
    head = body({**FILE, "data": None, "parameters": {"binary_data_size": len(packed)}})
    with pytest.raises(Refused, match="end in the middle of element 1"):
        rows(pictures, head + packed, str(len(head)).encode())


ANSWERS = [
    Answer(label="a", probability=0.75, probabilities={"a": 0.75, "b": 0.25}, model_version="3"),
    Answer(label="b", probability=0.5, probabilities={"a": 0.5, "b": 0.5}, model_version="3", unfamiliar=True),
]
SAID = Reply(200, json.dumps([answer.model_dump() for answer in ANSWERS]).encode())


def test_each_field_that_all_answers_have_is_an_output() -> None:
    made = reply(read(body(FILE, id="mine"), None), "cups", "3", ANSWERS, SAID)
    response = json.loads(made.body)
    assert (response["id"], response["model_name"], response["model_version"]) == ("mine", "cups", "3")
    outputs = {each["name"]: each for each in response["outputs"]}
    assert list(outputs) == [ANSWER, "label", "probability", "probabilities", "model_version"]
    assert outputs["label"] == {"name": "label", "datatype": "BYTES", "shape": [2], "data": ["a", "b"]}
    assert outputs["probabilities"]["shape"] == [2, 2]
    assert outputs["probabilities"]["data"] == [0.75, 0.25, 0.5, 0.5]
    assert list(map(json.loads, outputs[ANSWER]["data"])) == json.loads(SAID.body)


def test_outputs_that_nobody_has_are_refused() -> None:
    with pytest.raises(Refused, match="there is no output 'x'; there are answer, label"):
        reply(read(body(FILE, outputs=[{"name": "x"}]), None), "cups", "3", ANSWERS, SAID)


@pytest.mark.parametrize(
    ("path", "becomes"),
    [
        ("/v2/models/my%20cups", MODEL),
        ("/v2/models/my%20cups/infer", INFER),
        ("/v2/models/my cups/versions/3/infer", INFER),
        ("/v2/models/my cups/versions/3", MODEL),
        ("/v2/models/my cups/other", "/v2/models/my cups/other"),
        ("/predict", "/predict"),
    ],
)
def test_paths_with_the_models_name_are_known(path: str, becomes: str) -> None:
    asked = call(path)
    assert named(lambda: ("my cups", "3"))(asked) is None
    assert asked.path == becomes


@pytest.mark.parametrize(("path", "why"), [("other/infer", "'other'"), ("my cups/versions/2/infer", "'2'")])
def test_other_models_and_versions_are_not_there(path: str, why: str) -> None:
    refused = named(lambda: ("my cups", "3"))(call(f"/v2/models/{path}"))
    assert refused
    assert refused.status == 404
    assert why in json.loads(refused.body)["error"]

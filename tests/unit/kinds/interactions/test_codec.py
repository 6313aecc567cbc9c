from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from components.config.errors import BadRequest
from components.kinds.interactions import codec, golden, sample
from components.kinds.interactions.codec.input import Input
from components.kinds.prepared import PreparedData


@pytest.fixture
def reader(shop: PreparedData[Input]) -> codec.Reader:
    return codec.Reader("shop", shop.input, {}, shop.serving, None)


def test_held_out_lists_are_read_as_they_were_prepared(shop: PreparedData[Input], reader: codec.Reader) -> None:
    rows = sample.requests(shop, range(100), True)
    expected = np.array(shop.inputs("test")[:100])
    expected[expected > shop.input["items"]] = 0
    found = reader.read(rows)
    assert (found[:, :6] == expected[:, :6]).all()  # what is not known leaves its place empty
    assert (np.sort(found[:, 6:]) == np.sort(expected[:, 6:])).all()
    assert (np.asarray(shop.inputs("test")) > shop.input["items"]).any()


def test_the_latest_comes_first_and_older_ones_are_left_out(shop: PreparedData[Input], reader: codec.Reader) -> None:
    names = list(shop.classes[:9])
    (read,) = reader.read([{"recent": names, "exclude": [shop.classes[20]]}])
    assert read.tolist() == [9, 8, 7, 6, 5, 4, 21, 3, 2, 1, 0, 0, 0, 0]


def test_unknown_items_are_passed_over_and_named(shop: PreparedData[Input], reader: codec.Reader) -> None:
    rows: list[dict[str, Any]] = [{"recent": ["x", shop.classes[1], "y", "z", "w"]}, {"recent": [shop.classes[1]]}]
    assert reader.read(rows)[:, :5].tolist() == [[0, 0, 0, 2, 0], [2, 0, 0, 0, 0]]
    assert reader.warnings(rows) == {0: ["not known to this version, and passed over: 'x', 'y', 'z' and 1 more"]}


def test_tables_bring_lists_as_texts(shop: PreparedData[Input], reader: codec.Reader) -> None:
    one, other = shop.classes[:2]
    expected = reader.read([{"recent": [one, other]}])
    for text in (f"{one}|{other}", f'["{one}", "{other}"]', np.array([one, other])):
        assert (reader.read([{"recent": text, "exclude": None}]) == expected).all()
    with pytest.raises(BadRequest, match="recent: begins as a list, and is none"):
        reader.read([{"recent": "[1, "}])
    with pytest.raises(BadRequest, match="exclude: expected a list of items, not 7"):
        reader.read([{"exclude": 7}])


def test_more_than_there_is_room_for_is_refused(shop: PreparedData[Input], reader: codec.Reader) -> None:
    with pytest.raises(BadRequest, match=r"exclude: 9 items, at most 8 are taken; see prepare\.exclude"):
        reader.read([{"exclude": list(shop.classes[:9])}])


def test_a_request_is_a_list_or_several(shop: PreparedData[Input], reader: codec.Reader) -> None:
    taken = TypeAdapter(codec.request(shop.input))
    assert codec.rows(taken.validate_python({})) == [{"recent": [], "exclude": []}]
    assert codec.rows(taken.validate_python([{"recent": ["a", 7]}, {}]))[0]["recent"] == ["a", "7"]
    with pytest.raises(ValidationError):
        taken.validate_python({"recent": 7})
    assert codec.rows(taken.validate_python({"recent": "a|b", "exclude": None}))[0] == {
        "recent": ["a", "b"],
        "exclude": [],
    }
    with pytest.raises(ValidationError, match="it: begins as a list, and is none"):
        taken.validate_python({"recent": "[1, "})
    with pytest.raises(ValidationError):
        taken.validate_python({"resent": []})


def test_an_id_is_the_same_however_it_is_sent(shop: PreparedData[Input]) -> None:
    taken = TypeAdapter(codec.request(shop.input))
    for user in ("17", 17, 17.0, " 17 "):
        sent = {"user": user, "recent": [7.0, 2**60 + 1, " a "]}
        assert codec.rows(taken.validate_python(sent)) == [
            {"user": "17", "recent": ["7", str(2**60 + 1), "a"], "exclude": []}
        ]
    assert codec.rows(taken.validate_json('{"user": 1.5, "recent": "[1.0, 2]"}'))[0]["recent"] == ["1", "2"]
    assert codec.rows(taken.validate_python({"recent": ["x" * 1_000]}))
    for wrong in ('{"user": NaN}', '{"user": true}', '{"user": " "}', '{"recent": [true]}', '{"recent": "[true]"}'):
        with pytest.raises(ValidationError):
            taken.validate_json(wrong)


def test_a_field_that_is_none_is_named_with_those_there_are(shop: PreparedData[Input]) -> None:
    taken = TypeAdapter(codec.request(shop.input))
    with pytest.raises(ValidationError, match="'User' is no field of a list; the fields are recent, exclude, user"):
        taken.validate_python({"User": 17})


def test_lists_of_a_table_may_have_whole_numbers_as_fractions(reader: codec.Reader) -> None:
    rows = [{"recent": np.array([7.0, 8.5])}]
    assert reader.warnings(rows) == {0: ["not known to this version, and passed over: '7', '8.5'"]}


def test_golden_requests_are_lists_of_nothing_that_is_known(shop: PreparedData[Input], reader: codec.Reader) -> None:
    requests = golden.requests(shop.input, {})
    assert not reader.read([one.row for one in requests]).any()


def test_lists_are_described(shop: PreparedData[Input]) -> None:
    found = codec.described(np.array([[3, 0, 0, 0, 0, 0, 5, 0], [0] * 8], dtype=np.int32), shop.input)
    assert found["recent items"].tolist() == [1.0, 0.0]
    assert found["left out besides"].tolist() == [1.0, 0.0]
    assert found["newness of the latest item"][0] == pytest.approx(3 / shop.input["items"])

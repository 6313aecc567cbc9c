from pathlib import Path

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from components.config.errors import BadRequest
from components.kinds.text import codec, golden
from components.kinds.text.codec.characters import decode
from components.kinds.text.codec.input import Input

INPUT = Input(length=64, words=16)


def reader() -> codec.Reader:
    return codec.Reader("intents", INPUT, {}, Path(), None)


def test_a_request_is_one_text_or_many_and_nothing_else() -> None:
    taken = TypeAdapter(codec.request(INPUT))
    assert codec.rows(taken.validate_python({"text": "hi"})) == [{"text": "hi"}]
    assert len(codec.rows(taken.validate_python([{"text": "hi"}, {"text": "ho"}]))) == 2
    for wrong in ({"text": 5}, {"txt": "hi"}, {}, {"text": "hi", "more": 1}, []):
        with pytest.raises(ValidationError):
            taken.validate_python(wrong)


def test_a_bare_text_is_one_and_a_field_that_is_none_is_named() -> None:
    taken = TypeAdapter(codec.request(INPUT))
    assert codec.rows(taken.validate_json('"hi"')) == [{"text": "hi"}]
    assert codec.rows(taken.validate_json('["hi", {"text": "ho"}]')) == [{"text": "hi"}, {"text": "ho"}]
    with pytest.raises(ValidationError, match="'texts' is no field of a text; the fields are text"):
        taken.validate_json('{"texts": ["hi"]}')


def test_an_empty_text_is_refused_in_a_sentence() -> None:
    for text in ("", " \n", "\u200b"):
        with pytest.raises(BadRequest, match=r"^the text is empty: it has no letter, digit or sign$"):
            reader().read([{"text": text}])
    with pytest.raises(BadRequest, match="text 2 of 2 is empty"):
        reader().read([{"text": "hi"}, {"text": ""}])
    with pytest.raises(BadRequest, match="the text is missing"):
        reader().read([{"text": None}])


def test_a_text_that_is_not_read_to_its_end_is_told() -> None:
    rows = [{"text": "short"}, {"text": "x" * 2_000_000}]
    assert reader().read(rows).shape == (2, 64)
    assert reader().warnings(rows) == {1: ["the text has 2,000,000 characters: only its beginning was read, about 64"]}
    assert reader().is_cheap(rows[:1])
    assert not reader().is_cheap(rows)


def test_every_golden_text_is_read() -> None:
    for request in golden.requests(INPUT, {}):
        assert reader().read([request.row]).any()


def test_the_words_that_an_answer_stands_on_come_first() -> None:
    examples = reader().read([{"text": "please play mozart now"}, {"text": "now"}])

    def number(variants: np.ndarray) -> np.ndarray:
        said = [decode(text).split() for text in variants]
        return np.array([0.5 * ("play" in words) - 0.2 * ("now" in words) for words in said], np.float32)

    first, second = codec.explain(number, examples, INPUT)
    assert [(effect.word, effect.place) for effect in first[:2]] == [("play", 1), ("now", 3)]
    assert [effect.effect for effect in first] == pytest.approx([0.5, -0.2, 0.0, 0.0])
    assert [effect.word for effect in second] == ["now"]


def test_of_a_long_text_words_are_left_out_together() -> None:
    input = Input(length=1024, words=512)
    examples = codec.Reader("intents", input, {}, Path(), None).read([{"text": "a b c d " * 100}])
    (effects,) = codec.explain(lambda variants: np.zeros(len(variants), np.float32), examples, input)
    assert sorted(effect.place for effect in effects) == list(range(64))
    assert " ".join(one.word for one in sorted(effects, key=lambda one: one.place)) == decode(examples[0])


def test_texts_are_described_by_what_a_person_sees() -> None:
    found = codec.described(reader().read([{"text": "ab 12"}, {"text": "привет"}]), INPUT)
    assert found["words"].tolist() == [2, 1]
    assert found["digits"].tolist() == pytest.approx([2 / 7, 0])
    assert found["letters a to z"].tolist() == pytest.approx([2 / 7, 0])

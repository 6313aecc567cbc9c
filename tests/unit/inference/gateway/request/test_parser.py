"""Bodies as other tools and languages send them."""

import base64
import gzip
import io
import json
import zlib
from typing import Any

import numpy as np
import pytest
from backports import zstd
from PIL import Image

from components.inference.gateway.request.body import Refused
from components.inference.gateway.request.encoding import plain
from components.inference.gateway.request.parser import Question, RequestParser
from components.kinds.image import codec as image
from components.kinds.table import codec as table
from tests.unit.inference.conftest import picture
from tests.unit.kinds.table.test_records import GOOD, INPUT

JSON, PAIRS = "application/json", "application/x-www-form-urlencoded"
PICTURE = picture(200)["picture"]
BASE64 = base64.b64encode(PICTURE).decode()
TEXT = json.dumps(GOOD)
ONE_LINE = "send one record as JSON, {field: value, …}, or a list of them"

pictures = RequestParser(image.request({}), image.rows)
records = RequestParser(table.request(INPUT), table.rows)


@pytest.mark.parametrize(
    ("body", "media"),
    [
        (PICTURE, ""),
        (PICTURE, "image/jpg"),
        (PICTURE, "text/plain"),
        (PICTURE, PAIRS),
        (PICTURE, JSON),
        (json.dumps({"picture": BASE64}), JSON),
        (json.dumps({"image": f"data:image/png;base64,{BASE64}"}), JSON),
        (b"\xef\xbb\xbf" + json.dumps({"x": BASE64}).encode(), JSON),
        (json.dumps(BASE64), JSON),
        (json.dumps({"picture": base64.encodebytes(PICTURE).decode()}), JSON),
        (json.dumps({"picture": base64.urlsafe_b64encode(PICTURE).decode().rstrip("=")}), JSON),
        (f"picture={BASE64}", PAIRS),
        (f"data:image/png;base64,{BASE64}", ""),
        (BASE64, "text/plain"),
    ],
)
def test_a_picture_is_found_in_whatever_form_it_comes(body: bytes | str, media: str) -> None:
    sent = body.encode() if isinstance(body, str) else body
    assert pictures.question(sent, media).rows == [{"picture": PICTURE}]


@pytest.mark.parametrize(
    ("body", "media"),
    [
        ({"picture": "hello"}, JSON),
        ({"a": BASE64, "b": BASE64}, JSON),
        ({"picture": "data:image/png;base64,!!!"}, JSON),
        ({"picture": [1, 2]}, JSON),
        ("picture=hello", PAIRS),
        ("{", JSON),
    ],
)
def test_what_holds_no_picture_says_how_to_send_one(body: Any, media: str) -> None:
    sent = body if isinstance(body, str) else json.dumps(body)
    said = "send the file in the field 'picture' of a multipart/form-data form, or as the body itself, or as base64 in"
    with pytest.raises(Refused, match=said) as caught:
        pictures.question(sent.encode(), media)
    assert caught.value.reply.status == 415


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_a_file_that_was_sent_as_a_text_is_told(form: str) -> None:
    buffer = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (200, 200, 3), np.uint8)
    Image.fromarray(noise).save(buffer, form)
    whole = buffer.getvalue()
    assert pictures.question(whole, PAIRS).rows == [{"picture": whole}]
    with pytest.raises(Refused, match="the file has lost its line ends, as curl -d has it: send it with --data-binary"):
        pictures.question(whole.replace(b"\r", b"").replace(b"\n", b""), PAIRS)


def test_a_form_that_is_called_otherwise_is_told() -> None:
    form = b'--abc\r\nContent-Disposition: form-data; name="f"\r\n\r\n' + PICTURE + b"\r\n--abc--\r\n"
    with pytest.raises(Refused, match="the body is a form, but Content-Type is image/png: have it be multipart"):
        pictures.question(form, "image/png")


@pytest.mark.parametrize(
    ("body", "media"),
    [
        (TEXT.encode(), ""),
        (TEXT.encode(), PAIRS),
        (b"\xef\xbb\xbf" + TEXT.encode(), JSON),
        (TEXT.encode("utf-16"), JSON),
        (TEXT.encode("utf-32"), JSON),
        (TEXT.encode() + b"\r\n\n", JSON),
        (json.dumps({"records": GOOD}).encode(), JSON),
        (b"number=1&when=2018-04-01T00%3A00%3A31&card=c1&amount=5&online=True", PAIRS),
        (TEXT.replace("}", ', "country": NaN}').encode(), JSON),
    ],
)
def test_a_record_is_found_in_whatever_form_it_comes(body: bytes, media: str) -> None:
    assert records.question(body, media) == records.question(TEXT.encode(), JSON)


def test_records_may_come_under_a_name() -> None:
    assert records.question(json.dumps({"records": [GOOD]}).encode(), JSON) == Question(
        records.question(TEXT.encode(), JSON).rows, many=True
    )


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", f"the body is empty; {ONE_LINE}"),
        (b" \n", f"the body is empty; {ONE_LINE}"),
        (f"{TEXT}\n{TEXT}\n".encode(), "the body has a JSON object a line; send them as one list, [{…}, {…}]"),
        (b'{"instances": [{"amount": 1}]}', f"'instances' is the form of another tool; {ONE_LINE}"),
        (b'{"dataframe_split": {"columns": []}}', f"'dataframe_split' is the form of another tool; {ONE_LINE}"),
        (b'{"inputs": {}, "parameters": {}}', f"'inputs' is the form of another tool; {ONE_LINE}"),
        ('{"card": "é"}'.encode("latin-1"), f"the body is not UTF-8, which JSON is (byte 11); {ONE_LINE}"),
        (TEXT.encode("utf-16-le"), f"the body is not UTF-8, which JSON is (byte 2); {ONE_LINE}"),
        (b'--x\r\nContent-Disposition: form-data; name="a"\r\n', f"the body is a multipart form; {ONE_LINE}"),
        (b'{"a":' * 5_000, f"the body is too deep; {ONE_LINE}"),
        (b"amount,card\n1,2\n", "the body is not valid JSON: "),
        (TEXT.replace("5", "Infinity").encode(), "amount: input should be a finite number"),
    ],
)
def test_what_is_no_record_is_one_sentence(body: bytes, sentence: str) -> None:
    with pytest.raises(Refused) as caught:
        records.question(body, JSON)
    assert caught.value.reply.status == 400
    assert json.loads(caught.value.reply.body)["error"].startswith(sentence)


def test_a_name_without_end_is_not_said_whole() -> None:
    with pytest.raises(Refused) as caught:
        records.question(json.dumps({**GOOD, "a" * 1_000_000: 1}).encode(), JSON)
    assert len(caught.value.reply.body) < 400


@pytest.mark.parametrize("column", ["records", "data", "inputs"])
def test_a_column_of_such_a_name_is_a_column(column: str) -> None:
    columns = {"when": {"type": "time"}, column: {"type": "number"}}
    definition = {**INPUT["definition"], "entities": [], "categories": {}, "id": None, "amount": None}
    input = {**INPUT, "schema": {"columns": columns}, "definition": {**definition, "numbers": [column]}}
    parser = RequestParser(table.request(input), table.rows)
    with pytest.raises(Refused, match="when: field required"):
        parser.question(json.dumps({column: 1.0}).encode(), JSON)


def test_a_compressed_body_is_unpacked_up_to_the_limit() -> None:
    assert plain(gzip.compress(b"abc"), b"GZIP", 3) == b"abc"
    assert plain(zlib.compress(b"abc"), b"deflate", 3) == b"abc"
    assert plain(zstd.compress(b"abc"), b"zstd", 3) == b"abc"
    assert plain(b"abc", b"identity", 3) == b"abc"
    for body, encoding, status in (
        (gzip.compress(b"abcd"), b"gzip", 413),
        (gzip.compress(bytes(50_000_000)), b"gzip", 413),
        (gzip.compress(b"abc")[:-9], b"gzip", 400),
        (b"abc", b"gzip", 400),
        (zstd.compress(bytes(50_000_000)), b"zstd", 413),
        (zstd.compress(b"abc")[:-2], b"zstd", 400),
        (b"abc", b"zstd", 400),
        (zstd.compress(bytes(4_000_000), options={int(zstd.CompressionParameter.window_log): 27}), b"zstd", 413),
        (b"abc", b"br", 415),
        (b"abc", b"gzip, gzip", 415),
    ):
        with pytest.raises(Refused) as caught:
            plain(body, encoding, 3)
        assert caught.value.reply.status == status

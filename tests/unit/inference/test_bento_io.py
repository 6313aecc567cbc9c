"""What BentoML shows of the routes, for a kind of uploads and one of records."""

from components import catalogue
from components.inference.bento_io import input_type, output_type
from components.inference.gateway.request.parser import RequestParser
from components.kinds.image import codec as image
from components.kinds.table import codec as table
from tests.unit.inference.gateway.request.test_parser import INPUT

ANSWER = catalogue.codec("image").Answer


def test_an_upload_is_a_form_with_a_file() -> None:
    shown = input_type(RequestParser(image.request({}), image.rows))
    assert shown.mime_type() == "multipart/form-data"
    assert shown.model_json_schema()["properties"]["picture"]["format"] == "binary"
    answer = output_type((ANSWER,), image.request({}))
    assert list(answer.model_json_schema(mode="serialization")["properties"]) == [*ANSWER.model_fields, "id"]


def test_records_are_json_one_or_many() -> None:
    request = table.request(INPUT)
    shown = input_type(RequestParser(request, table.rows))
    assert shown.mime_type() == "application/json"
    answers = output_type((catalogue.codec("table").Answer,), request).model_json_schema()
    assert [alternative.get("type", "object") for alternative in answers["oneOf"]] == ["object", "array"]
    assert "anyOf" not in answers

"""The tables of `docs/api.md`; `tests/integration/test_bento.py` holds them against a live endpoint."""

import pytest

from docs import api

ANSWER = {"properties": {"label": {"type": "string", "description": "The class."}}}
SPECIFICATION = {
    "paths": {
        "/predict": {
            "post": {
                "requestBody": {"content": {"image/png": {}, "application/json": {}}},
                "responses": {
                    "429": {"description": "Too many | now."},
                    "200": {"description": "", "content": {"application/json": {"schema": ANSWER}}},
                },
            }
        },
        "/livez": {"get": {"responses": {"200": {"description": "It runs."}}}},
    }
}


def test_each_table_is_made_of_the_specification() -> None:
    assert api.routes(SPECIFICATION).splitlines()[2:] == [
        "| `GET /livez` |  | 200 |",
        "| `POST /predict` | `application/json`, `image/png` | 200, 429 |",
    ]
    assert api.answer(SPECIFICATION).splitlines()[2:] == ["| `label` | string | The class. |"]
    assert api.refusals(SPECIFICATION).splitlines()[2:] == ["| 429 | Too many \\| now. |"]


def test_what_stands_around_the_tables_stays() -> None:
    text = "Before.\n\n<!-- answer -->\nold\n<!-- end -->\n\nAfter.\n"
    made = api.page(text, SPECIFICATION)
    assert made.startswith("Before.\n\n<!-- answer -->\n\n| field |")
    assert made.endswith("\n<!-- end -->\n\nAfter.\n")
    assert "old" not in made
    assert api.page(made, SPECIFICATION) == made


def test_a_table_that_is_not_known_is_an_error() -> None:
    with pytest.raises(KeyError, match="nothing"):
        api.page("<!-- nothing -->\n<!-- end -->\n", SPECIFICATION)

"""Numbers in texts: one value as the endpoint reads it, and whole columns as `prepare` does."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.kinds.table.codec import numbers
from components.kinds.table.codec.numbers import Decimal
from components.kinds.table.prepare.numbers import read

UNITS = ("€", "$", "EUR", "%", "kg", "US$")


@pytest.mark.parametrize(
    ("text", "decimal", "expected"),
    [
        ("12,50", ",", 12.5), ("12.50", ".", 12.5), ("1,234.50", ".", 1234.5), ("1.234,50", ",", 1234.5),
        ("1 234,50", ",", 1234.5), ("1\u00a0234,50", ",", 1234.5), ("1\u202f234\u202f567,5", ",", 1234567.5),
        ("1'234.50", ".", 1234.5), ("1\u2019234.50", ".", 1234.5), ("12,34,567.8", ".", 1234567.8),
        ("1.234", ",", 1234.0), ("1.234", ".", 1.234), ("0,125", ",", 0.125), ("1.234.567", ",", 1234567.0),
        ("-12,5", ",", -12.5), ("\u221212,5", ",", -12.5), ("12.50-", ".", -12.5), ("(12.50)", ".", -12.5),
        ("+12.5", ".", 12.5), ("1.5e3", ".", 1500.0), ("1,5E-3", ",", 0.0015), (".5", ".", 0.5), ("5.", ".", 5.0),
        ("'12.5", ".", 12.5), ('"12,5"', ",", 12.5), ("  7 ", ".", 7.0), ("12,50 €", ",", 12.5), ("€12.50", ".", 12.5),
        ("-€12.50", ".", -12.5), ("€ -12.50", ".", -12.5), ("($1,234.50)", ".", -1234.5), ("US$ 12", ".", 12.0),
        ("EUR 12,50", ",", 12.5), ("12.5%", ".", 12.5), ("12,5 %", ",", 12.5), ("70 kg", ".", 70.0),
        ("1.004,-", ",", 1004.0), ("99.--", ".", 99.0), ('="12.5"', ".", 12.5),
    ],
)  # fmt: skip
def test_a_number_is_read_by_what_is_known_of_its_column(text: str, decimal: Decimal, expected: float) -> None:
    assert numbers.of_text(text, decimal, UNITS) == expected


@pytest.mark.parametrize(
    ("text", "decimal"),
    [
        ("12,50", "."), ("12.50", ","), ("0,125", "."), ("1,23,4", "."), ("1.2.3", ","), ("1.2.3", "."), ("", "."),
        ("abc", "."), ("--5", "."), ("(5", "."), ("5)", "."), ("(-5)", "."), ("0x1F", "."), ("5 £", "."), ("5 t", "."),
        ("12.03.2024", "."), ("14:05", "."), ("1e9999x", "."), ("4111 1111 1111 1111", "."), ("555-1234", "."),
    ],
)  # fmt: skip
def test_what_is_no_number_of_the_column_is_none(text: str, decimal: Decimal) -> None:
    assert numbers.of_text(text, decimal, UNITS) is None


SAID = st.one_of(
    st.text(alphabet="0123456789.,'-+() €$%kgE\u00a0\u2212\u2019_\"", max_size=14),
    st.text(max_size=8),
    st.floats(-1e12, 1e12).flatmap(
        lambda number: st.sampled_from(
            [
                f"{number}", f"{number:,.2f}", f"{number:,.2f}".translate(str.maketrans(",.", ".,")), f"{number:.3e}",
                f"{number:_.1f}", f"$ {number:,.0f}", f"({abs(number):.2f})", f"{abs(number):.2f}-", f"{number:.1f} %",
            ]
        )
    ),
)  # fmt: skip


@settings(max_examples=60)
@given(st.lists(SAID, max_size=30), st.sampled_from([".", ","]))
def test_a_column_is_read_as_its_values_are(said: list[str], decimal: Decimal) -> None:
    found = read(pl.Series("amount", said, dtype=pl.String), decimal, UNITS)
    assert found.to_list() == [numbers.of_text(one, decimal, UNITS) for one in said]

from math import nan

import pytest

from components.training.precision import choose
from components.training.served import Precision


@pytest.mark.parametrize(
    ("wanted", "int8", "gains", "precision", "reason"),
    [
        ("float32", 0.95, True, "float32", "asked for; int8 has accuracy 0.9500 against 0.9000 in float32"),
        ("float32", 0.90, False, "float32", "asked for"),
        ("int8", 0.90, False, "float32", "int8 is asked for, but no layer gains by it"),
        ("int8", 0.95, True, "int8", "asked for, and good enough: accuracy 0.9500 against 0.9000 in float32"),
        ("int8", 0.899, True, "int8", "asked for, and good enough: accuracy 0.8990 against 0.9000 in float32"),
        (
            "int8",
            0.897,
            True,
            "float32",
            "int8 is asked for, but loses more than 0.0020: accuracy 0.8970 against 0.9000 in float32",
        ),
        (
            "int8",
            nan,
            True,
            "float32",
            "int8 is asked for, but loses more than 0.0020: accuracy nan against 0.9000 in float32",
        ),
    ],
)
def test_int8_is_served_where_it_is_asked_for_and_good_enough(
    wanted: Precision, int8: float, gains: bool, precision: str, reason: str
) -> None:
    served = choose(wanted, 0.002, "accuracy", {"float32": 0.9, "int8": int8}, gains)
    assert (served.precision, served.reason) == (precision, reason)


@pytest.mark.parametrize(
    ("float16", "gains", "precision", "reason"),
    [
        (0.9, False, "float32", "float16 is asked for, but no layer can compute in it"),
        (0.899, True, "float16", "asked for, and good enough: accuracy 0.8990 against 0.9000 in float32"),
        (
            nan,
            True,
            "float32",
            "float16 is asked for, but loses more than 0.0020: accuracy nan against 0.9000 in float32",
        ),
    ],
)
def test_so_is_float16(float16: float, gains: bool, precision: Precision, reason: str) -> None:
    served = choose("float16", 0.002, "accuracy", {"float32": 0.9, "float16": float16, "int8": 0.0}, gains)
    assert (served.precision, served.reason) == (precision, reason)


@pytest.mark.parametrize(("int8", "precision"), [(45.09, "int8"), (45.2, "float32"), (44.0, "int8"), (nan, "float32")])
def test_of_a_loss_int8_may_have_more_by_the_margin(int8: float, precision: str) -> None:
    served = choose("int8", 0.1, "rmse", {"float32": 45.0, "int8": int8}, True, lower_is_better=True)
    assert served.precision == precision

import pytest

from components.kinds.formatting import number


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.93118, "0.9312"),
        (0.0, "0.0000"),
        (0.00001234, "1.23e-05"),
        (-3.5, "-3.5000"),
        (45.207, "45.21"),
        (-451.98, "-452.0"),
        (1234.5, "1,234"),
        (2.5e6, "2,500,000"),
        (float("nan"), "nan"),
    ],
)
def test_a_number_has_four_digits_that_matter(value: float, said: str) -> None:
    assert number(value) == said

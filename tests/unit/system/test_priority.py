import os

import pytest

from components.system.priority import gently


def test_work_gives_way_and_nothing_else_does() -> None:
    before = os.nice(0)
    assert gently(lambda: os.nice(0)) == 19
    assert os.nice(0) == before


def test_what_goes_wrong_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        gently(lambda: 1 / 0)

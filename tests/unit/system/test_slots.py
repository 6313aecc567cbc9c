import os
from pathlib import Path

import pytest

from components.system.slots import take_slot


def test_each_takes_the_first_that_is_free(tmp_path: Path) -> None:
    taken = [take_slot(tmp_path, 3) for _ in range(3)]
    assert [number for number, _ in taken] == [0, 1, 2]
    with pytest.raises(OSError, match="3 slots"):
        take_slot(tmp_path, 3)
    os.close(taken[1][1])
    assert take_slot(tmp_path, 3)[0] == 1

"""What docs/extensions.md says of its examples."""

from pathlib import Path

import pytest

from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "extensions.md").read_text()


@pytest.mark.parametrize(("example", "most"), [("signal", 300), ("counts", 300)])
def test_an_example_is_small_and_every_part_is_told_of(example: str, most: int) -> None:
    files = sorted((ROOT / "examples" / example).glob("journeyman_*/*.py"))
    lines = [line for path in files for line in path.read_text().splitlines() if line.strip()]
    assert len(lines) <= most, "lines, but for blank ones"
    assert [path.name for path in files if f"`{path.name}`" not in PAGE] == []


def test_every_path_that_the_page_names_is_there() -> None:
    words = {
        word.strip("`.,;:()") for word in PAGE.split() if word.startswith(("`components/", "`examples/", "(`tests/"))
    }
    assert len(words) >= 5
    assert [word for word in words if not Path(ROOT, word).exists()] == []

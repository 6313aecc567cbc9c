"""What is said where a verdict is about another champion than the one at work."""

import pytest

from components.registry.gate import Verdict
from components.registry.promotion.promote import _against
from components.registry.version import Version
from tests.unit.registry.promotion.test_history import history


@pytest.mark.parametrize(
    ("moves", "judged", "said"),
    [
        (["p1", "p2"], "1", "version 2 has come to work while version 3 was held against version 1"),
        (["p1"], None, "version 1 has come to work while version 3 was held against no champion"),
        (["p1", "h-"], "1", "the champion was taken away while version 3 was held against version 1"),
    ],
)
def test_a_verdict_about_another_champion_is_to_be_made_again(moves: list[str], judged: str | None, said: str) -> None:
    challenger = Version("cups", "3", "accuracy", 0.9, "0" * 64, "0" * 32)
    verdict = Verdict(workload="cups", challenger="3", champion=judged, rules=(), passed=True, reason="better")
    assert _against(challenger, verdict, history(*moves), False) == f"{said}; run it again"

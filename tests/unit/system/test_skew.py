import pytest

from components.config.errors import ConfigError
from components.system.skew import must_agree


@pytest.mark.parametrize("told", [1_000.0, 999.0, 1_061.0, 941.0])
def test_clocks_may_differ_by_a_minute(told: float) -> None:
    must_agree(told, 1_000.0, 1_002.0, "JOURNEYMAN_CHAMPIONS", "s3://b/c")


@pytest.mark.parametrize(("told", "how"), [(1_130.0, "128 s behind"), (800.0, "199 s ahead of")])
def test_a_clock_that_goes_wrong_is_told(told: float, how: str) -> None:
    with pytest.raises(
        ConfigError, match=f"^JOURNEYMAN_CHAMPIONS: this machine's clock is {how} that of s3://b/c; set"
    ):
        must_agree(told, 1_000.0, 1_002.0, "JOURNEYMAN_CHAMPIONS", "s3://b/c")

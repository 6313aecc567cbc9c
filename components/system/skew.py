"""Whether this machine's clock agrees with a server's: heartbeats of other hosts and signed requests go by both."""

from components.config.errors import ConfigError

MOST = 60.0
"""Seconds by which two clocks may differ; a run is taken to be gone after ten minutes without a heartbeat."""
_COARSE = 1.0  # seconds: what a store says may be cut off to them


def must_agree(told: float, before: float, after: float, setting: str, address: str) -> None:
    """See to it that the moment which a server tells lies about where it was asked.

    Args:
        told: by the server, seconds since 1970.
        before: by this machine's clock, right before it was asked.
        after: by the same, when it had answered.
        setting: what names the server.
        address: of the server, as it may be shown.

    Raises:
        ConfigError: the clocks differ by more than `MOST`.
    """
    behind = told - after
    ahead = before - told - _COARSE
    if max(behind, ahead) > MOST:
        how = f"{behind:,.0f} s behind" if behind > ahead else f"{ahead:,.0f} s ahead of"
        raise ConfigError(
            f"{setting}: this machine's clock is {how} that of {address}; set both by NTP: heartbeats and signatures "
            "go by them"
        )

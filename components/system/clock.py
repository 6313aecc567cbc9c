"""The time, as the prediction log writes it."""

import time


def now_us() -> int:
    """Return microseconds since 1970."""
    return time.time_ns() // 1_000

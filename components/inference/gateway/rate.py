"""How often one key may ask: a token bucket each (the leaky bucket as a meter, ITU-T I.371).

A bucket is this worker's own. With several workers behind one address a caller gets, of each, what is set here.
Without keys all callers share one bucket: an address would name the proxy before the endpoint, or a school.
"""

from math import ceil

_MANY = 10_000  # buckets from which those that are full again are forgotten


class Rate:
    """Buckets of `burst` requests, filled at `rate` requests a second."""

    def __init__(self, rate: float, burst: int) -> None:
        self._rate, self._burst = rate, burst
        self._buckets: dict[str, tuple[float, float]] = {}
        """By name: requests in the bucket, and when that was so."""

    def wait(self, name: str, now: float) -> int:
        """Take one request out of the bucket of `name`; return 0, or in how many whole seconds there will be one.

        Args:
            name: whose bucket.
            now: seconds of a clock that never goes back.
        """
        left, then = self._buckets.get(name, (float(self._burst), now))
        left = min(float(self._burst), left + (now - then) * self._rate)
        if left < 1:
            self._buckets[name] = (left, now)
            return ceil((1 - left) / self._rate)
        if len(self._buckets) >= _MANY and name not in self._buckets:
            self._forget(now)
        self._buckets[name] = (left - 1, now)
        return 0

    def _forget(self, now: float) -> None:
        """Drop the buckets that time has filled: a new one is no different."""
        filled = self._burst / self._rate
        self._buckets = {name: bucket for name, bucket in self._buckets.items() if now - bucket[1] < filled}

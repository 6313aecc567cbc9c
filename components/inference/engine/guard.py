"""Whether what is tried is to stop at once: it fails, it is slow, or labels say that it does harm."""

import math
from collections import deque
from statistics import median

_LATEST = 100  # answers that are looked at for failures
_FAILURES = 3  # among them that stop it
_RUNS = 20  # runs that are looked at for slowness
_SLOW = 18  # among them that stop it: of a model that is exactly at the limit, 18 of 20 are slow once in 5,000 times
_KNOWN = 10  # runs of the champion from which its pace at work is known


class Guard:
    """Takes down how what is tried does beside the champion in one worker."""

    def __init__(self, pace: float, latency: float, milliseconds: float, harm: float | None = None) -> None:
        """Begin.

        Args:
            pace: seconds of a processor that the champion takes for an example, as measured when it was opened.
            latency: how many times as long the canary may take.
            milliseconds: an example that takes no longer is fast enough.
            harm: how probable it is that labels ever stop one that is as good; None: they are not looked at.
        """
        self.harm = harm
        self.labelled: set[int] = set()
        """The event ids of the rows whose labels have been looked at."""
        self._won = self._lost = 0
        self.stopped = ""
        """Why it is to stop; nothing: it is not."""
        self._pace, self._latency, self._enough = pace, latency, milliseconds / 1e3
        self._failed: deque[bool] = deque(maxlen=_LATEST)
        self._slow: deque[bool] = deque(maxlen=_RUNS)
        self._canary: deque[float] = deque(maxlen=_RUNS)
        self._champion: deque[float] = deque(maxlen=_RUNS)

    def answered(self) -> None:
        """Take down an answer."""
        self._failed.append(False)

    def failed(self, why: str) -> None:
        """Take down a failure, which the champion has made good."""
        self._failed.append(True)
        if (failures := sum(self._failed)) >= _FAILURES:
            self.stopped = self.stopped or f"{failures} of its last {len(self._failed)} answers failed, lastly: {why}"

    def champion_ran(self, examples: int, seconds: float) -> None:
        """Take down a run of the champion, seconds of a processor; of one example, since in a batch each takes less."""
        if examples == 1:
            self._champion.append(seconds)

    def canary_ran(self, examples: int, seconds: float) -> None:
        """Take down a run of the canary; likewise, but of any size."""
        self._ran(seconds / examples, self._limit, self._limit)

    def measured(self, seconds: float, champion: float) -> bool:
        """Take down what an example has taken in a run, and in one of the champion on the same examples, seconds.

        Each run is held against the champion's right beside it. That is an answer, too: it did not fail. Return whether
        it was slow.
        """
        self.answered()
        self._champion.append(champion)
        usual = max(self._enough, self._latency * median(self._champion))
        return self._ran(seconds, max(self._enough, self._latency * champion), usual)

    def _ran(self, seconds: float, limit: float, usual: float) -> bool:
        self._canary.append(seconds)
        self._slow.append(seconds > limit)
        if sum(self._slow) >= _SLOW:
            self.stopped = self.stopped or (
                f"an example takes {1e3 * median(self._canary):.3g} ms of a processor, "
                f"the limit is {1e3 * usual:.3g} ms"
            )
        return self._slow[-1]

    def compared(self, won: int, lost: int) -> None:
        """Take down so many labelled rows on which the canary alone is better, and on which the champion alone is.

        Each is a fair coin's if neither is better: E = 2^(w+l) B(w+1/2, l+1/2) / B(1/2, 1/2) ever reaches 1 / harm with
        a probability of at most `harm` (as `components/watch/statistics/comparing.py` has it).
        """
        self._won, self._lost = self._won + won, self._lost + lost
        both = self._won + self._lost
        logs = both * math.log(2) + _betaln(self._won + 0.5, self._lost + 0.5) - _betaln(0.5, 0.5)
        if self.harm and self._lost > self._won and logs >= -math.log(self.harm):
            self.stopped = self.stopped or (
                f"harm: of {both} labelled rows on which they differ, the champion is better on {self._lost}"
            )

    @property
    def _limit(self) -> float:
        known = median(self._champion) if len(self._champion) >= _KNOWN else 0.0
        return max(self._enough, self._latency * max(self._pace, known))


def _betaln(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)

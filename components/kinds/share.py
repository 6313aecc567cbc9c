"""Which part of every batch a process learns from."""

from dataclasses import dataclass
from math import ceil


@dataclass(frozen=True)
class Share:
    """Process `rank` of `of`."""

    rank: int = 0
    of: int = 1

    def part(self, start: int, stop: int) -> slice:
        """Return this process's part of the indices from `start` up to `stop`; the parts are equal to within one."""
        count = stop - start
        return slice(start + count * self.rank // self.of, start + count * (self.rank + 1) // self.of)

    def steps(self, count: int, batch_size: int) -> int:
        """Return in how many steps all processes see `count` examples, each at most `batch_size` of them a step."""
        return ceil(count / (batch_size * self.of))

    def parts(self, count: int, batch_size: int) -> list[slice]:
        """Return this process's parts of `count` indices, one a step; every index is in one part of one process."""
        steps = self.steps(count, batch_size)
        return [self.part(count * step // steps, count * (step + 1) // steps) for step in range(steps)]

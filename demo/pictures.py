"""Pictures of garments; while a model is at work, whoever takes them does so in a darker room.

Of some of them the callers say later what they were; about others somebody has to be asked.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from demo.work import Example

PARAMS = """\
workloads:
  garments:
    kind: image
    task: classification
    description: Which of ten kinds of garment is in the picture (Fashion-MNIST).
    source: story
    prepare: {size: 28, channels: 1, background: 0, validation: 0.1, test: 0.15, limits: {}}
    train: {recipe: quick}
    serve: {precision: float32}
    retrain: {labels: 5000, least: 200, cooldown: 0.5}
    gate: {shadow: true, better: {rule: not_worse, margin: 0.01}}
"""
"""Nearly all of the test split was taken in the light: the gate asks that none is worse there, live labels decide."""
DARK = 0.3
"""What is left of the light."""

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Pictures:
    """The work of a workload of pictures."""

    begins: int
    """The day of work on which they become dark."""
    days: int
    """Of work."""
    pictures: Pixels = field(repr=False)
    """`[N, H, W]`, grey."""
    labels: Sequence[str] = field(repr=False)
    history: int = 12_000
    """Pictures that the first model learns from: the first ones."""
    a_day: int = 600
    known: float = 0.3
    """Part of the pictures of which a caller says what they were."""
    workload: str = "garments"
    params: str = PARAMS
    change: str = "less light: the pictures are taken in a dark room"
    at_once: int = 1
    delay: int = 1

    @property
    def wrong(self) -> str:
        """A label that stands for a whole class, where one floods."""
        return self._classes[0]

    def begin(self, project: Path) -> None:
        """Write the pictures of the first model, a folder a class."""
        for index in range(self.history):
            path = project / "story" / self.labels[index].replace("/", " or ") / f"{index:05d}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(_png(self.pictures[index]))

    def day(self, day: int) -> Sequence[Example]:
        """Return the pictures of a day of work; none is asked about twice."""
        first = self.history + day * self.a_day
        known = np.random.default_rng(day).random(self.a_day) < self.known
        dark = day >= self.begins
        return [
            Example(
                _png((self.pictures[index] * DARK).astype(np.uint8) if dark else self.pictures[index]),
                self.labels[index].replace("/", " or "),
                changed=dark,
                told=bool(told),
            )
            for index, told in enumerate(known, first)
        ]

    def cost(self, example: Example, said: str) -> float:
        """Return 1 for a wrong answer."""
        return float(example.truth != said)

    def turned(self, label: str) -> str:
        """Return the next class."""
        return self._classes[(self._classes.index(label) + 1) % len(self._classes)]

    @cached_property
    def _classes(self) -> Sequence[str]:
        return sorted({label.replace("/", " or ") for label in self.labels})


def _png(picture: Pixels) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return file.getvalue()

"""The section `gate` of a workload: what a challenger must show before it becomes champion."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from components.config.section import Fraction, Section

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Confidence = Annotated[float, Field(ge=0.5, lt=1.0)]
Ratio = Annotated[float, Field(ge=1.0)]
Amount = Annotated[float, Field(ge=0.0)]


class Better(Section):
    """The deciding metric, of champion and challenger on today's test split."""

    rule: Literal["better", "not_worse"] = "better"
    """`better` than the champion by more than `margin`, or `not_worse` by more than it; both beyond chance."""
    margin: Fraction = 0.0
    """Points of the deciding metric, in 0..1; of a loss in standard deviations of the label; `not_worse` needs one
    above 0."""
    confidence: Confidence = 0.95
    """One-sided: at 0.95, of twenty challengers that are no better one passes. 0.5: whichever did better passes."""
    resamples: Annotated[int, Field(ge=200)] = 2000
    """Of the bootstrap, where the metric is not the mean of right answers."""

    @model_validator(mode="after")
    def _margin_is_needed(self) -> Self:
        if self.rule == "not_worse" and self.margin == 0.0:
            raise ValueError("not_worse needs a margin above 0: by chance, what is as good looks a little worse")
        return self


class Slices(Section):
    """Parts of the test split: classes, and the values of `prepare.slices`."""

    margin: Fraction = 0.02
    """How much a slice may lose against the champion; only more than that, and more than chance explains, refuses."""
    smallest: Annotated[int, Field(ge=1)] = 50
    """Test examples that a slice must have to be judged."""
    confidence: Confidence = 0.95
    """Of all slices together: at 0.95, of twenty challengers that lose nowhere more than `margin` one is refused."""


class Calibration(Section):
    """Whether the model is as often right as it says, of whatever it says so."""

    error: Share = 0.05
    """Largest expected calibration error, beyond what chance gives a test split of this size."""
    error_rise: Share = 0.02
    """How much higher than the champion's that error may be."""
    brier: Annotated[float, Field(gt=0.0, le=2.0)] | None = None
    """Largest Brier score. Left out: that of always answering how frequent the classes are."""
    brier_ratio: Ratio = 1.1
    """How many times the champion's the Brier score may be."""

    coverage: Share = 0.02
    """Regression: how much less than the stated part of the intervals may hold the true number, beyond chance."""
    slice_coverage: Share = 0.1
    """The same within each slice of `prepare.slices`."""
    alerts: Ratio = 1.5
    """How many times the stated share of ordinary examples may be flagged, beyond chance: as anomalies, or as
    unfamiliar."""


class Robustness(Section):
    """The deciding metric on corrupted inputs; how they are corrupted is the kind's affair."""

    severity: Annotated[int, Field(ge=1, le=3)] = 2
    """How badly test examples are corrupted, see docs/registry.md#robustness."""
    examples: Annotated[int, Field(ge=1)] = 1000
    """Test examples that are corrupted, of each class alike."""
    margin: Fraction = 0.05
    """How much of the metric may be lost against the champion on the same corrupted examples; as for slices, beyond
    chance."""
    kept: Share = 0.3
    """Part of the metric on the same examples uncorrupted that must be left."""


class Behaviours(Section):
    """Part of the kind's questions of each sort that must be answered as they should; beyond chance."""

    invariance: Share = 0.8
    """Part of the answers that must not change where nothing of importance changes."""
    direction: Share = 0.8
    """Part of the answers that must not move the wrong way where something moves them."""
    minimum: Share = 0.9
    """Part of the plainest examples that must be answered rightly."""


class Cost(Section):
    """What an answer costs, measured in the same run as the champion's."""

    latency: Ratio = 2.0
    """How many times as long as the champion one example may take, on one thread."""
    milliseconds: Amount = 5.0
    """An example that takes no longer is fast enough, whatever the ratio. Left out, it is more for a recipe whose
    network is larger: of pictures with `recipe: transfer` 20 at 128 pixels a side, and so by the pixels."""
    size: Ratio = 2.0
    """How many times as large as the champion's the bundle's model may be."""
    megabytes: Amount = 10.0
    """A model that is no larger is small enough, whatever the ratio. Left out, 20 with `recipe: transfer`."""
    memory: Ratio = 1.5
    """How many times the champion's memory a process may take that holds the model and answers."""
    memory_megabytes: Amount = 0.0
    """A process that takes no more is small enough, whatever the ratio. Left out, more with `recipe:
    transfer`."""

    def sensible(self, ordinary: Mapping[str, float]) -> Self:
        """Return the limits with the amounts that are ordinary for what is trained, where nobody wrote them."""
        larger = {name: most for name, most in ordinary.items() if name not in self.model_fields_set}
        return self.model_copy(update={name: max(most, getattr(self, name)) for name, most in larger.items()})


class Gate(Section):
    """What a challenger must show; the first champion, what needs no champion to compare with."""

    mode: Literal["automatic", "ask"] = "automatic"
    """What becomes of a challenger that has passed: it goes to work, or waits for a person (`flows.promote`)."""
    shadow: bool = False
    """Whether one that has passed is tried first: `flows.shadow` has it answer what was asked since, and compares."""
    shadow_latency: Annotated[float, Field(ge=0.0, le=0.5)] = 0.01
    """Part of the requests on whose examples endpoints that follow the champion measure what the version costs that is
    tried so (the latest one), once the answer has gone out and while nothing waits; 0: none. One that takes longer than
    `cost` allows is stopped. See docs/trying.md#what-it-would-cost."""
    canary: Annotated[float, Field(ge=0.0, le=50.0)] = 0.0
    """Per cent of all entities (cards, customers; pictures: requests) that one that has passed, and its shadow, answers
    beside the champion, until `flows.shadow` can decide; 0: none. See docs/trying.md#canary."""
    canary_days: Amount = 1.0
    """Days for which a canary answers whose shadow has passed: labels have shown already that it is better, so it goes
    to work after them, unless something speaks against it. Without a shadow labels decide."""
    reverse: Amount = 7.0
    """Days after a promotion by the gate in which `flows.shadow` has the champion before answer too, and takes the
    promotion back where that is better."""
    error: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.05
    """How probable it is that a trial ever decides where both versions are as good."""

    better: Better = Better()
    slices: Slices = Slices()
    calibration: Calibration = Calibration()
    robustness: Robustness = Robustness()
    behaviours: Behaviours = Behaviours()
    cost: Cost = Cost()
    baseline: bool = True
    """Whether a model must be better than its baseline."""
    leaks: Share = 0.005
    """Part of the test split that may be known from training: the same example, or nearly so, or a later one."""

"""The section `retrain` of a workload: when it learns again, from what was answered at work and labelled since."""

from typing import Annotated

from pydantic import Field

from components.config.section import Section


class Retrain(Section):
    """When `flows.retrain` trains, and by which labels it does not; see docs/retraining.md."""

    labels: Annotated[int, Field(ge=1)] = 500
    """Labels that are final and were not learnt from yet, from which a training is due."""
    days: Annotated[float, Field(gt=0.0)] = 30.0
    """Days after the last training from which one is due, where there are labels to learn from."""
    least: Annotated[int, Field(ge=1)] = 50
    """Labels that are final and were not learnt from yet, under which no training is due, whatever else is."""
    cooldown: Annotated[float, Field(ge=0.0)] = 1.0
    """Days from a training to the next, at least."""
    follow_up: Annotated[float, Field(gt=1.0)] | None = 2.0
    """After a training because of harm another one is due, once it learns from so many times as many days of the harm:
    the first one knew little of it. Until the last one learned from `days`; null: never."""
    trial: Annotated[float, Field(ge=0.0)] = 7.0
    """Days for which no training is due while a version is tried on live answers (`gate.shadow`, `gate.canary`)."""
    cpu_hours: Annotated[float, Field(gt=0.0)] = 40.0
    """Hours of CPU time that trainings of 30 days may take. The next one is taken to cost what the last one did."""
    flood: Annotated[float, Field(gt=0.0, le=1.0)] = 0.8
    """Part of the new labels that one class may have. Of a class that is frequent on the validation split it may be
    more: half-way from its part there to all."""
    without: list[str] = []
    """Sources of labels that are not learnt from."""

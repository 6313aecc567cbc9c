"""The section `watch` of a workload: by what its answers are judged once they are given."""

from typing import Annotated

from pydantic import Field

from components.config.section import Section


class Watch(Section):
    """How a model at work is judged; see docs/watching.md."""

    delay: Annotated[float, Field(ge=0.0)] | None = None
    """Days after which a label is final: answers that are younger are not judged by their labels. Left out: that of
    `prepare.delay`, if there is one, else none."""
    tolerance: Annotated[float, Field(ge=0.0, le=1.0)] = 0.02
    """By how much the losses of labelled answers may exceed the upper bound of those on the validation split, as a part
    of the metric's range, before it is called harm."""
    asked: Annotated[float, Field(gt=0.0, le=1.0)] = 0.02
    """The smallest probability with which a label is ever asked for, where labels say theirs (`share`): by it is known
    beforehand how much one label may count. Harm is judged without the days of labels that were asked for with a
    smaller one."""

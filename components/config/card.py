"""The section `card` of a workload: what no measurement tells, for the model card."""

from components.config.section import Section


class Card(Section):
    """What a person has to say of the model; what is left out is left out of the card."""

    intended: str = ""
    """What the model is for, and for whom; for the model card, see docs/registry.md#model-card."""
    not_for: list[str] = []
    """What it must not be used for."""
    limits: list[str] = []
    """What is known to be missing from the data, or to be wrong with it."""
    contact: str = ""
    """Whom to ask."""

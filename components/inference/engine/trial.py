"""What is tried beside the champion, and how."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

TrialId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


class Trial(BaseModel):
    """What is tried, and how."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: TrialId
    """Of this trial alone; it keys the hash by which entities are chosen."""
    version: str
    against: str
    """The champion beside which it is tried: no other shares its work with it."""
    share: float = Field(gt=0.0, le=0.5)
    """Of all entities; of a shadow, of the requests whose examples it is measured on."""
    latency: float = Field(ge=1.0)
    """How many times as long as the champion one example may take."""
    milliseconds: float = Field(ge=0.0)
    """An example that takes no longer is fast enough."""
    harm: float | None = Field(default=None, gt=0.0, lt=1.0)
    """How probable it is that labels, as they come, ever stop a canary that is as good; None: they stop none, for a
    label may change yet."""

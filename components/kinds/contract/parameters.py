"""The types in which kinds differ. Code outside the kinds leaves them out: to it they are JSON that it hands on."""

from typing import Any

from typing_extensions import TypeVar

InputT = TypeVar("InputT", contravariant=True, default=Any)
"""The description of one example: `prepare` writes it, the bundle carries it."""
ConfigT = TypeVar("ConfigT", contravariant=True, default=Any)
"""The kind's section of `params.yaml`: `prepare` or `train`."""
ModuleT = TypeVar("ModuleT", default=Any)
"""The LightningModule that the learner trains."""

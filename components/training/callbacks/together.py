"""All of our callbacks as one: Lightning asks each at every hook of a step, whether or not it listens."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from lightning.pytorch.callbacks import Callback

_HOOKS = (
    "setup",
    "on_train_start",
    "on_train_batch_start",
    "on_train_batch_end",
    "on_train_epoch_end",
    "on_train_end",
    "on_validation_start",
    "on_exception",
)


class Together(Callback):
    """Passes each hook on to those of `parts` that listen to it, in their order."""

    def __init__(self, parts: Sequence[Callback]) -> None:
        self._parts = {type(part).__name__: part for part in parts}
        for hook in _HOOKS:
            heard = [getattr(part, hook) for part in parts if getattr(type(part), hook) is not getattr(Callback, hook)]
            setattr(self, hook, partial(_each, heard))

    def state_dict(self) -> dict[str, Any]:
        """Return the states of the parts, by name."""
        return {name: part.state_dict() for name, part in self._parts.items()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Give each part its state back."""
        for name, part in self._parts.items():
            part.load_state_dict(state_dict[name])


def _each(heard: Sequence[Callable[..., None]], *arguments: Any, **named: Any) -> None:
    for hook in heard:
        hook(*arguments, **named)

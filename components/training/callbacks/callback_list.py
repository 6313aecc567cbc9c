"""All of our callbacks as one: Lightning asks each at every hook of a step, whether or not it listens."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from lightning.pytorch.callbacks import Callback

from components.internals.lightning import HOOKS


class CallbackList(Callback):
    """Passes each hook on to those of `parts` that listen to it, in their order, and keeps the state of each."""

    def __init__(self, parts: Sequence[Callback]) -> None:
        """Take the callbacks.

        Raises:
            ValueError: two of them have one key for their state, so that a checkpoint would keep that of one alone.
        """
        self._parts = {part.state_key: part for part in parts}
        if len(self._parts) < len(parts):
            keys = [part.state_key for part in parts]
            raise ValueError(f"callbacks of one state_key: {sorted({key for key in keys if keys.count(key) > 1})}")
        for hook in HOOKS:
            if heard := [getattr(part, hook) for part in parts if _listens(part, hook)]:
                setattr(self, hook, partial(_each, heard))

    def state_dict(self) -> dict[str, Any]:
        """Return the states of the parts, by their keys."""
        return {key: part.state_dict() for key, part in self._parts.items()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Give each part its state back."""
        for key, part in self._parts.items():
            part.load_state_dict(state_dict[key])


def _listens(part: Callback, hook: str) -> bool:
    """Whether the callback has a hook of its own, by its class or, as Lightning's LambdaCallback, by an attribute."""
    own = getattr(part, hook)
    return getattr(own, "__func__", own) is not getattr(Callback, hook)


def _each(heard: Sequence[Callable[..., None]], *arguments: Any, **named: Any) -> None:
    for hook in heard:
        hook(*arguments, **named)

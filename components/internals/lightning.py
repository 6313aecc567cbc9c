"""What training uses of Lightning that its documentation does not name. Needs lightning alone."""

import contextlib
import logging
import warnings
from typing import Any

import lightning
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.profilers import PassThroughProfiler
from lightning.pytorch.utilities import rank_zero_only

HOOK_NOTE = "_current_fx_name"
"""The attribute in which Lightning notes in its module which hook it is in, some fifty times a step."""

HOOKS = tuple(name for name in vars(Callback) if name.startswith("on_") or name in ("setup", "teardown"))
"""Every hook that a callback has. A list of our own would miss those that Lightning adds."""


class LeanModule(lightning.LightningModule):
    """A LightningModule whose own bookkeeping costs less.

    torch looks through parameters, buffers and children each time that an attribute is set, which is most of what
    `HOOK_NOTE` costs; a name of a hook is none of them. Without this class training is slower, and the same.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        if name == HOOK_NOTE:
            self.__dict__[name] = value
        else:
            super().__setattr__(name, value)


class NoProfiler(PassThroughProfiler):
    """Lightning enters its profiler 64 times a step; this one makes no new context manager for it."""

    _nothing = contextlib.nullcontext()

    def profile(self, action_name: str) -> contextlib.AbstractContextManager[None]:
        """Return what does nothing."""
        return self._nothing


def process_rank() -> int:
    """Return this process's number among those of the training, before there is a trainer that knows it."""
    return int(rank_zero_only.rank)


def quiet() -> None:
    """Keep advertisements, and a warning about Lightning's own use of torch, off the console."""
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", r".*treespec, LeafSpec.* is deprecated")

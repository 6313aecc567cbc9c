"""The names of Lightning that `components/internals/lightning.py` uses are in the pinned version."""

import logging
import warnings
from importlib.metadata import version

import lightning
import pytest
import torch
from lightning.pytorch.demos.boring_classes import BoringModel
from lightning.pytorch.profilers import PassThroughProfiler
from lightning.pytorch.utilities import rank_zero_only

from components.internals.lightning import HOOK_NOTE, LeanModule, NoProfiler, process_rank, quiet

LOST = f"Lightning {version('lightning')} has no {{}} any more: mend components/internals/lightning.py"


class Lean(LeanModule, BoringModel):
    """Lightning's own demonstration, with less bookkeeping."""


def steps(module: lightning.LightningModule, profiler: PassThroughProfiler) -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    module.load_state_dict({name: torch.zeros_like(value) for name, value in module.state_dict().items()})
    trainer = lightning.Trainer(
        accelerator="cpu",
        max_steps=2,
        limit_val_batches=1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        profiler=profiler,
    )
    trainer.fit(module)
    return module.state_dict()


def test_lightning_notes_its_hooks_under_the_name_that_is_passed_by(monkeypatch: pytest.MonkeyPatch) -> None:
    set_by_torch, noted = [], torch.nn.Module.__setattr__
    monkeypatch.setattr(torch.nn.Module, "__setattr__", lambda *a: set_by_torch.append(a[1]) or noted(*a))
    quiet()
    steps(BoringModel(), PassThroughProfiler())
    assert HOOK_NOTE in set_by_torch, LOST.format(f"LightningModule.{HOOK_NOTE}")
    module = Lean()
    set_by_torch.clear()
    steps(module, PassThroughProfiler())
    assert HOOK_NOTE not in set_by_torch
    assert HOOK_NOTE in vars(module)


def test_lean_training_is_the_same() -> None:
    quiet()
    expected, found = steps(BoringModel(), PassThroughProfiler()), steps(Lean(), NoProfiler())
    assert all(torch.equal(found[name], value) for name, value in expected.items())


def test_the_trainer_enters_its_profiler_by_the_method_that_is_replaced() -> None:
    entered: list[str] = []

    class Counting(NoProfiler):
        def profile(self, action_name: str):  # type: ignore[no-untyped-def]
            entered.append(action_name)
            return super().profile(action_name)

    quiet()
    steps(Lean(), Counting())
    assert "run_training_batch" in entered, LOST.format("Profiler.profile")


def test_a_process_has_a_number_before_there_is_a_trainer() -> None:
    assert hasattr(rank_zero_only, "rank"), LOST.format("rank_zero_only.rank")
    assert process_rank() == 0


def test_what_lightning_says_of_itself_is_not_heard() -> None:
    with warnings.catch_warnings(record=True) as heard:
        quiet()
        warnings.warn("`isinstance(treespec, LeafSpec)` is deprecated", stacklevel=1)
    assert heard == []
    assert not logging.getLogger("lightning.pytorch").isEnabledFor(logging.INFO)

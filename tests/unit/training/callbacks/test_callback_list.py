"""Callbacks that are forwarded to hear what those hear that Lightning calls itself."""

import inspect
from functools import partial
from pathlib import Path
from typing import Any

import lightning
import pytest
import torch
from lightning.pytorch.callbacks import Callback, LambdaCallback
from lightning.pytorch.demos.boring_classes import BoringModel

from components.internals.lightning import HOOKS
from components.training.callbacks.callback_list import CallbackList

KEEPING = {"state_key", "state_dict", "load_state_dict"}


class Broken(BoringModel):
    """A model whose training ends with an error."""

    def training_step(self, *_: Any) -> torch.Tensor:
        raise ArithmeticError("no step")


def listener(heard: list[str]) -> Callback:
    """Return a callback of a class of its own that notes each hook of Lightning's that is called."""

    def note(hook: str, *_: Any, **__: Any) -> None:
        heard.append(hook)

    return type("Listener", (Callback,), {hook: partial(note, hook) for hook in lightnings_hooks()})()


def lightnings_hooks() -> set[str]:
    public = {name for name, _ in inspect.getmembers(Callback, inspect.isfunction) if not name.startswith("_")}
    return public - KEEPING


def everything_that_a_trainer_does(callback: Callback, folder: Path) -> None:
    def trainer() -> lightning.Trainer:
        return lightning.Trainer(
            accelerator="cpu",
            default_root_dir=folder,
            max_epochs=1,
            limit_train_batches=2,
            limit_val_batches=1,
            limit_test_batches=1,
            limit_predict_batches=1,
            num_sanity_val_steps=1,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            callbacks=[callback],
        )

    model, all_of_it = BoringModel(), trainer()
    all_of_it.fit(model)
    all_of_it.save_checkpoint(folder / "last.ckpt")
    trainer().fit(model, ckpt_path=folder / "last.ckpt", weights_only=True)
    all_of_it.test(model, verbose=False)
    all_of_it.predict(model, torch.utils.data.DataLoader(torch.ones(1, 32)))
    with pytest.raises(ArithmeticError):
        trainer().fit(Broken())


@pytest.mark.filterwarnings("ignore")  # Lightning's advice on tiny loaders
def test_every_hook_of_lightning_is_passed_on_as_lightning_calls_it(tmp_path: Path) -> None:
    alone: list[str] = []
    forwarded: list[str] = []
    everything_that_a_trainer_does(listener(alone), tmp_path)
    everything_that_a_trainer_does(CallbackList([listener(forwarded), Callback()]), tmp_path)
    assert forwarded == alone
    assert set(forwarded) == lightnings_hooks() == set(HOOKS)


def test_hooks_come_in_the_order_of_the_callbacks_whichever_way_they_listen() -> None:
    heard: list[str] = []

    class Second(Callback):
        def on_fit_start(self, *_: Any) -> None:
            heard.append("second")

    first = LambdaCallback(on_fit_start=lambda *_: heard.append("first"))
    CallbackList([first, Second()]).on_fit_start(None, None)  # type: ignore[arg-type]
    assert heard == ["first", "second"]


def test_a_hook_that_nobody_listens_to_costs_nothing() -> None:
    assert [name for name in vars(CallbackList([Callback()])) if name in HOOKS] == []


def test_two_states_of_one_key_are_refused() -> None:
    with pytest.raises(ValueError, match=r"callbacks of one state_key: \['Callback'\]"):
        CallbackList([Callback(), Callback()])

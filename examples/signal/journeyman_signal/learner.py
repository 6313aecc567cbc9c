"""How signals are learned: convolutions over time, averaged."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from components.kinds.batches import AllBatches, TrainingBatches
from components.kinds.contract import Objective
from components.kinds.objective_module import ObjectiveModule
from components.kinds.plain import costs as costs
from components.kinds.plain import leaves_out as leaves_out
from components.kinds.prepared import PreparedData
from components.kinds.serving import Serving


class Network(nn.Module):
    """Signals `[N, length]` -> the head's numbers `[N, width]`, and the features before it."""

    mean: Tensor
    spread: Tensor

    def __init__(self, mean: float, spread: float, width: int, objective: Objective) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean))
        self.register_buffer("spread", torch.tensor(spread))
        layers = [nn.Conv1d(before, width, 7, padding=3) for before in (1, width)]
        self.convolutions = nn.Sequential(layers[0], nn.ReLU(), nn.MaxPool1d(2), layers[1], nn.ReLU())
        self.width, self.head = width, nn.Linear(width, objective.width)
        nn.init.zeros_(self.head.weight)
        self.head.bias.data.copy_(torch.from_numpy(objective.prior))

    def scored(self, signals: Tensor) -> tuple[Tensor, Tensor]:
        """Return both."""
        features = self.convolutions(((signals - self.mean) / self.spread)[:, None]).mean(dim=2)
        return self.head(features), features


class SignalModule(ObjectiveModule):
    """Trains the network by AdamW in one cycle."""

    def __init__(self, network: Network, config: Any, objective: Objective) -> None:
        super().__init__(objective)
        self.network, self.config = network, config

    def raw(self, inputs: Tensor) -> Tensor:
        """Return the head's numbers."""
        numbers: Tensor = self.network.scored(inputs)[0]
        return numbers

    def configure_optimizers(self) -> Any:
        """Return AdamW, its learning rate rising and falling once over all steps."""
        rate, steps = self.config.learning_rate, int(self.trainer.estimated_stepping_batches)
        optimizer = torch.optim.AdamW(self.network.parameters(), lr=rate)
        cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=max(steps, 2))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": cycle, "interval": "step"}}


def module(data: PreparedData, config: Any, objective: Objective) -> SignalModule:
    """Return a module with fresh weights, which depend on torch's global seed alone."""
    signals = np.asarray(data.inputs("train"))
    return SignalModule(Network(signals.mean(), signals.std() + 1e-6, config.width, objective), config, objective)


def loaders(data: PreparedData, config: Any, objective: Objective) -> tuple[TrainingBatches, AllBatches]:
    """Return the batches of training and validation."""
    training = TrainingBatches(data.inputs("train"), data.labels("train"), config.batch_size, config.seed)
    return training, AllBatches(data.inputs("validation"), data.labels("validation"), 1_000)


def serving(module: SignalModule, temperature: float = 1.0) -> nn.Module:
    """Return what the endpoint runs."""
    return Serving(module.network, module.objective, temperature).eval()


def raw(module: SignalModule, inputs: Tensor) -> Tensor:
    """Return the head's numbers, in evaluation mode."""
    return SignalModule.raw(module.eval(), inputs)

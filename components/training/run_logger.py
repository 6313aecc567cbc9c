"""Where a training's curve goes in MLflow."""

from collections.abc import Mapping
from typing import Any

from lightning.pytorch.loggers import MLFlowLogger


class RunLogger(MLFlowLogger):
    """Logs every step once, also where a resumed training comes by it again; and leaves the run's end to us."""

    def __init__(self, logged: Mapping[str, int], **arguments: Any) -> None:
        super().__init__(**arguments)
        self._logged = dict(logged)

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Log those that this step does not have yet."""
        new = {name: value for name, value in metrics.items() if step is None or step > self._logged.get(name, -1)}
        if new:
            super().log_metrics(new, step)
            self._logged.update(dict.fromkeys(new, step or 0))

    def finalize(self, status: str = "success") -> None:
        """Leave the run as it is."""

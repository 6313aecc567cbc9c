"""How MLflow loads a registered version: `mlflow.pyfunc.load_model("models:/garments@champion")`, without torch.

Travels inside the logged model together with the code that serves, see `register.CARRIED`.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from components.inference.bundle import Bundle
from components.kinds import catalogue


class BundleModel:
    """Answers rows as a caller of the endpoint sends them."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.codec = catalogue.codec(bundle.about.kind)

    def predict(self, model_input: pd.DataFrame, params: dict[str, object] | None = None) -> pd.DataFrame:
        """Return `label`, `probability` and `probabilities` (one a class, in the bundle's order) for each row.

        Raises:
            BadRequest: a row that cannot be decoded.
        """
        about = self.bundle.about
        rows = model_input.to_dict("records")
        examples = [self.codec.decode({str(key): value for key, value in row.items()}, about.input) for row in rows]
        probabilities = self.bundle.probabilities(np.stack(examples)).astype(np.float64)
        return pd.DataFrame(
            {
                "label": [about.classes[best] for best in probabilities.argmax(axis=1)],
                "probability": probabilities.max(axis=1),
                "probabilities": probabilities.tolist(),
            },
            index=model_input.index,
        )


def _load_pyfunc(data_path: str) -> BundleModel:
    return BundleModel(Bundle(Path(data_path)))

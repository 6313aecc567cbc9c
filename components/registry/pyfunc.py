"""How MLflow loads a registered version: `mlflow.pyfunc.load_model("models:/garments@champion")`, without torch.

Travels inside the logged model together with the code that serves, see `logged_model.CARRIED`.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from components import catalogue
from components.inference.bundle import Bundle


class BundleModel:
    """Answers rows as a caller of the endpoint sends them."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.codec = catalogue.codec(bundle.about.kind)
        about = bundle.about
        self.reader = self.codec.Reader(about.workload, about.input, about.serve, bundle.files, None)

    def predict(self, model_input: pd.DataFrame, params: dict[str, object] | None = None) -> pd.DataFrame:
        """Return `label`, its `probability`, and `probabilities` (one a class, in the bundle's order) for each row.

        Nothing is remembered from row to row: where an endpoint would, the row has to bring it.

        Raises:
            BadRequest: a row that cannot be decoded.
        """
        about = self.bundle.about
        known = model_input.astype(object).where(model_input.notna(), None)
        rows = [{str(key): value for key, value in row.items()} for row in known.to_dict("records")]
        probabilities = self.bundle.probabilities(self.reader.read(rows))
        chosen = self.codec.decide(probabilities, about.decision)
        return pd.DataFrame(
            {
                "label": [about.classes[index] for index in chosen],
                "probability": probabilities[np.arange(len(chosen)), chosen].astype(np.float64),
                "probabilities": probabilities.astype(np.float64).tolist(),
            },
            index=model_input.index,
        )


def _load_pyfunc(data_path: str) -> BundleModel:
    return BundleModel(Bundle(Path(data_path)))

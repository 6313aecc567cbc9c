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
        self.codec = catalogue.codec(bundle.about.kind, bundle.about.task)
        about = bundle.about
        self.reader = self.codec.Reader(about.workload, about.input, about.serve, bundle.files, None)

    def predict(self, model_input: pd.DataFrame, params: dict[str, object] | None = None) -> pd.DataFrame:
        """Return the answer to each row.

        Where it names a class: `label`, its `probability`, and `probabilities` (one a class, in the bundle's order).
        Else, or where the outputs are none of classes, the numbers of the endpoint's answer.

        Nothing is remembered from row to row: where an endpoint would, the row has to bring it.

        Raises:
            BadRequest: a row that cannot be decoded.
        """
        about = self.bundle.about
        known = model_input.astype(object).where(model_input.notna(), None)
        rows = [{str(key): value for key, value in row.items()} for row in known.to_dict("records")]
        outputs = self.bundle.outputs(self.reader.read(rows))
        chosen = self.codec.decide(outputs, about.decision)
        named = {} if chosen is None else {"label": [about.classes[index] for index in chosen]}
        if chosen is None or outputs.shape[1] != len(about.classes):
            numbers = self.codec.numbers(outputs, about.decision)
            found = {name: values.astype(np.float64) for name, values in numbers.items()}
            return pd.DataFrame({**named, **found}, index=model_input.index)
        return pd.DataFrame(
            {
                **named,
                "probability": outputs[np.arange(len(chosen)), chosen].astype(np.float64),
                "probabilities": outputs.astype(np.float64).tolist(),
            },
            index=model_input.index,
        )


def _load_pyfunc(data_path: str) -> BundleModel:
    return BundleModel(Bundle(Path(data_path)))

"""How MLflow loads a registered version: `mlflow.pyfunc.load_model("models:/garments@champion")`, without torch.

Travels inside the logged model together with the code that serves, see `logged_model.CARRIED`.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from components import catalogue
from components.inference.answering import RANK, Answering
from components.inference.bundle import Bundle
from components.inference.golden import check_golden
from components.inference.unfamiliar import UNFAMILIAR


class BundleModel:
    """Answers rows as a caller of the endpoint sends them."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.codec = catalogue.codec(bundle.about.kind, bundle.about.task)
        self.answering = Answering(bundle.about)
        about = bundle.about
        self.reader = self.codec.Reader(about.workload, about.input, about.serve, bundle.files, None)
        check_golden(bundle, self.reader)

    def predict(self, model_input: pd.DataFrame, params: dict[str, object] | None = None) -> pd.DataFrame:
        """Return the answer to each row.

        Where it names a class: `label`, its `probability`, and `probabilities` (one a class, in the bundle's order).
        Else, or where the outputs are none of classes, the numbers of the endpoint's answer. Where the bundle can tell,
        `unfamiliar` and `unfamiliar_rank` as the endpoint has them; one that abstains leaves the rest of such a row
        empty.

        Nothing is remembered from row to row: where an endpoint would, the row has to bring it.

        Raises:
            BadRequest: a row that cannot be decoded.
        """
        known = model_input.astype(object).where(model_input.notna(), None)
        rows = [{str(key): value for key, value in row.items()} for row in known.to_dict("records")]
        found = self.bundle.scored(self.reader.read(rows))
        answers = pd.DataFrame(self._answers(found.outputs), index=model_input.index)
        test = self.answering.test
        if test is None or found.unfamiliar is None:
            return answers
        flags = test.flags(found.unfamiliar)
        if self.answering.abstains:
            answers = answers.astype(object)
            answers.loc[flags] = None
        return answers.assign(**{UNFAMILIAR: flags, RANK: test.ranks(found.unfamiliar)})

    def _answers(self, outputs: NDArray[np.float32]) -> dict[str, Any]:
        """Return the columns of the answers to `[N, K]`."""
        about = self.bundle.about
        chosen = self.codec.decide(outputs, about.decision)
        named = {} if chosen is None else {"label": [about.classes[index] for index in chosen]}
        if chosen is None or outputs.shape[1] != len(about.classes):
            numbers = self.codec.numbers(outputs, about.decision)
            return {**named, **{name: values.astype(np.float64) for name, values in numbers.items()}}
        return {
            **named,
            "probability": outputs[np.arange(len(chosen)), chosen].astype(np.float64),
            "probabilities": outputs.astype(np.float64).tolist(),
        }


def _load_pyfunc(data_path: str) -> BundleModel:
    return BundleModel(Bundle(Path(data_path)))

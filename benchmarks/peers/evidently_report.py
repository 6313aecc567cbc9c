"""What evidently itself says of days: run by a Python that has evidently, reads one .npz and prints JSON."""

import json
import sys

import numpy as np
import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset


def main() -> None:
    """Print for each day the distances of all columns."""
    arrays = np.load(sys.argv[1])
    days = sorted({name.split("/")[0] for name in arrays.files} - {"reference"}, key=int)
    frames = {
        day: pd.DataFrame({name.split("/")[1]: arrays[name] for name in arrays.files if name.startswith(f"{day}/")})
        for day in ["reference", *days]
    }
    numbers = list(frames["reference"].select_dtypes("number"))
    others = [name for name in frames["reference"] if name not in numbers]
    said = DataDefinition(numerical_columns=numbers, categorical_columns=others)
    data = {day: Dataset.from_pandas(frame, said) for day, frame in frames.items()}
    found = []
    for day in days:
        metrics = Report([DataDriftPreset()]).run(data[day], data["reference"]).dict()["metrics"]
        found.append({one["config"]["column"]: float(one["value"]) for one in metrics if "column" in one["config"]})
    print(json.dumps(found))


if __name__ == "__main__":
    main()

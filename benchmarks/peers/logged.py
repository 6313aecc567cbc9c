"""The model that `mlflow models serve` is given: `python -m benchmarks.peers.logged BUNDLE FOLDER` writes it.

The project's own MLflow model, as the registry has it, without a registry.
"""

import sys
from importlib.metadata import version
from pathlib import Path

import mlflow.pyfunc
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, DataType, Schema

ROOT = Path(__file__).resolve().parent.parent.parent


def log(bundle: Path, folder: Path) -> None:
    """Write the MLflow model of a bundle of pictures."""
    mlflow.pyfunc.save_model(
        folder,
        loader_module="components.registry.pyfunc",
        data_path=str(bundle),
        code_paths=[str(ROOT / "components")],
        pip_requirements=[f"{name}=={version(name)}" for name in ("numpy", "onnxruntime", "pandas", "pillow")],
        signature=ModelSignature(Schema([ColSpec(DataType.binary, "picture")])),
    )


if __name__ == "__main__":
    log(Path(sys.argv[1]), Path(sys.argv[2]))

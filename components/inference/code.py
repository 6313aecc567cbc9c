"""The code that serves, as one hash: what goes into a Bento besides its bundle."""

import hashlib
from pathlib import Path

import yaml

BENTOFILE = Path("bentofile.yaml")


def code_hash() -> str:
    """SHA-256 of what goes into the Bento besides the bundle: `bentofile.yaml` and the files that it includes."""
    patterns = yaml.safe_load(BENTOFILE.read_text())["include"]
    files = sorted({path for pattern in patterns for path in Path().glob(pattern)})
    digest = hashlib.sha256()
    for path in [BENTOFILE, *files]:
        digest.update(f"{path}\n{path.stat().st_size}\n".encode() + path.read_bytes())
    return digest.hexdigest()

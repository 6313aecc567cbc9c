"""The out-of-fold answers of a version: `out_of_fold.json` among its artifacts, where it was cross-validated."""

import json

from components.kinds.cross_validation import read_outputs
from components.registry.version import Version
from components.system.files import read_json
from components.tasks.out_of_fold import OutOfFold

ARTIFACT = "out_of_fold.json"


def keep_answers(version: Version) -> None:
    """Store the answers that the stages left, unless the version has some, or there are none."""
    if (found := read_outputs(version.workload)) and version.stored(ARTIFACT, read_json) is None:
        version.store({ARTIFACT: json.dumps(found, sort_keys=True)})


def version_answers(version: Version) -> OutOfFold | None:
    """Return the version's answers; None: it was not cross-validated."""
    return OutOfFold.of_json(version.stored(ARTIFACT, read_json) or {})

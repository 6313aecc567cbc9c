import numpy as np
import pyarrow as pa

from components.kinds.logged import LoggedRow
from components.kinds.text import logged
from components.kinds.text.codec.characters import encoded
from components.kinds.text.params import Workload
from components.kinds.text.params.columns import NAME


def test_answers_become_records_of_the_source_with_their_event_as_their_name() -> None:
    section = {"kind": "text", "source": "a.csv", "prepare": {}, "train": {}}
    workload = Workload.model_validate(section)
    schema = pa.schema([(name, pa.string()) for name in ("utterance", "user", "intent", NAME)])
    example = encoded(["Play  Mozart"], 32)[0]
    rows = [
        LoggedRow("id-1", {"text": "Play  Mozart"}, example, "song"),
        LoggedRow("id-2", None, np.asarray(example), None),
    ]
    assert logged.raw(rows, schema, workload).to_pylist() == [
        {"utterance": "Play  Mozart", "user": None, "intent": "song", NAME: "live/id-1"},
        {"utterance": "play mozart", "user": None, "intent": None, NAME: "live/id-2"},
    ]
    assert not logged.takes_unlabelled(workload)

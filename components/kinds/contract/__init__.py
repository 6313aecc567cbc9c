"""What a kind must offer: the protocols that `components/kinds/*` fulfil with plain modules, one file a few parts.

A kind has its own types of `input`, `decision` and its sections of `params.yaml`: the protocols take them as parameters
(`contract.parameters`), and `conformance.py` of the kind says which they are. Left out they are `Any`.
"""

from components.kinds.contract.codec import Codec, Explain, Reader, Row, Score
from components.kinds.contract.data import Overviews, Params, PartitionedPreparation, Preparation, Sample, Source
from components.kinds.contract.erasure import Erasure
from components.kinds.contract.evaluation import Evaluated, Inspection
from components.kinds.contract.exploration import Exploration, Explored
from components.kinds.contract.golden import Golden
from components.kinds.contract.learner import Batches, Learner, TrainingBatches
from components.kinds.contract.logged import Logged
from components.kinds.contract.objective import NumberObjective, Objective, SupervisedObjective
from components.kinds.contract.relabelling import RawRecord, Relabelling
from components.kinds.contract.scoring import Observations, Scoring, SequenceMemory
from components.kinds.contract.space import SearchSpace

__all__ = [
    "Batches",
    "Codec",
    "Erasure",
    "Evaluated",
    "Explain",
    "Exploration",
    "Explored",
    "Golden",
    "Inspection",
    "Learner",
    "Logged",
    "NumberObjective",
    "Objective",
    "Observations",
    "Overviews",
    "Params",
    "PartitionedPreparation",
    "Preparation",
    "RawRecord",
    "Reader",
    "Relabelling",
    "Row",
    "Sample",
    "Score",
    "Scoring",
    "SearchSpace",
    "SequenceMemory",
    "Source",
    "SupervisedObjective",
    "TrainingBatches",
]

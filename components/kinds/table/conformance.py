"""That the kind fulfils its contract, for mypy: a part that lacks something, or has it otherwise, is an error here."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from components.kinds import contract
    from components.kinds.contract.learner import JoinedLearner
    from components.kinds.contract.logged import LoggedByTime
    from components.kinds.table import (
        codec,
        erasure,
        evaluation,
        golden,
        learner,
        logged,
        overview,
        params,
        prepare,
        relabelling,
        sample,
        scoring,
        source,
        space,
    )
    from components.kinds.table.codec.input import Input
    from components.kinds.table.learner.lightning_module import RecordModule
    from components.kinds.table.learner.trees.module import TreeModule

    _codec: contract.Codec[Input] = codec
    _erasure: contract.Erasure = erasure
    _evaluation: contract.Inspection[Input, params.Train] = evaluation
    _golden: contract.Golden[Input] = golden
    _learner: contract.Learner[Input, params.Train, RecordModule | TreeModule] = learner
    _logged: contract.Logged = logged
    _overview: contract.Overviews = overview
    _params: contract.Params = params
    _preparation: contract.Preparation[params.Prepare] = prepare
    _partitioned: contract.PartitionedPreparation[params.Prepare] = prepare
    _relabelling: contract.Relabelling[params.Prepare] = relabelling
    _sample: contract.Sample[Input] = sample
    _scoring: contract.Scoring[Input] = scoring
    _source: contract.Source = source
    _space: contract.SearchSpace[params.Train] = space

    def _has_more(
        learner: JoinedLearner[Input, params.Train, RecordModule | TreeModule], logged: LoggedByTime
    ) -> None: ...

    _has_more(learner, logged)

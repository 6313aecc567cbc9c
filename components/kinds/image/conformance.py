"""That the kind fulfils its contract, for mypy: a part that lacks something, or has it otherwise, is an error here."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from components.kinds import contract
    from components.kinds.contract.data import UnlabelledSource
    from components.kinds.contract.learner import UnlabelledLearner
    from components.kinds.contract.logged import LoggedUnlabelled
    from components.kinds.image import (
        codec,
        erasure,
        evaluation,
        exploration,
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
    from components.kinds.image.codec.input import Input
    from components.kinds.image.learner import Module

    _codec: contract.Codec[Input] = codec
    _erasure: contract.Erasure = erasure
    _evaluation: contract.Inspection[Input, params.Train] = evaluation
    _exploration: contract.Exploration[Input, params.Prepare] = exploration
    _golden: contract.Golden[Input] = golden
    _learner: contract.Learner[Input, params.Train, Module] = learner
    _logged: contract.Logged = logged
    _overview: contract.Overviews = overview
    _params: contract.Params = params
    _preparation: contract.Preparation[params.Prepare] = prepare
    _relabelling: contract.Relabelling[params.Prepare] = relabelling
    _sample: contract.Sample[Input] = sample
    _scoring: contract.Scoring[Input] = scoring
    _source: contract.Source = source
    _space: contract.SearchSpace[params.Train] = space

    def _has_unlabelled(
        source: UnlabelledSource, learner: UnlabelledLearner[Input, params.Train, Module], logged: LoggedUnlabelled
    ) -> None: ...

    _has_unlabelled(source, learner, logged)

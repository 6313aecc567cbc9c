"""That the kind fulfils its contract, for mypy: a part that lacks something, or has it otherwise, is an error here."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from components.kinds import contract
    from components.kinds.contract.learner import FittedLearner
    from components.kinds.interactions import (
        codec,
        erasure,
        evaluation,
        golden,
        learner,
        logged,
        overview,
        params,
        prepare,
        sample,
        scoring,
        source,
        space,
    )
    from components.kinds.interactions.codec.input import Input
    from components.kinds.interactions.learner import Module

    _codec: contract.Codec[Input] = codec
    _erasure: contract.Erasure = erasure
    _evaluation: contract.Inspection[Input, params.Train] = evaluation
    _golden: contract.Golden[Input] = golden
    _learner: contract.Learner[Input, params.Train, Module] = learner
    _logged: contract.Logged = logged
    _overview: contract.Overviews = overview
    _params: contract.Params = params
    _preparation: contract.Preparation[params.Prepare] = prepare
    _sample: contract.Sample[Input] = sample
    _scoring: contract.Scoring[Input] = scoring
    _source: contract.Source = source
    _space: contract.SearchSpace[params.Train] = space

    def _is_fitted(learner: FittedLearner[Input, params.Train, Module]) -> None: ...

    _is_fitted(learner)

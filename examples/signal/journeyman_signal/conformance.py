"""That the kind fulfils its contract, for mypy."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from components.kinds import contract
    from journeyman_signal import codec, evaluation, learner, overview, params, prepare, sample, scoring, source

    _codec: contract.Codec = codec
    _evaluation: contract.Inspection = evaluation
    _learner: contract.Learner = learner
    _overview: contract.Overviews = overview
    _params: contract.Params = params
    _preparation: contract.Preparation = prepare
    _sample: contract.Sample = sample
    _scoring: contract.Scoring = scoring
    _source: contract.Source = source

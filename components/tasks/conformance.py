"""That each task fulfils its contract, for mypy: a part that lacks something, or has it otherwise, is an error here."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from components.tasks import contract
    from components.tasks.anomaly import answers as anomaly_answers
    from components.tasks.anomaly import evaluation as anomaly_evaluation
    from components.tasks.anomaly import live as anomaly_live
    from components.tasks.anomaly import objective as anomaly_objective
    from components.tasks.classification import answers as classification_answers
    from components.tasks.classification import evaluation as classification_evaluation
    from components.tasks.classification import live as classification_live
    from components.tasks.classification import objective as classification_objective
    from components.tasks.detection import answers as detection_answers
    from components.tasks.detection import evaluation as detection_evaluation
    from components.tasks.detection import live as detection_live
    from components.tasks.detection import objective as detection_objective
    from components.tasks.ranking import answers as ranking_answers
    from components.tasks.ranking import evaluation as ranking_evaluation
    from components.tasks.ranking import live as ranking_live
    from components.tasks.ranking import objective as ranking_objective
    from components.tasks.regression import answers as regression_answers
    from components.tasks.regression import evaluation as regression_evaluation
    from components.tasks.regression import live as regression_live
    from components.tasks.regression import objective as regression_objective

    _answers: tuple[contract.Answers, ...] = (
        anomaly_answers,
        classification_answers,
        detection_answers,
        ranking_answers,
        regression_answers,
    )
    _evaluations: tuple[contract.Evaluation, ...] = (
        anomaly_evaluation,
        classification_evaluation,
        detection_evaluation,
        ranking_evaluation,
        regression_evaluation,
    )
    _objectives: tuple[contract.Objectives, ...] = (
        anomaly_objective,
        classification_objective,
        detection_objective,
        ranking_objective,
        regression_objective,
    )
    _live: tuple[contract.Live, ...] = (
        anomaly_live,
        classification_live,
        detection_live,
        ranking_live,
        regression_live,
    )

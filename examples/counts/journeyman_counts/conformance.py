"""That the task fulfils its contract, for mypy."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from components.tasks import contract
    from journeyman_counts import answers, evaluation, objective

    _answers: contract.Answers = answers
    _evaluation: contract.Evaluation = evaluation
    _objectives: contract.Objectives = objective

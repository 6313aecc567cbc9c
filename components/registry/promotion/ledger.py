"""Where the history is kept: in MLflow, so that everybody who shares the tracking server shares it.

It is the one run of the experiment `<workload>.promotions`; an entry is a parameter of it, `000001` with the entry as
JSON, and so are a mark, `000001.moved`, and a step of a trial, `trial.4.canary.began`. MLflow lets nobody change a
parameter that is written, and of two writers at once its database lets one through: so nothing is overwritten, and all
agree which entry is the next. Of tags and aliases the last writer wins, which decides nothing. (Registers that can be
overwritten cannot make two processes agree, what is written once makes any number agree: Herlihy, "Wait-Free
Synchronization", 1991.)
"""

import re
from uuid import uuid4

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from components.config.errors import RegistryError
from components.registry.promotion.history import Entry, History, Step
from components.tracking.description import NOTE
from components.tracking.store import open_client, open_store

_LONGEST = 6_000  # characters that MLflow keeps of a parameter; it cuts off the rest without a word
_ENTRY = re.compile(r"\d+")
_MARK = re.compile(r"(\d+)\.(\w+)")
_STEP = re.compile(r"trial\.\d+\.\w+\.\w+")


class Ledger:
    """The history of one workload, in MLflow."""

    def __init__(self, workload: str) -> None:
        """Open the ledger of `workload`; nothing is made before something is written."""
        self.workload = workload
        self.client: MlflowClient = open_client()
        self._name = f"{workload}.promotions"
        self._known: str | None = None

    @property
    def id(self) -> str:
        """What only this history is called; nothing: there is none yet."""
        return self._run() or ""

    def read(self) -> History:
        """Return the history as it is now."""
        if (run := self._run()) is None:
            return History()
        params = self.client.get_run(run).data.params
        entries = [Entry.model_validate_json(params[key]) for key in sorted(params) if _ENTRY.fullmatch(key)]
        marks = [found.groups() for key in params if (found := _MARK.fullmatch(key))]
        steps = [Step.model_validate_json(params[key]) for key in params if _STEP.fullmatch(key)]
        return History(
            tuple(entries),
            frozenset((int(number), mark) for number, mark in marks),
            tuple(sorted(steps, key=lambda step: step.when)),
        )

    def append(self, entry: Entry) -> bool:
        """Write the entry into its place; False if another one stands there.

        Raises:
            RegistryError: it is too long.
        """
        text = entry.model_dump_json()
        if len(text) > _LONGEST:
            raise RegistryError(f"an entry of the history has at most {_LONGEST:,} characters; shorten the reason")
        return self._write(f"{entry.number:06d}", text)

    def mark(self, entry: Entry, mark: str) -> None:
        """Give the entry a mark, which it may have already."""
        self._write(f"{entry.number:06d}.{mark}", "true")

    def note(self, step: Step) -> Step:
        """Note a step of a trial; return it, or the one that has been noted in its place.

        Raises:
            RegistryError: it is too long.
        """
        text = step.model_dump_json()
        if len(text) > _LONGEST:
            raise RegistryError(f"a step of a trial has at most {_LONGEST:,} characters")
        if self._write(step.key, text):
            return step
        return next(found for found in self.read().steps if found.key == step.key)

    def _write(self, key: str, value: str) -> bool:
        run = self._run() or self._made()
        try:
            self.client.log_param(run, key, value, synchronous=True)
        except MlflowException:
            if key in self.client.get_run(run).data.params:
                return False
            raise
        return True

    def _run(self) -> str | None:
        """Return the id of the run that holds the history; None: there is none yet."""
        if self._known is None and (experiment := self.client.get_experiment_by_name(self._name)):
            order = ["attributes.start_time"]
            runs = self.client.search_runs([experiment.experiment_id], order_by=order, max_results=1)
            if experiment.lifecycle_stage == "deleted" or not runs:
                raise RegistryError(
                    f"{self.workload}: its history was deleted from MLflow; restore the experiment {self._name!r} "
                    f"(mlflow experiments restore --experiment-id {experiment.experiment_id}) and the run in it"
                )
            self._known = runs[0].info.run_id
        return self._known

    def _made(self) -> str:
        """Make the run in an experiment whose name nobody else has, then give that the name that only one can have."""
        draft = open_store(f"{self._name}.{uuid4().hex}").experiment
        note = f"What was at work for {self.workload}, one parameter a change. Written by the flows; not to be deleted."
        run = self.client.create_run(draft, run_name=self._name, tags={NOTE: note})
        self.client.set_terminated(run.info.run_id)
        try:
            self.client.rename_experiment(draft, self._name)
        except MlflowException:
            if self.client.get_experiment_by_name(self._name) is None:
                raise
            self.client.delete_experiment(draft)  # somebody was quicker
        found = self._run()
        assert found
        return found

"""What is known of a job that trains: kept before it is submitted, so that who is killed finds it again."""

import json
import os
import re
import socket
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, ValidationError

from components.config.settings import LAUNCHED, STATE
from components.system.files import read_json, write_json

_FOLDER = STATE / "launch"


class Job(BaseModel):
    """A job that trains a workload."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    workload: str
    launcher: str
    key: str
    """The hash of all that was known of the training when it was submitted."""
    token: str
    """What only this job has."""
    id: str = ""
    """What the launcher calls it; empty: it was not told yet."""
    tries: int = 1
    """Times that it was submitted."""

    @property
    def name(self) -> str:
        """By which it is found where its id was not kept, another one at each try: letters, digits and dashes."""
        return f"train-{re.sub('[^a-z0-9]', '-', self.workload)[:30]}-{self.token}-{self.tries}"

    @property
    def file(self) -> Path:
        """Where it is kept."""
        return _FOLDER / self.workload / "job.json"

    @property
    def log(self) -> Path:
        """What its processes say."""
        return _FOLDER / self.workload / f"{self.name}.log"

    @property
    def variables(self) -> dict[str, str]:
        """What its processes have in their environment: who started them."""
        return {LAUNCHED: json.dumps({"launcher": self.launcher, "job": self.name})}

    def keep(self) -> "Job":
        """Keep it as the workload's job."""
        write_json(self.file, self.model_dump())
        return self

    def told(self, id: str) -> "Job":
        """Keep it with its id."""
        return self.model_copy(update={"id": id}).keep()

    def again(self) -> "Job":
        """Keep it as one that is to be submitted once more, by another name."""
        return self.model_copy(update={"id": "", "tries": self.tries + 1}).keep()

    @property
    def ending(self) -> "Ending | None":
        """How it ended; None: its processes have not said."""
        return Ending.read(self.workload, self.name)

    def forget(self) -> None:
        """Remove what is known of it, but for what it said."""
        self.file.unlink(missing_ok=True)
        (_FOLDER / self.workload / f"{self.name}.json").unlink(missing_ok=True)


def new_job(workload: str, launcher: str, key: str) -> Job:
    """Return a job that is kept, and not submitted yet; what others of the workload said is removed."""
    for path in (_FOLDER / workload).glob("*.log"):
        path.unlink()
    return Job(workload=workload, launcher=launcher, key=key, token=uuid4().hex[:8]).keep()


def job_of(workload: str) -> Job | None:
    """Return the job of the workload that was kept; None: there is none, or it is of another form."""
    try:
        return Job.model_validate(read_json(_FOLDER / workload / "job.json"))
    except (FileNotFoundError, ValidationError):
        return None


@dataclass(frozen=True)
class Ending:
    """How a job ended."""

    wrong: str = ""
    """What was wrong, in one line; empty: nothing."""
    kind: str = ""
    """The name of the error."""

    @classmethod
    def read(cls, workload: str, name: str) -> "Ending | None":
        """Return how the job of that name ended; None: its processes have not said."""
        path = _FOLDER / workload / f"{name}.json"
        return cls(**read_json(path)) if path.exists() else None

    def write(self, workload: str, name: str) -> None:
        """Say how it ended."""
        write_json(_FOLDER / workload / f"{name}.json", vars(self))


def launched() -> dict[str, str]:
    """Return who started this process, and as which job; nothing: nobody did."""
    said: dict[str, str] = json.loads(os.environ.get(LAUNCHED) or "{}")
    return said


def where() -> dict[str, str]:
    """Return where this process trains: launcher, its name of the job, and the host; nothing: nobody launched it."""
    if not (said := launched()):
        return {}
    id = os.environ.get("SLURM_JOB_ID") or said["job"]
    return {"launcher": said["launcher"], "job": id, "host": socket.gethostname()}

"""Windows of a table in a bucket: a machine is killed, others do its partition; an array of SLURM computes them."""

import signal
import subprocess
from pathlib import Path

import pytest

from components.config.errors import ConfigError, DataError
from components.erasure.shards import remove_partitions
from components.kinds.table.prepare import stream
from tests.conftest import Project
from tests.machines.test_launch import asked, wait_for
from tests.machines.test_slurm import jobs
from tests.unit.kinds.table.test_partitions import Machines, shop, started

__all__ = ["shop"]  # a fixture


def test_what_partitions_come_to_in_a_bucket_is_that_of_one_machine(
    shop: Machines,
    bucket: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    alone = shop.one()
    monkeypatch.setenv("JOURNEYMAN_PARTITIONS", f"s3://{bucket}/team/partitions")
    killed, whole = started(shop, 0, 3, files=1), [started(shop, 2, 3) for _ in range(2)]
    assert killed.wait(300) == -signal.SIGKILL
    assert [machine.wait(300) for machine in whole] == [0, 0]
    with pytest.raises(DataError, match=r"^s3://\S+/shop-\w+: partition 0 of 3 is missing, as are 1 more"):
        shop.one()
    assert sum(shop.part(index, 3) for index in (0, 1)) > 0
    with monkeypatch.context() as patched:
        patched.setattr(stream, "_computed", None)
        assert shop.one() == alone
    (removed,) = remove_partitions("shop")
    assert removed.count > 8
    assert shop.one() == alone


def test_a_bucket_that_is_not_there_is_told(
    shop: Machines,
    bucket: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("JOURNEYMAN_PARTITIONS", "s3://nowhere-at-all/partitions")
    with pytest.raises(ConfigError, match=r"^JOURNEYMAN_PARTITIONS: s3://nowhere-at-all/partitions "):
        shop.part(0, 1)


@pytest.mark.timeout(1_800)
def test_an_array_computes_partitions_and_a_job_behind_it_takes_them(
    payments: Project, slurm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLURM_CONF", slurm)
    lock = (payments.path / "dvc.lock").read_text()

    def submitted(*options: str) -> str:
        command = ["sbatch", "--parsable", "--output=state/job-%A-%a.txt", *options]
        environment = {**payments.environment(), "SLURM_CONF": slurm}
        return subprocess.run(
            command, cwd=payments.path, env=environment, capture_output=True, text=True, check=True
        ).stdout.strip()

    command = "python -m flows.prepare payments --partition $SLURM_ARRAY_TASK_ID/4"
    array = submitted("--array=0-3", "--wrap", command)
    behind = submitted(f"--dependency=afterok:{array}", "--wrap", "dvc repro --force --single-item prepare@payments")
    wait_for(lambda: jobs("%i") == [], within=1_200)
    told = "".join(path.read_text() for path in sorted(Path(payments.path, "state").glob("job-*.txt")))
    assert "windows of 4 partitions at " in told, told
    assert asked("scontrol", "--oneliner", "show", "job", behind).count("JobState=COMPLETED") == 1
    assert (payments.path / "dvc.lock").read_text() == lock

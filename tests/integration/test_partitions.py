"""The windows of a table computed in partitions by the command, and taken by the stage as DVC runs it."""

from tests.conftest import Project


def test_the_stage_takes_what_partitions_have_computed_and_dvc_sees_no_difference(payments: Project) -> None:
    lock = (payments.path / "dvc.lock").read_text()
    command = ("python", "-m", "flows.prepare", "payments", "--partition")
    assert "; once all are there, `dvc repro prepare@payments` takes them" in payments.run(*command, "1/2")
    assert "up to date" in payments.run("dvc", "status", "prepare@payments")
    again = ("dvc", "repro", "--force", "--single-item", "prepare@payments")
    told = "partition 0 of 2 is missing; run `python -m flows.prepare payments --partition 0/2` to its end"
    assert told in payments.fail(*again)
    payments.run(*command, "0/2")
    assert f"windows of 2 partitions at {payments.path}/state/partitions/payments-" in payments.run(*again)
    assert (payments.path / "dvc.lock").read_text() == lock
    assert "error: --partition 2/2: expected i/n with i from 0 to n - 1" in payments.fail(*command, "2/2")
    (payments.path / "artifacts/payments/raw/records.parquet").unlink()
    assert "no such file; run `dvc repro ingest@payments`, or `dvc pull" in payments.fail(*command, "0/2")


def test_pictures_are_not_prepared_in_partitions(trained: Project) -> None:
    told = "error: --partition: only tables are prepared in partitions, and digits is of kind image"
    assert told in trained.fail("python", "-m", "flows.prepare", "digits", "--partition", "0/2")

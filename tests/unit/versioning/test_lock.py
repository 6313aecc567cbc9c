from pathlib import Path

from components.versioning import lock

LOCK = """\
schema: '2.0'
stages:
  export@cups:
    cmd: export
    deps:
    - {path: artifacts/cups/weights, hash: md5, md5: b2, size: 1}
    outs:
    - {path: artifacts/cups/bundle, hash: md5, md5: c3.dir, size: 1, nfiles: 2}
  ingest@cups:
    cmd: ingest
    deps:
    - {path: https://example.org/cups.csv, etag: '"e0"', size: 1}
    params:
      params.yaml:
        workloads.cups.kind: table
        workloads.cups.rates: [1e-05, 0.5, -2E+3, 1e, 7]
    outs:
    - {path: artifacts/cups/raw, hash: md5, md5: a1.dir, size: 1, nfiles: 1}
  train@cups:
    cmd: train
    deps:
    - {path: artifacts/cups/raw, hash: md5, md5: a1.dir, size: 1, nfiles: 1}
    outs:
    - {path: artifacts/cups/weights, hash: md5, md5: b2, size: 1}
  ingest@teacups:
    cmd: ingest
"""


def test_the_stages_of_a_workload_come_in_the_order_of_their_work(tmp_path: Path) -> None:
    path = tmp_path / "dvc.lock"
    path.write_text(LOCK)
    stages = lock.stages("cups", path)
    assert list(stages) == ["ingest", "train", "export"]
    assert stages["ingest"].deps == {"https://example.org/cups.csv": '"e0"'}
    assert stages["ingest"].params == {
        "params.yaml": {"workloads.cups.kind": "table", "workloads.cups.rates": [1e-05, 0.5, -2000.0, "1e", 7]}
    }
    assert stages["export"].outs == {"artifacts/cups/bundle": "c3.dir"}
    assert lock.stages("teacups", path)["ingest"] == lock.Stage("ingest", {}, {})


def test_without_a_record_there_are_no_stages(tmp_path: Path) -> None:
    assert lock.stages("cups", tmp_path / "dvc.lock") == {}

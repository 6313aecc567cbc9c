from pathlib import Path

from dvc.utils.serialize import dump_yaml, load_yaml

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
    - path: https://example.org/cups.csv
      etag: '"e0"'
      size: 1
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


def test_what_is_a_word_for_dvc_is_one_in_both_files(tmp_path: Path) -> None:
    params, written = tmp_path / "params.yaml", tmp_path / "written.yaml"
    params.write_text('positive: "yes"\nnegative: no\nat: "12:30"\nsince: "2024-01-31"\nrate: 1e-05\nflag: true\n')
    dump_yaml(written, load_yaml(params))
    assert "positive: yes\n" in written.read_text()
    assert lock.read_yaml(written) == lock.read_yaml(params)
    assert lock.read_yaml(params) == {
        "positive": "yes",
        "negative": "no",
        "at": "12:30",
        "since": "2024-01-31",
        "rate": 1e-05,
        "flag": True,
    }

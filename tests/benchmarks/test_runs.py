"""The benchmarks that take long, once, on little data: what they print is there, and none of it is a time to hold."""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, Project
from tests.voices import write_voices

NOT_THERE = ("pydantic", "mlflow", "polars", "pyarrow", "sklearn", "safetensors", "psutil", "prefect", "dvc", "bentoml")
"""What a bare machine does not have: importing any of these fails."""
BARE = f"""
import runpy, sys
sys.modules.update(dict.fromkeys({NOT_THERE!r}))
sys.argv = sys.argv[1:]
runpy.run_module(sys.argv[0], run_name="__main__")
"""


VOWELS = """\
workloads:
  vowels:
    kind: audio
    task: classification
    source: {source}
    prepare: {{rate: 8000, group: "{{group}}_*", validation_by: file}}
    train: {{width: 8}}
"""
DIGITS = ("--bundle", "artifacts/digits/bundle", "--data", "artifacts/digits/prepared")


def test_training_is_measured_on_a_bare_machine_without_a_gpu(trained: Project) -> None:
    options = ("--quick", "--recipe", "quick", "--data", "artifacts/digits/prepared", "--json", "figures.json")
    said = trained.run(sys.executable, "-c", BARE, "benchmarks.train_gpu", *options)
    assert "pictures/s" in said
    figures = json.loads(Path("figures.json").read_text())
    assert figures["loop"]["epochs"] == 1
    assert 0 < figures["loop"]["accuracy"] < 1
    arms = {(arm["name"], arm["batch_size"]): arm for arm in figures["arms"]}
    assert len(arms) == len(figures["arms"]) == 10
    assert all(arm["pictures_s"] > 0 and arm["tflops"] > 0 for arm in figures["arms"])
    assert arms["fp32", 64]["flops_a_step"] == 2 * arms["bf16", 32]["flops_a_step"]
    assert {arm["mfu"] for arm in figures["arms"]} == {None}


def test_what_two_machines_bring_is_measured_beside_the_ideal(trained: Project) -> None:
    figures = _quick(trained, "machines", "--workload", "digits", "--part", "train", "score")
    for part in ("train", "score"):
        found = figures[part]
        assert found["of one"] == 2 * found["of ideal"] > 0
        assert found["limit"]["median"] > 0


def test_small_data_is_measured_as_the_recipe_says_and_fitted_to_its_size(trained: Project) -> None:
    said = trained.run(sys.executable, "-m", "benchmarks.small_data", "--quick", "--json", "figures.json")
    assert "digits-20" in said
    (run,) = json.loads(Path("figures.json").read_text())["runs"]
    assert (run["before"]["steps"], run["before"]["batch_size"]) == (7, 256)
    assert (run["fitted"]["steps"], run["fitted"]["batch_size"]) == (70, 16)
    assert run["fitted"]["accuracy"] > max(0.3, run["before"]["accuracy"])  # chance is 0.1


def test_pictures_without_labels_are_learned_from_beside_others_that_are_not(trained: Project) -> None:
    arms = ("supervised", "fixmatch")
    options = ("--data", "artifacts/digits/prepared", "--others", "100", "--arms", ",".join(arms))
    (cell,) = _quick(trained, "unlabelled", *options)["cells"]
    assert set(cell["arms"]) == {*arms, "kept"}
    assert all(0.0 < arm["accuracy"] <= 1.0 and arm["cpu_s"] > 0 for arm in cell["arms"].values())
    merits = {name: arm["merit"] for name, arm in cell["arms"].items()}
    assert merits["kept"] == max(merits[name] for name in arms)
    again = _quick(trained, "unlabelled", *options)["cells"]
    assert again == [cell]  # to the second: nothing was measured again


def test_sounds_are_measured_on_a_voice_that_was_left_out_and_by_file(
    new_project: Callable[..., Project], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = new_project(VOWELS.format(source=write_voices(tmp_path / "voices", 6)))
    monkeypatch.chdir(made.path)
    for stage in ("resolve", "ingest", "prepare"):
        made.run(sys.executable, "-m", f"components.data.{stage}", "vowels")
    figures = _quick(made, "audio", "--workload", "vowels")
    voice, by_file = figures["runs"]
    assert (voice["name"], by_file["name"]) == ("anna", "by file")
    assert voice["test"] == by_file["test"] == 18
    assert voice["plain"] > 0.6
    assert all(0.0 <= run["accuracy"] <= 1.0 and run["cpu_s"] > 0 for run in figures["runs"])
    assert figures["parity"] < 1e-3
    assert min(figures["read_ms"], figures["graph_ms"], figures["megabytes"]) > 0


def test_the_endpoint_and_its_peers_are_asked_about_the_same_pictures(trained: Project) -> None:
    names = ["in-process", "bare-1", "ours-1"]
    options = ("--bundle", "artifacts/digits/bundle", "--only", ",".join(names), "--connections", "1,8")
    said = trained.run(
        sys.executable,
        "-m",
        "benchmarks.serving",
        *options,
        "--rounds",
        "1",
        "--seconds",
        "0.3",
        "--json",
        "figures.json",
    )
    assert "ours-1, p50 of one connection" in said
    arms = json.loads(Path("figures.json").read_text())["arms"]
    assert list(arms) == names
    rows = [row for arm in arms.values() for rounds in arm.values() for row in rounds]
    assert len(rows) == 1 + 2 + 2
    assert all(row["errors"] == 0 and row["rate"] > 0 and 0 < row["p50_ms"] <= row["p99_ms"] for row in rows)


def test_overload_is_measured_beside_a_server_that_takes_everything_in(trained: Project) -> None:
    options = ("--bundle", "artifacts/digits/bundle", "--rounds", "1", "--seconds", "0.3", "--json", "figures.json")
    said = trained.run(sys.executable, "-m", "benchmarks.overload", *options)
    assert "least goodput from 1 times on" in said
    arms = json.loads(Path("figures.json").read_text())["arms"]
    for arm in arms.values():
        asked = {float(multiple): results[0]["asked"] for multiple, results in arm["loads"].items()}
        assert asked[5.0] > 2 * asked[1.0] > 2 * asked[0.5] > 0
        assert all(not results[0]["wrong"] for results in arm["loads"].values())
    assert not any(results[0]["lost"] for results in arms["ours-1"]["loads"].values())


def test_loadgen_asks_the_live_endpoint_and_keeps_its_logs(trained: Project) -> None:
    options = ("--quick", "--seconds", "0.2", "--bound-ms", "1000", "--json", "figures.json")
    said = trained.run(sys.executable, "-m", "benchmarks.loadgen", "digits", *options)
    assert "measured with LoadGen" in said
    figures = json.loads(Path("figures.json").read_text())
    assert set(figures["scenarios"]) == {"SingleStream", "MultiStream", "Offline", "Server"}
    for found in figures["scenarios"].values():
        assert found["samples_s"] > 0
        assert "Performance" in (Path(found["logs"]) / "mlperf_log_summary.txt").read_text()
    assert figures["scenarios"]["Server"]["valid"]
    assert figures["accuracy"]["errors"] == 0
    assert figures["accuracy"]["endpoint"] == pytest.approx(figures["accuracy"]["evaluate"], abs=1e-6)
    counted = json.loads(Path("state/loadgen/digits/accuracy/mlperf_log_accuracy.json").read_text())
    assert len(counted) == figures["accuracy"]["examples"]


def test_records_are_asked_about_in_lists(payments: Project) -> None:
    options = ("--quick", "--seconds", "0.2", "--bound-ms", "1000", "--json", "figures.json")
    payments.run(sys.executable, "-m", "benchmarks.loadgen", "payments", *options)
    figures = json.loads(Path("figures.json").read_text())
    assert figures["scenarios"]["Server"]["valid"]
    assert {found["errors"] for found in figures["scenarios"].values()} == {0}
    assert figures["accuracy"]["endpoint"] == pytest.approx(figures["accuracy"]["evaluate"], abs=1e-4)


def test_cold_start_memory_and_size_stand_beside_torch(trained: Project) -> None:
    trained.run(sys.executable, "-m", "benchmarks.footprint", "digits", "--quick", "--json", "figures.json")
    arms = json.loads(Path("figures.json").read_text())["arms"]
    ours, torch = arms["ours"], arms["torch"]
    for figure in ("ready_s", "answered_s", "pss_mb", "packages_mb"):
        assert ours[figure][0] > 0
    assert arms["unchecked"]["ready_s"][0] > 0
    assert ours["errors"] == torch["errors"] == [0]
    assert ours["back_s"][0] > 0
    assert ours["packages_mb"][0] < torch["packages_mb"][0]
    assert ours["pss_mb"][0] < torch["pss_mb"][0]


def test_steps_of_the_quick_recipe_are_measured_beside_what_it_was(trained: Project) -> None:
    options = ("--quick", "--data", "artifacts/digits/prepared", "--json", "figures.json")
    said = trained.run(sys.executable, "-m", "benchmarks.steps", *options)
    assert "pictures a CPU second" in said
    figures = json.loads(Path("figures.json").read_text())
    assert set(figures["speed"]) == {"fp32, AVX2"}
    assert all(arm["cpu_s"] > 0 for arm in figures["speed"]["fp32, AVX2"].values())
    assert [(arm["threads"], arm["policy"]) for arm in figures["waiting"]] == [(2, "passive")]


def test_a_pair_of_kind_and_task_stands_beside_its_baseline_and_plain_models(trained: Project) -> None:
    said = trained.run(sys.executable, "-m", "benchmarks.pairs", "--quick", "--only", "wine", "--json", "figures.json")
    assert "| table, classification: wine | accuracy |" in said
    (reached,) = json.loads(Path("figures.json").read_text())["pairs"].values()
    assert set(reached) == {"network", "trees", "best", "baseline", "boosting", "linear", "forest", "svm"}
    assert all(0.6 < values[0] <= 1.0 for values in reached.values())  # the commonest of the three is 0.4 of them


@pytest.mark.parametrize("script", ["embedding", "trees"])
def test_a_served_graph_is_measured_beside_the_same_without(script: str, trained: Project) -> None:
    trained.run(sys.executable, "-m", f"benchmarks.{script}", "--quick", "--json", "figures.json")
    rows = json.loads(Path("figures.json").read_text())["rows"]
    assert len(rows) == 2
    assert all(row["control"] > 0 for row in rows)
    if script == "trees":
        assert all(row["difference"] < 1e-5 for row in rows)


def test_a_day_of_a_long_log_is_read_with_its_labels(trained: Project) -> None:
    options = ("--quick", "--rows", "20000", "--json", "figures.json")
    trained.run(sys.executable, "-m", "benchmarks.prediction_log", *options)
    figures = json.loads(Path("figures.json").read_text())
    assert set(figures["appending"]) == {"picture", "table"}
    assert [day["day_rows"] for day in figures["day"]] == [day["day_labels"] for day in figures["day"]] == [5, 54]


def test_what_is_answered_is_logged_whoever_is_killed(trained: Project) -> None:
    figures = _quick(trained, "killing", *DIGITS, "--kills", "4")
    assert sum(figures["kills"].values()) == 4
    assert figures["logged"] >= figures["answered"] > 0
    assert (figures["missing"], figures["doubled"], figures["otherwise"]) == (0, 0, 0)


def test_what_is_planned_of_an_endpoint_stands_beside_what_it_does(trained: Project) -> None:
    figures = _quick(trained, "plan", *DIGITS, "--workers", "1", "--loads", "0.3", "--seconds", "0.5")
    assert {window["what"] for window in figures["windows"]} <= {"CPU µs an answer", "p50 ms", "p99 ms", "requests/s"}
    assert all(window["predicted"] > 0 and window["measured"] > 0 for window in figures["windows"])
    assert figures["probe"]["capacity"] > 0


def test_what_logging_costs_is_measured_beside_a_control(trained: Project) -> None:
    arms = _quick(trained, "logging_cost", *DIGITS)["arms"]
    assert set(arms) == {"off", "on", "always", "again"}
    assert all(row["cpu_us"] > 0 and row["p99_ms"] > 0 for rows in arms.values() for row in rows)


def test_what_measuring_costs_is_measured_beside_a_control(trained: Project) -> None:
    figures = _quick(trained, "ledger", *DIGITS)
    assert set(figures["arms"]) == set(figures["stages"]) == {"off", "on", "again"}
    assert all(seconds > 0 for own in figures["stages"].values() for seconds in own)
    assert all(row["cpu_us"] > 0 for rows in figures["arms"].values() for row in rows)
    assert figures["training"]["lines"] == 8


def test_a_canary_that_fails_or_is_slow_costs_no_request(trained: Project) -> None:
    figures = _quick(trained, "canary", *DIGITS)
    assert set(figures["cost"]) == {"alone", "none", "canary", "again"}
    assert all(row["cpu_us"] > 0 for rows in figures["cost"].values() for row in rows)
    assert {what: sum(row["dropped"] for row in rows) for what, rows in figures["injected"].items()} == {
        "errors": 0,
        "slow": 0,
        "harm": 0,
    }
    assert all(row["failed"] >= 3 for row in figures["injected"]["errors"])


def test_a_request_is_measured_at_an_older_release_and_at_that_of_today(trained: Project) -> None:
    older = Path("tests", "fixtures", "older_project", "project.tar.xz")
    older.parent.mkdir(parents=True)
    shutil.copy(ROOT / older, older)
    arms = _quick(trained, "releases")["arms"]
    assert set(arms) == {"before", "today", "logged", "again"}
    assert all(row["cpu_us"] > 0 and row["errors"] == 0 for rows in arms.values() for row in rows)


def test_drift_is_measured_beside_others(trained: Project) -> None:
    figures = _quick(trained, "drift")
    assert figures["alarms"]["ours"] == 0
    assert figures["alarms"]["KS, 0.05"] == 1
    assert figures["power"]["1.0"]["ours"]["within_7"] == 1


def test_drift_of_pictures_is_measured_on_a_trained_model(trained: Project) -> None:
    figures = _quick(trained, "picture_drift", "--artifacts", "artifacts/digits")
    assert {one["severity"] for one in figures["found"]} == {1, 2, 3}


def test_drift_of_payments_is_measured(trained: Project) -> None:
    figures = _quick(trained, "payment_drift")
    assert sum(figures["changes"]["control"][0]["ours"]) == 0
    assert figures["changes"]["one feature zero"][0]["named"] == ["customer_id_count_7d"]


def test_late_labels_labels_to_ask_for_and_expected_metrics_are_measured(trained: Project) -> None:
    late = _quick(trained, "late_labels")["cases"]["investigated"]
    assert late["ours"]["always"] > 0.9 > 0.1 > late["all labels so far"]["last"]
    budget = _quick(trained, "label_budget")["models"]["97 %"]
    assert budget["active"]["labels"] < budget["uniform"]["labels"]
    changed = _quick(trained, "expected_metrics")["changed"]
    assert abs(changed["flipped"]["expected_moved"]) < 0.02 < 0.1 < -changed["flipped"]["accuracy_moved"]
    assert (changed["flipped"]["found"], changed["control"]["found"]) == (1, 0)


def test_shadows_decide_seldom_where_there_is_nothing_to_decide(trained: Project) -> None:
    found = _quick(trained, "shadow")
    assert all(each["promoted"] + each["stopped"] <= 0.1 for each in found["aa"].values())
    assert found["ab"]["5%"]["half"] < found["ab"]["2%"]["half"]


def _quick(trained: Project, name: str, *options: str) -> dict[str, Any]:
    trained.run(sys.executable, "-m", f"benchmarks.{name}", "--quick", *options, "--json", "figures.json")
    figures: dict[str, Any] = json.loads(Path("figures.json").read_text())
    return figures


def test_strangers_are_told_beside_others_scores(trained: Project) -> None:
    options = ("--quick", "--data", "artifacts/digits/prepared", "--json", "figures.json")
    said = trained.run(sys.executable, "-m", "benchmarks.unfamiliar", *options)
    assert "| pictures: score | digits | photographs |" in said
    figures = json.loads(Path("figures.json").read_text())
    scores = {row["score"] for row in figures["pictures"]}
    assert scores == {"ours", "largest probability", "energy", "KNN", "ViM", "RMDS", "ASH", "SCALE"}
    assert all(0.0 <= row["area"] <= 1.0 for row in figures["pictures"])
    assert {row["strangers"] for row in figures["pictures"]} >= {"left out", "turned", "noise"}
    ours = [row["area"] for row in figures["tables"] if row["score"] == "ours"]
    assert min(ours) > 0.8
    assert all(row["bytes_with"] > row["bytes_without"] for row in figures["cost"])


def test_labels_that_were_made_wrong_are_found(trained: Project) -> None:
    said = trained.run(sys.executable, "-m", "benchmarks.wrong_labels", "--quick", "--json", "figures.json")
    assert "tumours, table" in said
    rows = json.loads(Path("figures.json").read_text())["rows"]
    assert [row["wrong by"] for row in rows] == ["uniform", "pair"]
    assert all(row["precision"] > 0.3 > 0.1 > row["random"] for row in rows)
    assert all(row["auprc"] > 5 * row["random"] for row in rows)


def test_a_search_is_measured_beside_random_values_and_the_section_as_it_is(project: Project) -> None:
    said = project.run(sys.executable, "-m", "benchmarks.search", "--quick", "--json", "figures.json")
    assert "| as it is |" in said
    (cell,) = json.loads(Path("figures.json").read_text())["cells"]
    assert set(cell["arms"]) == {"search", "random", "as it is"}
    assert all(arm["trainings"] > 1 and arm["cpu_s"] >= 4 for arm in cell["arms"].values())
    first = min(arm["validation"] for arm in cell["arms"].values())
    assert all(first <= arm["validation"] <= 1 and 0 < arm["test"] < 1 for arm in cell["arms"].values())


def test_today_is_held_against_the_last_release(trained: Project) -> None:
    kept = trained.path / "benchmarks" / "perf.json"
    kept.unlink(missing_ok=True)
    options = ("--quick", "--bundle", "artifacts/digits/bundle", "--data", "artifacts/digits/prepared")
    said = trained.run(sys.executable, "-m", "benchmarks.perf", *options, "--keep")
    assert "no release is kept" in said
    figures = json.loads(kept.read_text())
    assert all(ratio > 0.5 for ratios in figures["ratios"].values() for ratio in ratios)
    figures["ratios"] = {name: [ratio / 9 for ratio in ratios] for name, ratios in figures["ratios"].items()}
    kept.write_text(json.dumps(figures))
    said = trained.fail(sys.executable, "-m", "benchmarks.perf", *options)
    assert said.count("| SLOWER |") == 2


def test_an_hour_of_the_loop_at_rest_is_measured(project: Project) -> None:
    said = project.run(sys.executable, "-m", "benchmarks.at_rest", "--quick", "--json", "figures.json")
    assert "an hour of the loop at rest takes" in said
    figures = json.loads(Path("figures.json").read_text())
    assert figures["rows"] == 2_000
    for hour in (figures["an hour"], figures["at rest"]):
        assert set(hour) == {"flows.watch", "flows.shadow", "flows.retrain"}
        assert all(found["cpu_s"] > 0 for found in hour.values())


def test_what_the_loop_is_worth_is_measured_beside_other_ways_of_training_again(project: Project) -> None:
    said = project.run("python", "-m", "benchmarks.story", "--quick", "--json", "figures.json")
    assert "| never | 0 |" in said
    figures = json.loads(Path("figures.json").read_text())
    assert figures["dropped"] == 0 < figures["requests"]
    fixed = ["every 1 days", "every 1 days, tried for 0 nights"]
    assert set(figures["regret"]) == {"the loop", "never", *fixed, "oracle"}
    assert all(len(days) == 3 for days in figures["costs"].values())
    assert figures["costs"]["the loop"] == pytest.approx(figures["costs"]["never"])  # it has not trained within 3 days
    assert figures["costs"]["oracle"] == pytest.approx(figures["costs"]["every 1 days"])
    assert figures["regret"]["oracle"] == 0
    assert figures["regret_by_phase"] == {name: [0.0] for name in fixed}  # a schedule of every night is the oracle's
    assert len(figures["poisoned"]) == 2


def test_what_the_gate_decides_by_tells_what_is_saved_at_work(project: Project) -> None:
    figures = _quick(project, "offline_metric")
    found = figures["correlations"]
    assert min(found["average_precision"]) > 0.6
    assert min(found["cost_per_1000"]) > 0.6
    assert max(found["dealt out anew"]) < 0.4  # control: it knows nothing
    told = [pair["cheaper"] for world in figures["pairs"] for pair in world]
    assert len(told) > 40
    assert sum(told) > 0.75 * len(told)


def test_decoding_at_a_reduced_size_is_measured(trained: Project) -> None:
    found = _quick(trained, "draft", "--artifacts", "artifacts/digits")["sizes"]
    assert set(found) == {"200", "520"}
    assert found["520"]["none"]["other labels"] == found["520"]["none"]["largest difference"] == 0
    assert found["520"]["2"]["largest difference"] > 0


def test_a_page_that_answers_itself_is_measured(trained: Project) -> None:
    if not any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))):
        pytest.skip("needs Chromium on the PATH: make chromium")
    found = _quick(trained, "edge", "--artifacts", "artifacts/digits")["arms"]
    assert set(found) - {"transformers.js"} == {"float32", "int8"}  # where npm brings it
    assert all(found[name]["frames/s"] > 0 for name in ("float32", "int8"))
    assert all(arm["a picture, ms"] > 0 and arm["other labels"] == 0 for arm in found.values())
    assert all(arm["compressed, MB"] > arm["of it the runtime"] > 1 for arm in found.values())


def test_every_way_of_asking_is_measured_beside_a_bare_body(trained: Project) -> None:
    figures = _quick(trained, "protocols", *DIGITS, "--seconds", "0.3")
    assert {"bare", "gzip", "zstd", "Open Inference, JSON", "Open Inference, binary", "SageMaker"} < set(
        figures["ways"]
    )
    assert all(row["errors"] == 0 < row["cpu_us"] for rows in figures["ways"].values() for row in rows)
    assert all(microseconds > 0 for microseconds in figures["look_us"])


def test_what_a_gpu_would_run_is_run_where_there_is_none(trained: Project) -> None:
    figures = _quick(trained, "serving_gpu", "--bundle", "artifacts/digits/bundle", "--seconds", "0.1")
    assert set(figures["bundles"]) == {"float32", "int8", "heavy"}
    for found in figures["bundles"].values():
        assert set(found["runs"]) == {"cpu", "copied", "bound"}
        assert all(milliseconds > 0 for times in found["runs"].values() for milliseconds in times.values())
        assert set(found["engine"]) == {"cpu", "again"} | ({"gpu"} if figures["gpu"] == "used" else set())
        assert all(row["answers_s"] > 0 for loads in found["engine"].values() for row in loads.values())


def test_texts_are_told_by_ours_and_by_scikit_learn(project: Project) -> None:
    said = project.run(sys.executable, "-m", "benchmarks.text", "--quick", "--json", "figures.json")
    assert "in scope / flagged at 1%" in said
    arms = {arm["arm"]: arm for arm in json.loads(Path("figures.json").read_text())["arms"]}
    assert len(arms) == 4
    assert all(arm["accuracy"] > 0.7 and arm["ms"] > 0 for arm in arms.values())
    assert arms["ours, quick"]["flagged_0.01"] > 0.5


def test_suggestions_are_measured_beside_popularity_and_ease(project: Project) -> None:
    said = project.run(sys.executable, "-m", "benchmarks.shop", "--quick", "--json", "figures.json")
    assert "| items | ms a list, median |" in said
    figures = json.loads(Path("figures.json").read_text())
    arms = {arm["arm"]: arm["ndcg_at_10"] for arm in figures["arms"]}
    assert len(arms) == 5
    assert arms["ours, network"] > arms["popular in its last tenth"] > 0.05
    assert [time["milliseconds"] > 0 for time in figures["times"]] == [True]
    assert [memory["read_milliseconds"] > 0 for memory in figures["memory"]] == [True]


def test_shops_that_learn_from_their_own_suggestions_are_followed(project: Project) -> None:
    said = project.run(sys.executable, "-m", "benchmarks.shop_feedback", "--quick", "--json", "figures.json")
    assert "| learned, weighed |" in said
    figures = json.loads(Path("figures.json").read_text())
    for way in figures["offline"]:
        for name in ("ips", "dr"):
            assert abs(way[name] - way["truth"]) < 5 * way[f"{name}_error"]
    assert [len(arm["taken"]) for arm in figures["online"]] == [2] * 4


def test_all_of_them_are_run_one_after_the_other(trained: Project) -> None:
    said = trained.run(sys.executable, "-m", "benchmarks", "shadow", "late_labels", "--logs", "logs")
    assert [line.split()[:2] for line in said.splitlines()] == [["shadow", "ran,"], ["late_labels", "ran,"]]
    assert "flagged payments" in Path("logs/late_labels.log").read_text()
    failed = trained.fail(sys.executable, "-m", "benchmarks", "fuzz", "--logs", "logs")
    assert failed.endswith("1 failed: fuzz; what they said is in logs\n")
    assert "there is no benchmark nothing" in trained.fail(sys.executable, "-m", "benchmarks", "nothing")


def test_a_training_is_streamed_beside_one_from_a_folder(project: Project) -> None:
    figures = _quick(project, "streaming")
    rows = {row["arm"]: row for row in figures["arms"]}
    assert set(rows) == {"local", "local, again", "1", "4"}
    assert all(row["pictures_s"] > 0 < row["first_step_s"] for row in rows.values())
    assert rows["local"]["waited"] == 0
    assert all(0 <= rows[name]["waited"] < 1 for name in ("1", "4"))
    assert rows["1"]["download_s"] == pytest.approx(4 * rows["4"]["download_s"])

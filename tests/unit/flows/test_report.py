from prefect.client.schemas.actions import ArtifactCreate

from flows.report import Report, Section, artifact_key

FACTS = [["champion", "version 2"], ["Bento", "cups:2"]]
ANSWERS = Section("Asked", ["row", "answer"], [["0", "cup"]])


def test_the_facts_stand_last_on_the_console_and_first_on_the_page() -> None:
    made = Report("cups", FACTS, (ANSWERS,))
    console, page = str(made), made.markdown()
    assert console.index("Asked") < console.index("│ 0 ") < console.index("outcome") < console.index("version 2")
    assert page.splitlines()[:5] == [
        "# cups",
        "",
        "| what | outcome |",
        "| --- | --- |",
        "| champion | version 2 |",
    ]
    assert page.endswith("## Asked\n\n| row | answer |\n| --- | --- |\n| 0 | cup |\n")


def test_a_section_without_rows_is_left_out() -> None:
    made = Report("cups", FACTS, (Section("Asked", ["row"], []),))
    assert "Asked" not in str(made)
    assert "Asked" not in made.markdown()


def test_prefect_takes_the_key_of_a_workload_with_underscores() -> None:
    assert ArtifactCreate(key=artifact_key("promotion-red_cups")).key == "promotion-red-cups"

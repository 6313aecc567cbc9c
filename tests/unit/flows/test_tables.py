from flows.tables import markdown, table


def test_brackets_of_a_name_stand_on_the_console() -> None:
    assert "[red]cup[/red]" in table("[bold]mugs", ["label"], [["[red]cup[/red]"]])
    assert "[b]cup" in table("[b]cup", ["label"], [["a long enough cell"]])


def test_a_bar_or_a_line_end_in_a_cell_keeps_the_markdown_table_whole() -> None:
    assert markdown(["label"], [["a|b\nc"]]).splitlines() == ["| label |", "| --- |", "| a\\|b<br>c |"]

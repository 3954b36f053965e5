"""The terminal's table says what the file says."""

from __future__ import annotations

from test_result_schema import RESULT

from research.reporting import summarise


def test_the_numbers_of_the_file_are_in_the_text() -> None:
    text = summarise(RESULT)
    for part in (
        "2024-07-23 to 2026-09-25, 540 sessions; dropped: 226 weekend",
        "Benchmark mismatch: A is not B",
        "NAV basis",
        "Price basis",
        "expense_ratio",
        "1.010 ± 0.020",
        "-20.20 ± 0.40",
        "-21.00 to -19.40",
        "unexplained",
        "2024-07-23 to today",
        "20.20 ± 0.40",
        "Slope of expense_ratio changed on 2025-07-23 (2025-07-22 to 2025-07-24)",
        "- It charges what it says.",
    ):
        assert part in text, part


def test_a_result_of_another_notebook_has_no_tables() -> None:
    short = {key: RESULT[key] for key in ("schema", "status", "fund", "notebook", "parameters", "provenance")}
    assert summarise(short) == ""


def test_open_findings_stand_above_all_and_acknowledged_ones_do_not() -> None:
    row = {"rule": "spike", "series": "close", "session": None, "value": 31.0, "severity": "warning"}
    found = [{**row, "message": "close is 31"}, {**row, "message": "close is 32", "acknowledged": "as printed"}]
    text = summarise({**RESULT, "sample": {**RESULT["sample"], "screens": found}})
    assert text.splitlines()[0] == "! warning: close is 31 [spike]"
    assert "close is 32" not in text

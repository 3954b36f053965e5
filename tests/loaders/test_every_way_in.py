"""One file, one verdict: the same values and remarks, or the same refusal, whichever way it comes in."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from click.testing import CliRunner
from pull_funds import BEGIN, series

from research.alignment import sessions
from research.analyses.benchmark_clock.pairs import other_benchmark
from research.check import check_folder
from research.cli.check import check
from research.errors import ResearchError
from research.loaders import load_file, load_series, load_table
from research.opening import fund, load

DAYS = [f"{day:%Y-%m-%d}" for day in sessions("XNYS", "2024-07-23", "2024-09-13")]
NAV = [f"{34 + (7 * place % 11) / 8:.4f}" for place in range(len(DAYS))]
CLOSE = [f"{34 + (5 * place % 11) / 8:.2f}" for place in range(len(DAYS))]
ROWS = list(zip(DAYS, NAV, CLOSE, strict=True))
TRUE = {day: float(nav) for day, nav in zip(DAYS, NAV, strict=True)}


def lines(header="date,nav,close", rows=ROWS, mark=","):
    return [header, *(mark.join(row) for row in rows)]


def text(*args, **more):
    return "\n".join(lines(*args, **more)) + "\n"


def put(at, *new, instead=0):
    """Return the text with other lines from line `at` (counted from 1) on, in place of so many."""
    found = lines()
    found[at - 1 : at - 1 + instead] = new
    return "\n".join(found) + "\n"


PLAIN = text()
EUROPEAN = text(
    "date;nav;close", [(day, nav.replace(".", ","), close.replace(".", ",")) for day, nav, close in ROWS], ";"
)
GROUPED = text(rows=[(day, f'"1,0{nav}"', close) for day, nav, close in ROWS])

# What is read: the file, the options that it needs, the rules of the remarks on it.
READ = {
    "as pandas writes it": (PLAIN, {}, ()),
    "trailing commas as Excel writes them": (PLAIN.replace("\n", ",,\n"), {}, ()),
    "trailing commas in the rows only": (PLAIN.replace("\n", ",\n").replace("close,", "close", 1), {}, ()),
    "trailing commas in the header only": (PLAIN.replace("close\n", "close,,\n"), {}, ()),
    "trailing commas in one row": (put(4, ",".join(ROWS[2]) + ",,,", instead=1), {}, ()),
    "a byte order mark": (PLAIN.encode("utf-8-sig"), {}, ()),
    "UTF-16": (PLAIN.encode("utf-16"), {}, ()),
    "a header in capitals": (PLAIN.replace("date,nav,close", "DATE,NAV,Close"), {}, ()),
    "spaces around names and numbers": (PLAIN.replace(",", " , "), {}, ()),
    "blank lines": (put(5, "", "", " ") + "\n\n", {}, ()),
    "rows of nothing but commas": (put(5, ",,") + ",,\n", {}, ()),
    "no final newline": (PLAIN.rstrip("\n"), {}, ("no_final_newline",)),
    "twin rows": (put(6, ",".join(ROWS[3])), {}, ("identical_duplicate",)),
    "decimal commas": (EUROPEAN, {"delimiter": ";", "decimal": ","}, ()),
    "CRLF": (PLAIN.replace("\n", "\r\n"), {}, ()),
    "CR": (PLAIN.replace("\n", "\r"), {}, ()),
    "quoted numbers": (text(rows=[(f'"{a}"', f'"{b}"', f'"{c}"') for a, b, c in ROWS]), {}, ()),
    "newest first": (text(rows=ROWS[::-1]), {}, ()),
    "an unnamed first column": (PLAIN.replace("date", "", 1), {"date_column": ""}, ()),
    "an index column without a name": (
        text(",date,nav,close", [(str(place), *row) for place, row in enumerate(ROWS)]),
        {},
        (),
    ),
    "lines above the header": ("My fund\n\n" + PLAIN, {"skip": 2}, ()),
    "columns of words and of other dates": (
        text("date,nav,close,note,settled", [(*row, "ex", row[0]) for row in ROWS]),
        {},
        ("column_left_out",),
    ),
    "marks of writing direction": (PLAIN.replace("nav", "\u200fnav\u200e"), {}, ()),
    "another way of writing dates": (
        text(rows=[(f"{pd.Timestamp(row[0]):%d/%m/%Y}", *row[1:]) for row in ROWS]),
        {"date_format": "%d/%m/%Y"},
        (),
    ),
}

# What is refused: the file, options, the error's type and a part of its message.
REFUSED = {
    "decimal commas unsaid": (EUROPEAN, {}, "DataFileError", "say delimiter = ';'"),
    "semicolons unsaid": (PLAIN.replace(",", ";"), {}, "MissingColumnError", "say delimiter = ';'"),
    "thousands commas unsaid": (GROUPED, {}, "DataError", "row 2, column 'nav': '1,034.0000'"),
    "a unit row": (put(2, ",USD,USD"), {}, "DataError", "row 2, column 'date': ''"),
    "an unnamed first column unsaid": (PLAIN.replace("date", "", 1), {}, "MissingColumnError", "date_column = ''"),
    "another date column": (PLAIN.replace("date", "day"), {}, "MissingColumnError", "no column 'date'"),
    "a date twice with other values": (put(6, f"{DAYS[3]},1.0,1.0"), {}, "DataError", f"{DAYS[3]} of row 5 again"),
    "rows neither way": (
        put(5, ",".join(ROWS[4]), ",".join(ROWS[3]), instead=2),
        {},
        "DataError",
        f"row 6 ({DAYS[3]}) is out of order",
    ),
    "a torn row": (PLAIN + "2024-09-16,3", {}, "DataFileError", "has 2 fields where the header has 3"),
    "a row too long": (put(3, "2024-07-24,1,2,3", instead=1), {}, "DataFileError", "row 3 has 4 fields"),
    "a word among the numbers": (put(3, f"{DAYS[1]},n/a,1", instead=1), {}, "DataError", "row 3, column 'nav': 'n/a'"),
    "a word in a column that nobody asks for": (
        put(3, f"{DAYS[1]},1,shut", instead=1),
        {},
        "DataError",
        "row 3, column 'close': 'shut'",
    ),
    "dollar signs": (text(rows=[(a, f"${b}", c) for a, b, c in ROWS]), {}, "DataError", "row 2, column 'nav'"),
    "American dates unsaid": (put(2, "07/23/2024,1,1", instead=1), {}, "DataError", "'07/23/2024' is not a date"),
    "Latin-1": (put(3, f"{DAYS[1]},1,1,é", instead=1).encode("latin-1"), {}, "DataFileError", "is not UTF-8 text"),
    "a zero byte": (PLAIN + "\x00\n", {}, "DataFileError", "binary"),
    "a column twice": (PLAIN.replace("close", "nav"), {}, "DataFileError", "'nav' is there twice"),
    "broken quotes": (put(3, f'{DAYS[1]},"1,1', instead=1), {}, "DataFileError", "not delimited text"),
    "a web page": (
        "<!DOCTYPE html>\n<html><title>Log in</title></html>\n",
        {},
        "MissingColumnError",
        "no column 'date'",
    ),
    "a header and no rows": ("date,nav,close\n", {}, "DataFileError", "no rows"),
    "nothing": ("\n", {}, "DataFileError", "empty"),
}
RULES = {rule for _, _, rules in READ.values() for rule in rules}
EVERY = [*READ, *REFUSED]


def funds_toml(options):
    inline = ", ".join(f"{name} = {json.dumps(value)}" for name, value in options.items())
    how = f"options = {{ {inline} }}\n" if options else ""
    index = series("benchmark", "index.csv", "index") + 'measures = "Index"\n'
    return f'[table.plain]\nfile = "mine.csv"\n{how}' + BEGIN + series("nav", "mine.csv", "nav") + how + index


@pytest.fixture(params=EVERY)
def case(request, tmp_path, monkeypatch):
    """Return the folder with the file, its options, and what is to come of it."""
    monkeypatch.delenv("RESEARCH_DATA", raising=False)
    content, options, *told = (READ if request.param in READ else REFUSED)[request.param]
    (tmp_path / "mine.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    (tmp_path / "index.csv").write_text(
        "date,index\n" + "".join(f"{day},{100 + at % 7}\n" for at, day in enumerate(DAYS))
    )
    (tmp_path / "funds.toml").write_text(funds_toml(options))
    return tmp_path, options, request.param in READ, told


def shown(items, path):
    """Return the verdict that a check shows: remarks, or the rule and message of an error."""
    found = [item for item in items if item["path"].endswith(path)]
    errors = [item for item in found if item["severity"] == "error" and not item["session"]]
    if errors:
        return "refused", errors[0]["rule"], errors[0]["message"].rpartition("mine.csv: ")[2]
    return "read", sorted(item["message"] for item in found if item["rule"] in RULES)


def command(*arguments):
    done = CliRunner().invoke(check, [*arguments, "--json"])
    assert done.exit_code in {0, 1, 3}, done.output
    return json.loads(done.stdout)["items"]


def verdict(read):
    """Return values by day and remarks, or the type and message of the error."""
    try:
        values, remarks = read()
    except ResearchError as error:
        return "refused", type(error).__name__, str(error).rpartition("mine.csv: ")[2]
    by_day = {f"{day:%Y-%m-%d}": value for day, value in values.dropna().items()}
    return "read", by_day, sorted(remark.message for remark in remarks)


def of_table(table):
    return table.frame[table.column_named("nav")], table.remarks


def of_history(history):
    (source,) = (item for item in history.sources if item.role == "nav")
    return history.frame["nav"], source.remarks


def of_series(loaded):
    return loaded.values, loaded.source.remarks


def test_every_way_in_gives_the_same_verdict(case):
    folder, options, is_read, told = case
    path = folder / "mine.csv"
    ways = {
        "load_file": verdict(lambda: of_table(load_file(path, "csv", **options))),
        "load_table": verdict(lambda: of_table(load_table("plain", folder))),
        "load_series": verdict(lambda: of_series(load_series(fund("MINE", folder), "nav"))),
        "load": verdict(lambda: of_history(load("MINE", data=folder, max_loss=0.5))),
    }
    found = ways["load_file"]
    assert all(way == found for way in ways.values()), ways
    if is_read:
        assert found[:2] == ("read", TRUE)
        assert sorted(remark.rule for remark in load_file(path, "csv", **options).remarks) == sorted(told[0])
    else:
        assert found[:2] == ("refused", told[0])
        assert told[1] in found[2]


def test_every_check_shows_that_verdict(case):
    folder, options, is_read, _told = case
    path = folder / "mine.csv"
    given = [part for name, value in options.items() for part in ("--option", f"{name}={json.dumps(value)}")]
    checks = {
        "file": shown(command(str(path), "--format", "csv", *given), "mine.csv"),
        "fund": shown(command("--fund", "MINE", "--data", str(folder)), "MINE" if not is_read else "MINE nav"),
        "folder": shown(check_folder(folder).to_dict()["items"], "mine.csv"),
    }
    assert all(way == checks["file"] for way in checks.values()), checks
    own = verdict(lambda: of_table(load_file(path, "csv", **options)))
    if is_read:
        assert checks["file"] == ("read", own[2])
    else:
        # A rule is called after the error's type: data_file for DataFileError.
        assert checks["file"][1].replace("_", "") + "error" == own[1].casefold()
        assert checks["file"][2] == own[2]


@pytest.mark.parametrize("case", [name for name in EVERY if not (READ | REFUSED)[name][1]], indirect=True)
def test_a_further_series_of_a_report_is_read_the_same(case):
    """A report's parameters name file and column, and no options."""
    path = case[0] / "mine.csv"
    found = verdict(lambda: (other_benchmark(path, "nav").levels, other_benchmark(path, "nav").source.remarks))
    assert found == verdict(lambda: of_table(load_file(path, "csv")))

"""Parameters: read from the cell without running it, checked by name, type and constraint."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from research.errors import NotebookError, ParameterError, UnknownNameError
from research.reporting.parameters import Parameter, check, effective, parse_assignments, read_schema

CELL = '''\
"""What this report takes."""
fund: str = "ETHV"  # ticker of the fund
start: str = ""  # [date] first session; empty means the listing
window: int = 60  # [20 <= x <= 250] sessions
level: float = 0.95  # [0 < x < 1] of the intervals
drift: float = -1.5
basis: str = "nav"  # [choice: nav, price]
masked: bool = False
horizons: list[int] = [
    1,
    5,
]  # [x >= 1] sessions
weights: list[float] = [0.5]
names: list[str] = []  # [choice: expense_ratio, premium_discount] drivers
result_path: str = ""  # where the result goes
'''


@pytest.fixture
def schema(make_notebook: Callable[..., Path]) -> dict[str, Parameter]:
    return read_schema(make_notebook("1", parameters=CELL))


def test_every_parameter_is_read(schema: dict[str, Parameter]) -> None:
    assert [(p.name, p.type, p.default, p.constraint, p.help) for p in schema.values()] == [
        ("fund", "str", "ETHV", "", "ticker of the fund"),
        ("start", "str", "", "date", "first session; empty means the listing"),
        ("window", "int", 60, "20 <= x <= 250", "sessions"),
        ("level", "float", 0.95, "0 < x < 1", "of the intervals"),
        ("drift", "float", -1.5, "", ""),
        ("basis", "str", "nav", "choice: nav, price", ""),
        ("masked", "bool", False, "", ""),
        ("horizons", "list[int]", [1, 5], "x >= 1", "sessions"),
        ("weights", "list[float]", [0.5], "", ""),
        ("names", "list[str]", [], "choice: expense_ratio, premium_discount", "drivers"),
        ("result_path", "str", "", "", "where the result goes"),
    ]


def test_papermill_sees_the_same_parameters(make_notebook: Callable[..., Path]) -> None:
    papermill = pytest.importorskip("papermill")
    path = make_notebook(
        "1", parameters=CELL.replace("[\n    1,\n    5,\n]", "[1, 5]").replace("<=", "≤").replace(">=", "≥")
    )
    theirs = papermill.inspect_notebook(str(path))
    ours = read_schema(path)
    assert {name: item["inferred_type_name"] for name, item in theirs.items()} == {
        p.name: p.type for p in ours.values()
    }


def test_command_line_strings_become_values(schema: dict[str, Parameter]) -> None:
    texts = [
        "window=90",
        "level=0.9",
        "drift=2",
        "masked=True",
        "horizons=[1, 5]",
        'names=["expense_ratio"]',
        "fund=a=b",
    ]
    values = parse_assignments(texts, schema)
    assert values == {
        "window": 90,
        "level": 0.9,
        "drift": 2.0,
        "masked": True,
        "horizons": [1, 5],
        "names": ["expense_ratio"],
        "fund": "a=b",
    }
    assert isinstance(values["drift"], float)
    assert json.loads(json.dumps(values)) == values


def test_effective_adds_defaults_and_hides_the_runners_own(schema: dict[str, Parameter]) -> None:
    every = effective({"window": 90}, schema)
    assert every["window"] == 90
    assert every["fund"] == "ETHV"
    assert "result_path" not in every


@pytest.mark.parametrize(
    ("assignment", "words"),
    [
        ("window=five", ["'window'", "a whole number, 20 <= x <= 250", "'five'"]),
        ("window=19", ["'window'", "20 <= x <= 250", "'19'"]),
        ("window=251", ["251"]),
        ("window=60.0", ["whole number", "60.0"]),
        ("window=true", ["whole number", "true"]),
        ("level=1", ["0 < x < 1", "'1'"]),
        ("level=NaN", ["a number", "NaN"]),
        ("level=1e400", ["a number"]),
        ("start=2025-13-01", ["ISO date", "2025-13-01"]),
        ("start=01/02/2025", ["ISO date"]),
        ("start=20250101", ["ISO date"]),
        ("basis=NAV", ["one of nav, price", "'NAV'"]),
        ("masked=yes", ["true or false"]),
        ("horizons=5", ["JSON list of whole numbers", "'5'"]),
        ("horizons=[1, 0]", ["x >= 1", "[1, 0]"]),
        ("horizons=[1.5]", ["whole numbers"]),
        ('names=["other"]', ["one of expense_ratio"]),
        ("window", ["name=value"]),
        ("result_path=x", ["set by the runner"]),
    ],
)
def test_a_wrong_string_is_refused_with_what_it_takes(
    schema: dict[str, Parameter], assignment: str, words: list[str]
) -> None:
    with pytest.raises(ParameterError) as refusal:
        parse_assignments([assignment], schema)
    assert all(word in str(refusal.value) for word in words), str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_misspelt_name_gets_the_nearest(schema: dict[str, Parameter]) -> None:
    with pytest.raises(UnknownNameError, match=r"unknown parameter 'windw': did you mean 'window'\?") as refusal:
        parse_assignments(["windw=90"], schema)
    assert "result_path" not in str(refusal.value)
    with pytest.raises(UnknownNameError):
        check({"windw": 90}, schema)


def test_a_name_given_twice_is_refused(schema: dict[str, Parameter]) -> None:
    with pytest.raises(ParameterError, match="twice"):
        parse_assignments(["window=60", "window=90"], schema)


@pytest.mark.parametrize("value", ["60", 60.0, True, None, np.int64(60), (60,), {60}, math.nan])
def test_values_of_another_type_are_refused(schema: dict[str, Parameter], value: object) -> None:
    with pytest.raises(ParameterError, match="'window' takes a whole number"):
        check({"window": value}, schema)


@pytest.mark.parametrize("value", [(1, 5), np.array([1, 5]), "[1, 5]", [1, "5"], [True]])
def test_lists_are_lists(schema: dict[str, Parameter], value: object) -> None:
    with pytest.raises(ParameterError, match="'horizons' takes a JSON list"):
        check({"horizons": value}, schema)


def test_a_numpy_float_becomes_a_plain_one(schema: dict[str, Parameter]) -> None:
    assert type(check({"level": np.float64(0.5)}, schema)["level"]) is float


@pytest.mark.parametrize("value", [2**53 + 1, 10**400, math.inf])
def test_a_number_that_a_float_cannot_hold(value: float) -> None:
    with pytest.raises(ParameterError, match="takes a number"):
        Parameter("level", "float", 0.5).checked(value)
    assert Parameter("seed", "int", 1, "x >= 0").checked(10**400) == 10**400


@example(2**53 + 1)
@example(10**400)
@given(st.one_of(st.integers(), st.floats(), st.text(), st.booleans(), st.none(), st.lists(st.integers())))
def test_a_checked_value_survives_json(value: object) -> None:
    for kind in ("str", "int", "float", "bool", "list[int]", "list[float]", "list[str]"):
        try:
            got = Parameter("p", kind, 0).checked(value)
        except ParameterError:
            continue
        assert json.loads(json.dumps(got, allow_nan=False)) == got == value


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("window = 60", ["line 1", "name: type = default"]),
        ("x: int = 1\nimport os", ["line 2"]),
        ("window: int", ["'window' has no default"]),
        ("window: Path = 1", ["'Path' is not a parameter's type"]),
        ("window: int = 2 + f()", ["not a plain value"]),
        ("window: int = '60'", ["takes a whole number"]),
        ("window: int = 5  # [x > 10]", ["x > 10", "5"]),
        ("window: int = 5  # [sessions] help", ["[sessions] is no constraint"]),
        ("window: int = 5  # [date]", ["annotate it as str"]),
        ("window: str = ''  # [0 < x < 1]", ["annotate the parameter as int or float"]),
        ("window: int = 5  # [choice: a, b]", ["annotated as int"]),
        ("window: int = ", ["not Python", "line 1"]),
        ("a.b: int = 1", ["line 1"]),
    ],
)
def test_a_bad_parameters_cell_is_the_notebooks_fault(
    make_notebook: Callable[..., Path], cell: str, words: list[str]
) -> None:
    with pytest.raises(NotebookError) as refusal:
        read_schema(make_notebook("1", parameters=cell))
    assert all(word in str(refusal.value) for word in ["sample.ipynb", *words]), str(refusal.value)


def test_the_cell_is_never_executed(make_notebook: Callable[..., Path], tmp_path: Path) -> None:
    with pytest.raises(NotebookError):
        read_schema(make_notebook("1", parameters=f"x: str = open({str(tmp_path / 'made')!r}, 'w').name"))
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"cells": [{}]}', b"\xff\xfe"])
def test_a_file_that_is_no_notebook(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.ipynb"
    path.write_bytes(content)
    with pytest.raises(NotebookError, match=r"x\.ipynb is not a notebook"):
        read_schema(path)


@pytest.mark.parametrize(
    ("constraint", "inside", "outside"),
    [
        ("0 < x < 1", [1e-9, 0.5], [0, 1]),
        ("0 <= x <= 1", [0, 1], [-1e-9, 1 + 1e-9]),
        ("x >= -2.5e-1", [-0.25, 9], [-0.26]),
        ("x < 3", [2.99], [3]),
        ("1 > x > -1", [0], [1, -1]),
        ("20 ≤ x ≤ 250", [20, 250], [19, 251]),
        ("10 >= level", [10], [11]),
    ],
)
def test_ranges_open_and_closed(constraint: str, inside: list[float], outside: list[float]) -> None:
    parameter = Parameter("level", "float", 0.5, constraint)
    for value in inside:
        assert parameter.checked(value) == value
    for value in outside:
        with pytest.raises(ParameterError):
            parameter.checked(value)

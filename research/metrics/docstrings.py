"""What the docstrings of measures repeat - blocks of shared parameters and errors - written once and set in on import.

A function's own docstring holds its summary, what it returns, an example, and only such parameters, errors and notes
as are its own; ``help()`` shows the whole numpydoc block.
"""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Callable
from typing import TypeVar

__all__ = ["completed", "documented"]

F = TypeVar("F", bound=Callable[..., object])

# What docstrings share: a parameter's type and meaning.
_SERIES = "pandas.Series or pandas.DataFrame"
PARAMETERS = {
    "fund_returns": (_SERIES, "Log returns per period, fraction; one column for each fund."),
    "fund_simple_returns": (_SERIES, "Simple returns per period, fraction; one column for each fund."),
    "benchmark_returns": (
        _SERIES,
        "Log returns per period on the same labels; one benchmark, or the funds' columns.",
    ),
    "benchmark_simple_returns": (
        _SERIES,
        "Simple returns per period on the same labels; one benchmark, or the funds' columns.",
    ),
    "divergence": (
        _SERIES,
        "Divergence level g = ln fund − ln benchmark, one row for each session; one column for each fund.",
    ),
    "premium": (_SERIES, "Log premium ln price − ln net asset value, fraction; one column for each fund."),
    "periods_per_year": ("float", "Observations a year: 252 for sessions, 12 for months."),
    "years": (
        "float or pandas.Series",
        "Elapsed time that the returns cover, Act/365 (`research.conventions.years_between`); by fund where a Series.",
    ),
    "window": ("int", "Periods in a window, such as 60 or 90 sessions; at least 2."),
    "min_count": ("int, optional", "Complete periods that a window needs; all of them where not given."),
    "percentiles": ("sequence of float", "Between 0 and 100."),
    "horizons": ("sequence of int", "Horizons in periods; 1, 5, 21 and 63 where not given."),
}
_ERRORS = ("AlignmentError", "DataError", "ParameterError", "SampleError", "UnknownNameError")
_SECTION = re.compile(r"^(Parameters|Returns|Raises|Notes|Examples)\n-+\n", re.MULTILINE)
_WIDTH = 110


def documented(function: F) -> F:
    """Complete the docstring of a function that is no measure of its own: a window, a step on the way."""
    return completed(function)


def completed(function: F, formula: str = "", names: str = "") -> F:
    """Write the shared parts into a function's docstring; what it says itself goes before."""
    if not function.__doc__:  # nothing is kept under python -OO
        return function
    head, *parts = _SECTION.split(inspect.cleandoc(function.__doc__))
    own = {title: body.strip("\n") for title, body in zip(parts[::2], parts[1::2], strict=True)}
    taken = list(inspect.signature(function).parameters)
    pair = any(name.startswith("benchmark") for name in taken)
    gap = "Periods with a NaN on either side are left out." if pair else ""
    said = " ".join(filter(None, (own.get("Notes", ""), gap if "NaN" not in own.get("Notes", "") else "")))
    notes = [_filled(part) for part in (formula, said, names) if part]
    sections = {
        "Parameters": _parameters(taken, _entries(own.get("Parameters", ""))),
        "Returns": own["Returns"],
        "Raises": _raises(taken, _entries(own.get("Raises", ""))),
        "Notes": "\n\n".join(notes),
        "Examples": own["Examples"],
    }
    shown = (f"{title}\n{'-' * len(title)}\n{body}" for title, body in sections.items() if body)
    function.__doc__ = "\n\n".join([head.strip("\n"), *shown]) + "\n"
    return function


def _parameters(taken: list[str], own: dict[str, str]) -> str:
    described = {name: block for names, block in own.items() for name in names.split(", ")}
    for name in taken:
        if name not in described:
            kind, meaning = PARAMETERS[name]
            described[name] = f"{name} : {kind}\n{textwrap.indent(_filled(meaning), '    ')}"
    return "\n".join(dict.fromkeys(described[name] for name in taken))


def _raises(taken: list[str], own: dict[str, str]) -> str:
    """Return what is raised: what every check of inputs raises, and of each error the function's own words first."""
    checked = [f"`{name}`" for name in taken if name in {"periods_per_year", "years", "window", "min_count"}]
    listed = " or ".join(filter(None, (", ".join(checked[:-1]), *checked[-1:])))
    usual = {
        "AlignmentError": "If labels or columns differ." if any(name.startswith("benchmark") for name in taken) else "",
        "DataError": "If a value is infinite, labels are unsorted or repeated, or prices are given for returns."
        if any(name.endswith("returns") for name in taken)
        else "If a value is infinite or labels are unsorted or repeated.",
        "ParameterError": f"If an input is no Series or DataFrame{f', or {listed} cannot be' if listed else ''}.",
    }
    said = {error: own.get(error) or (usual.get(error) and f"{error}\n    {usual[error]}") for error in _ERRORS}
    return "\n".join(text for text in said.values() if text)


def _entries(section: str) -> dict[str, str]:
    """Return the entries of a section by what stands before the colon."""
    blocks = re.split(r"\n(?=\S)", section) if section else []
    return {block.split("\n")[0].split(" : ")[0]: block for block in blocks}


def _filled(text: str) -> str:
    return textwrap.fill(" ".join(text.split()), _WIDTH, break_long_words=False, break_on_hyphens=False)

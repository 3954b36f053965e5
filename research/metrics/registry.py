"""The one registry of measures: name, the other names that the field has for it, unit, formula, source, function, form.

A measure is declared where it is computed, by `measured` above its function. Tables, intervals, tests and the reference
that `measures` gives are driven by what stands here, and `measure` finds one by any of its names.
"""

from __future__ import annotations

import inspect
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import pandas as pd

from research.conventions import BASIS_POINT
from research.errors import UnknownNameError, nearest
from research.metrics.docstrings import completed
from research.metrics.forms import Form
from research.tables import Result, Table

__all__ = ["Measure", "Registry", "Unit", "measure", "measured", "measures"]

F = TypeVar("F", bound=Callable[..., object])


SYMBOLS = {
    "r": "the fund's return",
    "b": "the benchmark's return",
    "d": "the fund's return less the benchmark's",
    "g": "the divergence level, d cumulated",
    "n": "the number of complete periods",
    "m": "periods_per_year",
    "h": "a horizon in periods",
    "π": "the log premium",
    "ρ": "an autocorrelation",
}
INPUTS = {
    "fund_returns": "log returns",
    "fund_simple_returns": "simple returns",
    "divergence": "divergence level",
    "premium": "log premium",
    "price": "prices",
    "weights": "weights and a covariance matrix",
}
DATA = {*INPUTS, "benchmark_returns", "benchmark_simple_returns", "benchmark_weights", "covariance"}


@dataclass(frozen=True)
class Unit:
    """What a measure counts in, and how it is shown.

    Parameters
    ----------
    words : str
        Inside: ``"fraction a year"``.
    shown : str
        In tables: ``"bp a year"``; empty for a pure number.
    size : float
        One of what is shown, in what is inside.
    """

    words: str
    shown: str = ""
    size: float = 1.0


A_YEAR = Unit("fraction a year", "bp a year", BASIS_POINT)
SQUARED_A_YEAR = Unit("fraction squared a year", "bp² a year", BASIS_POINT**2)
A_PERIOD = Unit("fraction a period", "bp a period", BASIS_POINT)
LEVEL = Unit("fraction", "bp", BASIS_POINT)
NUMBER = Unit("no unit")
SESSIONS = Unit("sessions", "sessions")
PERIODS = Unit("periods", "periods")


@dataclass(frozen=True, eq=False)
class Measure(Result):
    """A measure: one object that knows what it is called, what it means and how it is computed.

    Parameters
    ----------
    name : str
        Name of its function.
    title : str
        What it is called in a table.
    also : tuple of str
        Other names that the literature, regulators and data vendors use for it.
    unit : Unit
        What it counts in.
    formula : str
        Mathematics in plain text; `SYMBOLS` says what the letters are.
    source : str
        Where the definition is from.
    function : callable
        What computes it.
    form : Form or None
        The same as a function of means; None where it has no interval.
    """

    name: str
    title: str
    also: tuple[str, ...]
    unit: Unit
    formula: str
    source: str
    function: Callable[..., Any]
    form: Form | None = None

    def __call__(self, *data: object, **options: object) -> object:
        """Return what the measure's function returns."""
        return self.function(*data, **options)

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that finds it."""
        return tuple(dict.fromkeys((self.name, self.title, *self.also)))

    @property
    def takes(self) -> str:
        """What it is computed from."""
        return INPUTS[next(iter(inspect.signature(self.function).parameters))]

    @property
    def benchmark(self) -> bool:
        """Whether it compares two series of returns."""
        return any(name.startswith("benchmark") for name in inspect.signature(self.function).parameters)

    @property
    def options(self) -> dict[str, object]:
        """Its parameters beside the data, with their defaults; `inspect.Parameter.empty` where one must be given."""
        found = inspect.signature(self.function).parameters.values()
        return {one.name: one.default for one in found if one.name not in DATA}

    @property
    def needs(self) -> tuple[str, ...]:
        """Parameters that must be given beside the data: ``periods_per_year``, ``years``."""
        return tuple(name for name, default in self.options.items() if default is inspect.Parameter.empty)

    def summary(self) -> Table:
        """Return what is known of the measure as a table."""
        rows = {name: value for name, value in self.to_dict().items() if value}
        shown = {name: ", ".join(value) if isinstance(value, list) else str(value) for name, value in rows.items()}
        return Table(pd.DataFrame({"": shown}), self.title, notes=(_symbols(self.formula),))

    def to_dict(self) -> dict[str, object]:
        """Return what is known of the measure in words."""
        return {
            "function": self.name,
            "also called": list(self.also),
            "unit": self.unit.words,
            "takes": self.takes,
            "needs": list(self.needs),
            "formula": self.formula,
            "source": self.source,
            "interval": "yes" if self.form else "no",
        }


@dataclass(frozen=True, eq=False)
class Registry(Result):
    """Measures, in the order of their names."""

    measures: tuple[Measure, ...]

    def __iter__(self) -> Iterator[Measure]:
        """Go through the measures."""
        return iter(self.measures)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.measures)

    def summary(self) -> Table:
        """Return the reference: one row for each measure."""
        rows = {one.name: one.to_dict() for one in self.measures}
        cells = [{k: ", ".join(v) if isinstance(v, list) else v for k, v in row.items()} for row in rows.values()]
        frame = pd.DataFrame(cells, index=pd.Index(list(rows), name="measure")).drop(columns="function")
        return Table(frame, "Measures of tracking", notes=(_symbols(" ".join(SYMBOLS)),))

    def to_dict(self) -> dict[str, object]:
        """Return every measure by its name."""
        return {one.name: one.to_dict() for one in self.measures}


_MEASURES: dict[str, Measure] = {}


def measures() -> Registry:
    """Return every measure of tracking: what it is called, its unit, formula and source, what it needs.

    Parameters
    ----------
    None

    Returns
    -------
    Registry
        Shows itself as a table of one row for each measure; ``to_markdown()`` is the reference page.

    Notes
    -----
    NaN: a measure leaves out what is missing, as its own documentation says.

    Examples
    --------
    >>> frame = measures().to_frame()
    >>> frame.loc["mean_absolute_divergence", ["unit", "formula"]].tolist()
    ['fraction a period', 'mean |d|']
    """
    return Registry(tuple(_MEASURES[name] for name in sorted(_MEASURES)))


def measure(name: str | Callable[..., object]) -> Measure:
    """Return a measure by any name that the field has for it, or by its function.

    Parameters
    ----------
    name : str or callable
        ``"ATD"``, ``"active risk"``, ``"tracking_error"``; capitals, spaces, hyphens and lowered figures (``TE₁``)
        make no difference.

    Returns
    -------
    Measure
        Shows itself; called with data it computes.

    Raises
    ------
    UnknownNameError
        If no measure has that name; the message offers the nearest.

    Notes
    -----
    NaN: a measure leaves out what is missing, as its own documentation says.

    Examples
    --------
    >>> measure("ATD").name, measure("active risk").name, measure("TE₃").name
    ('mean_absolute_divergence', 'tracking_error', 'residual_tracking_error')
    """
    asked = name if isinstance(name, str) else getattr(name, "__name__", repr(name))
    known = {_folded(one): found for found in _MEASURES.values() for one in found.names}
    if _folded(asked) not in known:
        close = nearest(asked, [one for found in _MEASURES.values() for one in found.names])
        raise UnknownNameError("measure", asked, {*_MEASURES, *([close] if close else [])}, lister="rs.measures()")
    return known[_folded(asked)]


def _folded(name: str) -> str:
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", name).casefold())


def measured(
    title: str,
    *,
    unit: Unit,
    formula: str,
    source: str = "",
    also: tuple[str, ...] = (),
    form: Form | None = None,
) -> Callable[[F], F]:
    """Declare a function as a measure and complete its docstring; the parameters are those of `Measure`."""

    def declare(function: F) -> F:
        name = function.__name__
        _MEASURES[name] = Measure(name, title, also, unit, formula, source, function, form)
        said = f"{formula}{f' ({source})' if source else ''}. {_symbols(formula)}"
        called = f"Also called: {', '.join(also)}." if also else ""
        return completed(function, said, called)

    return declare


def _symbols(formula: str) -> str:
    """Return what the letters of a formula stand for."""
    used = [letter for letter in SYMBOLS if re.search(rf"(?<![A-Za-z]){letter}(?![A-Za-z])", formula)]
    return f"Here {', '.join(f'{letter} is {SYMBOLS[letter]}' for letter in used)}." if used else ""

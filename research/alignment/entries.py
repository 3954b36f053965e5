"""The series that enter an alignment, checked before they meet."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import TYPE_CHECKING, Final

import pandas as pd

from research.alignment.clock import Clock
from research.errors import AlignmentError, ClockError, DataError, MissingColumnError, ParameterError

if TYPE_CHECKING:
    from research.loaders import LoadedSeries

__all__ = ["PRICES", "check_clocks", "check_positive", "checked"]

PRICES: Final = ("nav", "close", "benchmark")
"""Series whose ratios become returns: they share one clock and are positive."""


def checked(
    series: Mapping[str, LoadedSeries | tuple[pd.Series[float], Clock | str]], required: tuple[str, ...]
) -> tuple[dict[str, pd.Series[float]], dict[str, Clock]]:
    """Return values and clocks by name; raise where a required series is absent or labels are not dates.

    Raises
    ------
    MissingColumnError
        If a required series is not given.
    AlignmentError
        If an index is not of naive, normalised, strictly increasing dates.
    """
    absent = [name for name in required if name not in series]
    if absent:
        raise MissingColumnError(f"no series {absent[0]!r} to align (given: {', '.join(series) or 'none'}): add it")
    values: dict[str, pd.Series[float]] = {}
    clocks: dict[str, Clock] = {}
    for name, entry in series.items():
        if isinstance(entry, tuple):
            one, clock = entry
        else:
            one, clock = entry.values, entry.source.clock  # noqa: PD011 - a field of LoadedSeries
        values[name] = _labelled(name, one)
        clocks[name] = clock if isinstance(clock, Clock) else Clock.parse(clock)
    return values, clocks


def _labelled(name: str, values: pd.Series[float]) -> pd.Series[float]:
    index = values.index
    if not isinstance(index, pd.DatetimeIndex):
        raise AlignmentError(f"series {name!r} is not labelled by dates: convert its index with pandas.to_datetime")
    if index.tz is not None:
        raise AlignmentError(
            f"series {name!r} has labels in time zone {index.tz}: a label is the date of a session; convert to the "
            "zone of its clock, then .tz_localize(None).normalize()"
        )
    if bool(index.isna().any()):
        raise AlignmentError(f"series {name!r} has a label that is not a date: drop that row")
    clock_times = index[index != index.normalize()]
    if len(clock_times):
        raise AlignmentError(
            f"series {name!r} has a label with a time of day, {clock_times[0]}: state the time as the series' clock "
            "and normalise the labels"
        )
    if not index.is_unique:
        twice = index[index.duplicated()][0]
        raise AlignmentError(f"series {name!r} has {twice:%Y-%m-%d} more than once: decide which row is right")
    if not index.is_monotonic_increasing:
        raise AlignmentError(f"series {name!r} is not in order of date: sort it with sort_index()")
    try:
        as_float = values.to_numpy(dtype="float64", na_value=float("nan"))
    except (TypeError, ValueError):
        raise ParameterError(f"series {name!r} holds values that are not numbers: dtype {values.dtype}") from None
    labels = pd.DatetimeIndex(index.to_numpy(dtype="datetime64[ns]"))
    return pd.Series(as_float, index=labels, name=name)


def check_clocks(clocks: Mapping[str, Clock]) -> None:
    """Raise where two of the price series were observed at different times of day.

    Raises
    ------
    ClockError
        Naming both series and both clocks.
    """
    for one, other in combinations([name for name in PRICES if name in clocks], 2):
        if not clocks[one].same_as(clocks[other]):
            raise ClockError(
                f"{one} is observed at {clocks[one]} and {other} at {clocks[other]}: their returns cover different "
                "hours, and the difference would read as tracking error; use series of one clock, or pass "
                "allow_clocks=True and account for the difference"
            )


def check_positive(frame: pd.DataFrame) -> None:
    """Raise where a price is zero, negative or infinite; a missing price is no price and passes.

    Raises
    ------
    DataError
        Naming the series, the session and the value.
    """
    for name in PRICES:
        if name not in frame:
            continue
        column = frame[name]
        bad = column[(column <= 0) | (column == float("inf"))]
        if len(bad):
            raise DataError(
                f"{name} is {bad.iloc[0]:g} on {bad.index[0]:%Y-%m-%d}: a price is positive and finite; correct the "
                "row, or leave it empty where there is no price"
            )

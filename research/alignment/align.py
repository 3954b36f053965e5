"""The only place where series meet: on the sessions of the exchange, with a reason for each row that does not stay."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from research.alignment.clock import Clock
from research.alignment.dates import as_date, labels_of
from research.alignment.frequency import complete_until, last_of_each, on_last_sessions, period_of
from research.alignment.losses import LossReport
from research.alignment.sessions import sessions as calendar_sessions
from research.conventions import PERIODS, Frequency
from research.errors import (
    AlignmentError,
    ClockError,
    DataError,
    LossError,
    MissingColumnError,
    ParameterError,
    SampleError,
)

if TYPE_CHECKING:
    from research.loaders import LoadedSeries

__all__ = ["PRICES", "align"]

_SPARSE, _MONTHLY = 4.0, 20.0
"""Median days between rows above which files are of weeks, and of months."""

PRICES: Final = ("nav", "close", "benchmark")
"""Series whose ratios become returns: they share one clock and are positive."""


def align(
    series: Mapping[str, LoadedSeries | tuple[pd.Series[float], Clock | str]],
    calendar: str,
    start: pd.Timestamp | str | None = None,
    end: pd.Timestamp | str | None = None,
    *,
    listed: pd.Timestamp | str | None = None,
    required: tuple[str, ...] = ("nav", "benchmark"),
    max_loss: float = 0.05,
    allow_clocks: bool = False,
    frequency: Frequency = "daily",
) -> tuple[pd.DataFrame, LossReport]:
    """Put series on the sessions of an exchange and report every row that is left out.

    Parameters
    ----------
    series : mapping of name to LoadedSeries or (Series, Clock)
        Levels (prices, not returns), each labelled by naive dates in increasing order.
    calendar : str
        Exchange calendar that defines the sessions, such as ``"XNYS"``.
    start, end : pandas.Timestamp or str, optional
        First and last date of the sample. By default the listing, or the first session on which every required series
        has a value, to the last such session.
    listed : pandas.Timestamp or str, optional
        Listing date; rows before it are dropped whatever `start` says.
    required : tuple of str
        Series without which a session is left out.
    max_loss : float
        Largest share of the sessions that may be left out, a fraction.
    allow_clocks : bool
        Accept prices observed at different times of day; the caller then accounts for the difference.
    frequency : {"daily", "weekly", "monthly"}
        Whether to keep every session, or the last one of each week (Monday to Sunday) or month on which every required
        series has a value. A week or month that the sample cuts short at its end is left out.

    Returns
    -------
    frame : pandas.DataFrame
        Sessions kept x series, float64, in the order of `series`.
    losses : LossReport
        A rule and a line for each row that was dropped and each session that is missing.

    Raises
    ------
    AlignmentError
        If labels are not naive, normalised and strictly increasing dates.
    ClockError
        If nav, close and benchmark were not observed at the same time of day.
    MissingColumnError
        If a required series is not given.
    DataError
        If nav, close or benchmark is zero, negative or infinite on a session.
    SampleError
        If the end lies before the start or the listing, no session is common to the required series, or no week or
        month is complete.
    LossError
        If more than `max_loss` of the sessions would be left out.

    Notes
    -----
    Levels, not returns, are joined, so the benchmark's return between two kept sessions compounds over the fund's own
    holding interval (Friday 16:00 to Monday 16:00). Nothing is filled: a session without a required value is left out
    and counted; a missing value of another series stays NaN. Method: ``align`` in the project's method notes, §1.

    Examples
    --------
    >>> days = pd.date_range("2024-07-26", "2024-07-29")  # Friday to Monday
    >>> nav = pd.Series([30.0, 30.0, 30.0, 31.0], days)
    >>> index = pd.Series([3000.0, 3050.0, 2990.0, 3100.0], days)
    >>> clock = Clock("16:00", "America/New_York")
    >>> frame, losses = align({"nav": (nav, clock), "benchmark": (index, clock)}, "XNYS")
    >>> frame["benchmark"].tolist(), losses.counts()
    ([3000.0, 3100.0], {'weekend': 2})
    """
    if not 0.0 <= max_loss < 1.0:
        raise ParameterError(f"max_loss is {max_loss!r}: give a share of the sessions from 0 to below 1, such as 0.05")
    values, clocks = _checked(series, required)
    if not allow_clocks:
        _check_clocks(clocks)
    table = pd.DataFrame({name: on_last_sessions(one, calendar, frequency) for name, one in values.items()})
    window = _window(table, calendar, start, end, listed, required)
    complete = labels_of(table[table[list(required)].notna().all(axis=1)])
    if frequency != "daily":
        window = window[0], _last_complete(complete, calendar, window, frequency)
    days = calendar_sessions(calendar, window[0], window[1])
    kept = last_of_each(days.intersection(complete), frequency)
    frame = table.loc[kept]
    frame.index.name = "session"
    _check_positive(frame)
    dropped = _dropped(table, days, window, None if listed is None else as_date(listed, "listed"), required)
    expected = days
    if frequency != "daily":
        expected = last_of_each(days, frequency)
        dropped = _between(dropped, days.intersection(complete), kept, expected, frequency)
    losses = LossReport(rows_in=len(table), rows_out=len(frame), dropped=dropped, sessions=len(expected))
    _check_loss(losses, max_loss, complete, frequency)
    return frame, losses


def _checked(
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


def _check_clocks(clocks: Mapping[str, Clock]) -> None:
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


def _check_positive(frame: pd.DataFrame) -> None:
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


def _window(
    table: pd.DataFrame,
    calendar: str,
    start: pd.Timestamp | str | None,
    end: pd.Timestamp | str | None,
    listed: pd.Timestamp | str | None,
    required: tuple[str, ...],
) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Return first and last date of the sample, after the listing and, where not given, from the rows in common."""
    complete = labels_of(table[table[list(required)].notna().all(axis=1)])
    if len(complete) == 0:
        raise SampleError(
            f"{' and '.join(required)} have no date in common: check that the files cover the same period"
        )
    common = calendar_sessions(calendar, complete[0], complete[-1]).intersection(complete)
    if len(common) == 0:
        raise SampleError(f"{' and '.join(required)} have no session of {calendar} in common: check the calendar")
    floor = None if listed is None else as_date(listed, "listed")
    first = as_date(start, "start") if start is not None else (floor or common[0])
    last = as_date(end, "end") if end is not None else common[-1]
    covered = f"the series have {common[0]:%Y-%m-%d} to {common[-1]:%Y-%m-%d} in common"
    if floor is not None and last < floor:
        raise SampleError(
            f"end {last:%Y-%m-%d} lies before the listing on {floor:%Y-%m-%d}: give a later end; {covered}"
        )
    if last < first:
        if start is None or end is None:
            raise SampleError(f"start {first:%Y-%m-%d} to end {last:%Y-%m-%d} holds no session: {covered}")
        raise SampleError(f"end {last:%Y-%m-%d} lies before start {first:%Y-%m-%d}: swap them; {covered}")
    if first > common[-1] or last < common[0]:
        raise SampleError(f"{first:%Y-%m-%d} to {last:%Y-%m-%d} lies outside the data: {covered}")
    return (max(first, floor) if floor is not None else first), last


def _dropped(
    table: pd.DataFrame,
    days: pd.DatetimeIndex,
    window: tuple[pd.Timestamp, pd.Timestamp],
    listed: pd.Timestamp | None,
    required: tuple[str, ...],
) -> pd.DataFrame:
    """Return date, rule and detail of every row that is not kept and every session without a row."""
    first, last = window
    losses: list[tuple[pd.Timestamp, str, str]] = []
    labels = labels_of(table)
    for day in labels[labels < first]:
        if listed is not None and day < listed:
            losses.append((day, "before_listing", f"the fund was listed on {listed:%Y-%m-%d}"))
        else:
            losses.append((day, "before_start", f"the sample starts on {first:%Y-%m-%d}"))
    losses.extend((day, "after_end", f"the sample ends on {last:%Y-%m-%d}") for day in labels[labels > last])
    inside = labels[(labels >= first) & (labels <= last)]
    losses.extend(_not_sessions(table, days, inside.difference(days)))
    on_session = table.loc[inside.intersection(days), list(required)]
    blank = on_session[on_session.isna().any(axis=1)]
    for day, row in zip(labels_of(blank), blank.isna().to_numpy(), strict=True):
        names = " and ".join(name for name, is_blank in zip(required, row, strict=True) if is_blank)
        losses.append((day, "missing_value", f"no {names}"))
    losses.extend((day, "no_row", "the exchange traded, the files have no row") for day in days.difference(labels))
    frame = pd.DataFrame(losses, columns=["date", "rule", "detail"]).sort_values("date", ignore_index=True)
    return frame.astype({"date": "datetime64[ns]"})


def _last_complete(
    complete: pd.DatetimeIndex, calendar: str, window: tuple[pd.Timestamp, pd.Timestamp], frequency: Frequency
) -> pd.Timestamp:
    """Return the last day of the sample, after which no week or month was cut short."""
    first, last = window
    # Where a file has one row a period that row speaks for it, wherever in the period it lies.
    if not period_of(complete, frequency).duplicated().any():
        return last
    until = complete_until(calendar, last, frequency)
    if until < first:
        raise SampleError(
            f"{first:%Y-%m-%d} to {last:%Y-%m-%d} holds no whole {PERIODS[frequency]}: choose a longer sample"
        )
    return until


def _between(
    dropped: pd.DataFrame,
    complete: pd.DatetimeIndex,
    kept: pd.DatetimeIndex,
    expected: pd.DatetimeIndex,
    frequency: Frequency,
) -> pd.DataFrame:
    """Return the losses of a sample of weeks or months: one line for each that is lost, and every row in between."""
    period = period_of(pd.DatetimeIndex(dropped["date"]), frequency)
    lost = dropped["rule"].isin(["missing_value", "no_row"])
    blank = dropped["rule"] == "missing_value"
    spoken = period.isin(period_of(kept, frequency))
    # Of a lost period its last blank row is the loss, or its last session where it has no row at all.
    has_blank = pd.Series(period.isin(period[blank]), dropped.index)
    is_last = pd.Series(pd.DatetimeIndex(dropped["date"]).isin(expected), dropped.index)
    last_blank = blank & ~pd.Series(period.where(blank.to_numpy()), dropped.index).duplicated(keep="last")
    stays = ~lost | (~spoken & (last_blank | (~has_blank & is_last)))
    inside = complete.difference(kept).append(pd.DatetimeIndex(dropped["date"][blank & ~stays]))
    what = f"not the last of its {PERIODS[frequency]}"
    rows = pd.DataFrame({"date": inside, "rule": "not_sampled", "detail": what})
    parts = [part for part in (dropped[stays], rows) if len(part)]
    found = pd.concat(parts) if parts else dropped[stays]
    return found.sort_values("date", ignore_index=True, kind="stable").astype({"date": "datetime64[ns]"})


def _not_sessions(
    table: pd.DataFrame, days: pd.DatetimeIndex, rows: pd.DatetimeIndex
) -> list[tuple[pd.Timestamp, str, str]]:
    """Return the losses of rows on days without a session, each with what the row does against the session before."""
    columns = ["nav", "benchmark"]
    now = table.reindex(index=rows, columns=columns).to_numpy(dtype=np.float64)
    before = days.searchsorted(rows) - 1
    # A row before the first session of the sample is compared with nothing: its own label is no session.
    sessions = [days[int(place)] if place >= 0 else day for place, day in zip(before, rows, strict=True)]
    last = table.reindex(index=pd.DatetimeIndex(sessions), columns=columns).to_numpy(dtype=np.float64)
    last = np.where((before >= 0)[:, None], last, np.nan)
    return [
        (day, "weekend" if day.day_of_week >= 5 else "holiday", _against(now[i], last[i], sessions[i]))
        for i, day in enumerate(rows)
    ]


def _against(now: npt.NDArray[np.float64], last: npt.NDArray[np.float64], session: pd.Timestamp) -> str:
    """Return what NAV and benchmark of a row do against those of the session before, in words."""
    if np.isnan(now[0]):
        return "no session, and no NAV"
    if np.isnan(last[0]):
        return "no session, and no NAV of the session before"
    if now[0] != last[0]:
        return f"no session, NAV {now[0]:g} against {last[0]:g} of {session:%Y-%m-%d}"
    if not (now[1] > 0 and last[1] > 0):
        return f"repeats the NAV of {session:%Y-%m-%d}"
    moved = 100 * float(np.log(now[1] / last[1]))
    return f"repeats the NAV of {session:%Y-%m-%d} while the benchmark moved {moved:+.1f} %"


def _spacing(complete: pd.DatetimeIndex) -> Frequency | Literal[""]:
    """Return how far apart the rows of sparse files are: the shortest period that never holds two; empty for days."""
    spacings: tuple[Frequency, ...] = ("weekly", "monthly")
    steps = np.diff(complete.to_numpy()) / np.timedelta64(1, "D")
    if len(steps) and np.median(steps) > _SPARSE:
        for spacing in spacings[::-1] if np.median(steps) > _MONTHLY else spacings:
            if not period_of(complete, spacing).duplicated().any():
                return spacing
    return ""


def _check_loss(losses: LossReport, max_loss: float, complete: pd.DatetimeIndex, frequency: Frequency) -> None:
    if losses.lost_share <= max_loss:
        return
    lost = losses.dropped[losses.dropped["rule"].isin(["missing_value", "no_row"])]
    counts = ", ".join(f"{rule} {count}" for rule, count in lost["rule"].value_counts().items())
    # Where most of the loss lies outside what the files cover, the remedy is another date and not another file.
    early, late = int((lost["date"] < complete[0]).sum()), int((lost["date"] > complete[-1]).sum())
    sparse = _spacing(complete) if frequency == "daily" else ""
    if sparse:
        advice = f'the files have one row a {PERIODS[sparse]}, say so with frequency = "{sparse}"'
    elif 2 * max(early, late) > len(lost):
        advice = (
            f"the data end on {complete[-1]:%Y-%m-%d}, give that as the end"
            if late >= early
            else f"the data begin on {complete[0]:%Y-%m-%d}, give that as the start"
        )
    else:
        advice = "complete the file, choose another start or end, or raise max_loss"
    raise LossError(
        f"{losses.sessions_lost} of {losses.sessions} sessions ({100 * losses.lost_share:.1f} %) would be left out, "
        f"more than max_loss {100 * max_loss:.1f} % ({counts}; first {lost['date'].iloc[0]:%Y-%m-%d}): {advice}"
    )

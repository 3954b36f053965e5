"""Screens for columns that are not what their name says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import combinations
from typing import Final

import numpy as np
import pandas as pd

from research.alignment.align import PRICES
from research.alignment.findings import Finding

__all__ = [
    "constant_column",
    "copied_columns",
    "copied_funds",
    "non_positive",
    "premium_in_dollars",
    "premium_out_of_bounds",
    "swapped_columns",
    "zero_columns",
]

# Copies agree on nearly every day, so on one of a few: whoever agrees on none of them need not be compared.
_LOOKED_AT: Final = 8

_UNITS: Final[dict[str, frozenset[str]]] = {
    "dollars": frozenset({"usd", "us dollars", "us dollar", "dollars", "$", "usd per share", "us dollars per share"}),
    "percent": frozenset({"percent", "%", "pct"}),
    "fraction": frozenset({"fraction", "ratio", "1", "decimal"}),
}


_CLOSER: Final = 3.0
"""How many times closer than net asset value a close must follow the benchmark to be taken for it."""

_EVENTS: Final = re.compile("distribution|dividend|payout|split|gain|tax|volume")
"""Columns in which nothing may have happened for as long as one looks."""


def zero_columns(columns: Mapping[str, pd.Series[float]]) -> tuple[Finding, ...]:
    """Find columns that hold nothing but zeros: a placeholder where a publisher has no number.

    Parameters
    ----------
    columns : mapping of str to pandas.Series
        Any series; NaN is ignored. Those named for events (distributions, splits, gains, taxes, volume) may be zero.

    Returns
    -------
    tuple of Finding
        One for each column that is zero on all its rows, two or more; severity ``warning``.

    Examples
    --------
    >>> [found.series for found in zero_columns({"assets": pd.Series([0.0, 0.0]), "split": pd.Series([0.0, 0.0])})]
    ['assets']
    """
    found = []
    for name, values in columns.items():
        known = values.dropna()
        if len(known) >= 2 and not known.to_numpy().any() and not _EVENTS.search(str(name).casefold()):
            message = f"{name} is zero on all {len(known)} rows: a placeholder, not a measurement; leave it out"
            found.append(Finding("zero_column", str(name), None, 0.0, message, "warning"))
    return tuple(found)


def constant_column(frame: pd.DataFrame) -> tuple[Finding, ...]:
    """Find columns that hold one value throughout: a frozen feed, or a placeholder.

    Parameters
    ----------
    frame : pandas.DataFrame
        Aligned sessions x series; NaN is ignored.

    Returns
    -------
    tuple of Finding
        One for each price column with one distinct value on two sessions or more.

    Examples
    --------
    >>> [found.series for found in constant_column(pd.DataFrame({"nav": [1.0, 1.0], "close": [1.0, 1.1]}))]
    ['nav']
    """
    found = []
    for name in frame.columns:
        known = frame[name].dropna()
        if name in PRICES and len(known) >= 2 and (known == known.iloc[0]).all():
            value = float(known.iloc[0])
            message = f"{name} is {value:g} on all {len(known)} sessions: it is not a live series"
            found.append(Finding("constant_column", str(name), None, value, message, "error"))
    return tuple(found)


def copied_columns(frame: pd.DataFrame, *, share: float = 0.95) -> tuple[Finding, ...]:
    """Find pairs of columns that carry the same numbers under two names.

    Parameters
    ----------
    frame : pandas.DataFrame
        Aligned sessions x series; sessions where one is NaN are not compared.
    share : float
        Share of sessions on which the two must be equal to the last digit.

    Returns
    -------
    tuple of Finding
        One for each pair of price columns; `value` is the share of equal sessions.

    Examples
    --------
    >>> frame = pd.DataFrame({"nav": [1.0, 2.0, 3.0], "close": [1.0, 2.0, 3.0], "benchmark": [9.0, 8.0, 7.0]})
    >>> [found.series for found in copied_columns(frame)]
    ['close']
    """
    found = []
    for one, other in combinations([name for name in PRICES if name in frame], 2):
        both = frame[[one, other]].dropna()
        equal = float((both[one] == both[other]).mean()) if len(both) >= 2 else 0.0
        if equal >= share and not (both[one] == both[one].iloc[0]).all():
            message = f"{other} equals {one} on {100 * equal:.0f} % of {len(both)} sessions: one is a copy of the other"
            found.append(Finding("copied_columns", other, None, equal, message, "error"))
    return tuple(found)


def copied_funds(navs: Mapping[str, pd.Series[float]], *, share: float = 0.95) -> dict[str, tuple[Finding, ...]]:
    """Find funds whose net asset values are the same numbers: one column under two tickers.

    Parameters
    ----------
    navs : mapping of ticker to pandas.Series
        Net asset values as the files have them.
    share : float
        Share of the days that both have on which the two must be equal to the last digit.

    Returns
    -------
    dict of ticker to tuple of Finding
        One finding for each fund that another equals; which of two is the copy cannot be told, so both are named.
        `value` is the share of equal days.

    Examples
    --------
    >>> days = pd.bdate_range("2025-01-01", periods=30)
    >>> nav = pd.Series(30 + 0.1 * np.arange(30.0), days)
    >>> {name: found[0].value for name, found in copied_funds({"A": nav, "B": nav + 1.0, "C": nav}).items()}
    {'A': 1.0, 'C': 1.0}
    """
    alike: dict[tuple[object, float], list[str]] = {}
    known = {name: values.dropna() for name, values in navs.items()}
    days = pd.DatetimeIndex(sorted(set().union(*(values.index for values in known.values()))))
    for day in days[np.unique(np.linspace(0, len(days) - 1, min(_LOOKED_AT, len(days))).astype(int))]:
        for name, values in known.items():
            if day in values.index:
                alike.setdefault((day, float(values[day])), []).append(name)
    pairs = {pair for names in alike.values() for pair in combinations(names, 2)}
    found: dict[str, tuple[Finding, ...]] = {}
    for one, other in sorted(pairs):
        both = pd.DataFrame({"one": known[one], "other": known[other]}).dropna()
        equal = float((both["one"] == both["other"]).mean())
        if len(both) < 2 or equal < share or (both["one"] == both["one"].iloc[0]).all():
            continue
        for name, twin in ((one, other), (other, one)):
            message = (
                f"the net asset value of {name} equals that of {twin} on {100 * equal:.0f} % of {len(both)} days: one "
                "column under two tickers"
            )
            found[name] = (*found.get(name, ()), Finding("copied_fund", "nav", None, equal, message, "error"))
    return found


def non_positive(frame: pd.DataFrame) -> tuple[Finding, ...]:
    """Find prices that are zero or negative.

    Parameters
    ----------
    frame : pandas.DataFrame
        Sessions x series; NaN is ignored.

    Returns
    -------
    tuple of Finding
        One for each value. `align` raises on them; this lists them for files that are only inspected.

    Examples
    --------
    >>> days = pd.DatetimeIndex(["2020-04-17", "2020-04-20"])
    >>> [found.value for found in non_positive(pd.DataFrame({"benchmark": [18.27, -37.63]}, days))]
    [-37.63]
    """
    found = []
    for name in frame.columns:
        column = frame[name]
        if name not in PRICES:
            continue
        for session, value in column[column <= 0].items():
            label = pd.Timestamp(str(session))
            message = f"{label:%Y-%m-%d}: {name} is {value:g}, and a price is positive"
            found.append(Finding("non_positive", str(name), label, float(value), message, "error"))
    return tuple(found)


_HUNDRED: Final = float(np.log(100.0))
_NEAR: Final = 0.5
"""A factor of 1.6 about 100: the widest premium that might come on top of a confusion of units."""

_FAR: Final = float(np.log(1.3))
"""Median premium that few funds ever had; beyond it somebody should look."""

_ABSURD: Final = float(np.log(3.0))
"""Median premium that no fund with a way in or out had: two different things are compared."""


def premium_out_of_bounds(frame: pd.DataFrame) -> tuple[Finding, ...]:
    """Find a close that is of another unit, another share or another fund than the net asset value.

    Parameters
    ----------
    frame : pandas.DataFrame
        Aligned sessions with ``nav`` and ``close``, positive; NaN is ignored.

    Returns
    -------
    tuple of Finding
        At most one; `value` is the median log premium. ``premium_hundredfold`` (error) where it lies near ± ln 100, as
        of pence taken for pounds; ``premium_out_of_bounds`` beyond a factor of 3 (error) or of 1.3 (warning).

    Examples
    --------
    >>> frame = pd.DataFrame({"nav": [10.0] * 20, "close": [1001.0] * 20})
    >>> [found.rule for found in premium_out_of_bounds(frame)]
    ['premium_hundredfold']
    """
    if "close" not in frame or "nav" not in frame:
        return ()
    both = frame[["nav", "close"]].dropna()
    both = both[(both > 0.0).all(axis=1)]
    if len(both) < 20:
        return ()
    median = float(np.median(np.log(both["close"].to_numpy() / both["nav"].to_numpy())))
    times = f"close is {np.exp(median):.3g} times net asset value, the median of {len(both)} sessions"
    if abs(abs(median) - _HUNDRED) < _NEAR:
        message = f"{times}: hundredths of a currency are taken for it; correct unit and scale of one of the two"
        return (Finding("premium_hundredfold", "close", None, median, message, "error"),)
    if abs(median) > _FAR:
        message = f"{times}: check unit, share class and splits of both"
        return (
            Finding(
                "premium_out_of_bounds",
                "close",
                None,
                median,
                message,
                "error" if abs(median) > _ABSURD else "warning",
            ),
        )
    return ()


def swapped_columns(frame: pd.DataFrame, *, multiple: float = 1.0) -> tuple[Finding, ...]:
    """Find a net asset value and a close that stand under each other's name.

    Parameters
    ----------
    frame : pandas.DataFrame
        Aligned sessions with ``nav``, ``close`` and ``benchmark``; NaN is ignored.
    multiple : float
        Multiple of the benchmark's daily return that the fund states.

    Returns
    -------
    tuple of Finding
        At most one, severity ``warning``; `value` is how many times closer the close follows the benchmark.

    Notes
    -----
    A market price is net asset value with noise on top: in a session the close strays further from the benchmark, by
    the median absolute difference of log returns. A close that follows the benchmark three times closer than the net
    asset value does is none, or the net asset value was struck at another time of day.

    Examples
    --------
    >>> rng, days = np.random.default_rng(0), pd.bdate_range("2025-01-01", periods=60)
    >>> index = pd.Series(3000 * np.exp(np.cumsum(rng.normal(0, 0.03, 60))), days)
    >>> frame = pd.DataFrame({"nav": index * np.exp(rng.normal(0, 0.003, 60)), "close": index / 2, "benchmark": index})
    >>> [found.rule for found in swapped_columns(frame)]
    ['swapped_columns']
    """
    if not {"nav", "close", "benchmark"} <= set(frame.columns):
        return ()
    known = frame[["nav", "close", "benchmark"]].dropna()
    known = known[(known > 0.0).all(axis=1)]
    if len(known) < 30:
        return ()
    steps = np.diff(np.log(known.to_numpy()), axis=0)
    nav, close = (float(np.median(np.abs(steps[:, at] - multiple * steps[:, 2]))) for at in (0, 1))
    # A benchmark in disguise follows itself exactly; a tenth of a basis point is as close as prices are printed.
    close = max(close, 1e-5)
    if nav < _CLOSER * close:
        return ()
    message = (
        f"close follows the benchmark {nav / close:.1f} times closer than net asset value does: the two columns may be "
        "swapped, or net asset value is of another time of day"
    )
    return (Finding("swapped_columns", "nav", None, nav / close, message, "warning"),)


def premium_in_dollars(
    frame: pd.DataFrame, published: pd.Series[float], unit: str | None = None
) -> tuple[Finding, ...]:
    """Find a published premium column whose numbers are in another unit than it says.

    Parameters
    ----------
    frame : pandas.DataFrame
        Aligned sessions with ``nav`` and ``close``.
    published : pandas.Series
        The premium as published; only its sessions in `frame` count, NaN is ignored.
    unit : str, optional
        Unit that the column states; percent where nothing is said, because that is what readers take it for.

    Returns
    -------
    tuple of Finding
        At most one; `value` is the median distance, in published units, between the column and the premium in dollars,
        percent or as a fraction, whichever fits best.

    Notes
    -----
    The column is compared with close - nav, 100 (close/nav - 1) and close/nav - 1. Another unit is named only where it
    fits three times better than the stated one: at a price near 100 dollars the first two cannot be told apart.

    Examples
    --------
    >>> days = pd.date_range("2025-01-01", periods=30)
    >>> close = pd.Series([30 + 0.03 * day for day in range(30)], days)
    >>> frame = pd.DataFrame({"close": close, "nav": close - 0.3}, days)
    >>> [found.rule for found in premium_in_dollars(frame, (close - frame["nav"]).round(2), "percent")]
    ['premium_in_dollars']
    """
    if "close" not in frame:
        return ()
    both = frame[["nav", "close"]].join(published.rename("published"), how="inner").dropna()
    if len(both) < 20:
        return ()
    gap = both["close"] - both["nav"]
    candidates = {"dollars": gap, "percent": 100 * gap / both["nav"], "fraction": gap / both["nav"]}
    misfit = {name: float((both["published"] - values).abs().median()) for name, values in candidates.items()}
    best = min(misfit, key=lambda name: misfit[name])
    folded = (unit or "percent").strip().casefold()
    stated = next((name for name, spellings in _UNITS.items() if folded in spellings), None)
    if stated is None or best == stated or 3 * misfit[best] > misfit[stated]:
        return ()
    rule = f"premium_in_{best}"
    message = (
        f"the published premium is stated in {stated} but its numbers are in {best} (median misfit {misfit[best]:.2g} "
        f"against {misfit[stated]:.2g}): compute the premium from close and NAV instead"
    )
    return (Finding(rule, "premium_published", None, misfit[best], message, "warning"),)

"""Screens for rows and labels that disagree with the exchange's calendar."""

from __future__ import annotations

import numpy as np
import pandas as pd

from research.alignment.findings import Finding
from research.conventions import BASIS_POINT

__all__ = ["carried_forward", "early_close", "shifted_dates"]

# A message names at most so many dates.
_NAMED = 8


def carried_forward(
    nav: pd.Series[float], benchmark: pd.Series[float], sessions: pd.DatetimeIndex, *, minimum_move: float = 0.001
) -> tuple[Finding, ...]:
    """Count the rows on days without a session that repeat the NAV while the benchmark moved.

    Parameters
    ----------
    nav, benchmark : pandas.Series
        Levels as the files have them, labelled by naive dates.
    sessions : pandas.DatetimeIndex
        Sessions of the exchange; rows before the first and after the last are not looked at.
    minimum_move : float
        Log return since the session before above which the benchmark counts as moved.

    Returns
    -------
    tuple of Finding
        At most one note; `value` is the number of such rows.

    Examples
    --------
    >>> days = pd.date_range("2024-07-26", "2024-07-29")
    >>> nav = pd.Series([30.0, 30.0, 30.0, 31.0], days)
    >>> index = pd.Series([3000.0, 3050.0, 2990.0, 3100.0], days)
    >>> carried_forward(nav, index, days[[0, 3]])[0].value
    2.0
    """
    table = pd.DataFrame({"nav": nav, "benchmark": benchmark}).dropna()
    table = table[(table > 0).all(axis=1)].loc[sessions[0] : sessions[-1]]
    labels = pd.DatetimeIndex(table.index)
    before = sessions[sessions.searchsorted(labels, side="right") - 1]
    known = before.isin(labels) & ~labels.isin(sessions)
    rows, last = table[known], table.reindex(before[known])
    moved = np.abs(np.log(rows["benchmark"].to_numpy() / last["benchmark"].to_numpy()))
    carried = (rows["nav"].to_numpy() == last["nav"].to_numpy()) & (moved > minimum_move)
    count = int(carried.sum())
    if count == 0:
        return ()
    on_weekend = int((labels[known].day_of_week[carried] >= 5).sum())
    message = (
        f"{count} rows on days without a session ({on_weekend} at weekends, {count - on_weekend} on holidays) repeat "
        f"the NAV of the session before while the benchmark moved by up to {100 * moved[carried].max():.1f} %; they "
        "are dropped"
    )
    return (Finding("carried_forward", "nav", None, float(count), message, "note"),)


def early_close(frame: pd.DataFrame, early: pd.DatetimeIndex) -> tuple[Finding, ...]:
    """Note the sessions on which the exchange closed early, so that close and NAV are hours apart.

    Parameters
    ----------
    frame : pandas.DataFrame
        Aligned sessions; without ``close`` there is nothing to note.
    early : pandas.DatetimeIndex
        Early-close sessions of the exchange.

    Returns
    -------
    tuple of Finding
        At most one note; `value` is the number of such sessions.

    Examples
    --------
    >>> days = pd.DatetimeIndex(["2024-07-02", "2024-07-03"])
    >>> frame = pd.DataFrame({"nav": [30.0, 31.0], "close": [30.0, 31.2]}, days)
    >>> early_close(frame, days[1:])[0].message
    '1 session closed early (2024-07-03): the close is hours older than NAV and benchmark there; mean absolute premium
    0.64 % against 0.00 % on the others'
    """
    if not {"close", "nav"} <= set(frame.columns):
        return ()
    # A price that is none is another screen's business.
    frame = frame.where(frame[["close", "nav"]].gt(0).all(axis=1))
    away = np.abs(np.log(frame["close"].to_numpy(dtype=np.float64) / frame["nav"].to_numpy(dtype=np.float64)))
    premium: pd.Series[float] = pd.Series(away, index=frame.index).dropna()
    labels = pd.DatetimeIndex(premium.index)
    days = labels.intersection(early)
    if len(days) == 0:
        return ()
    what = "1 session" if len(days) == 1 else f"{len(days)} sessions"
    named = ", ".join(days[:_NAMED].strftime("%Y-%m-%d"))
    more = f" and {len(days) - _NAMED} more" if len(days) > _NAMED else ""
    message = (
        f"{what} closed early ({named}{more}): the close is hours older than NAV and "
        f"benchmark there; mean absolute premium {100 * premium[days].mean():.2f} %"
    )
    others = premium[~labels.isin(days)]
    if len(others):
        message += f" against {100 * others.mean():.2f} % on the others"
    return (Finding("early_close", "close", None, float(len(days)), message, "note", tuple(days)),)


def shifted_dates(frame: pd.DataFrame, *, multiple: float = 1.0, better: float = 0.8) -> tuple[Finding, ...]:
    """Find series that fit the benchmark of the session before or after better than that of the same session.

    Parameters
    ----------
    frame : pandas.DataFrame
        Aligned sessions with ``benchmark`` and ``nav`` or ``close``; returns that touch a NaN are left out.
    multiple : float
        The fund's stated multiple of the benchmark's daily return.
    better : float
        The dispersion at lead or lag 1 must be below this share of the dispersion at 0.

    Returns
    -------
    tuple of Finding
        At most one for each series; `value` is +1 where the series comes one session after the benchmark (its value
        of today fits the benchmark of the session before), -1 where it comes one session before.

    Notes
    -----
    Compares the dispersion of r_t - ln(1 + L (exp(b_{t-k}) - 1)) for k = -1, 0, 1, with log returns r and b of
    consecutive rows and the multiple L: a fund that halves its benchmark's moves, or turns them round, fits its own
    session. The dispersion is that of the nine tenths nearest the median, which bad rows do not move. As a file may not
    say which multiple it has, the correlation, whatever its sign, must be larger at k too.

    Examples
    --------
    >>> rng = np.random.default_rng(2)
    >>> index = pd.Series(np.exp(np.cumsum(rng.normal(0, 0.03, 80))), pd.bdate_range("2025-01-01", periods=80))
    >>> late = pd.DataFrame({"nav": index.shift(1), "benchmark": index}).dropna()
    >>> [found.value for found in shifted_dates(late)]
    [1.0]
    """
    found = []
    for name in ("nav", "close"):
        if name not in frame or "benchmark" not in frame:
            continue
        prices = frame[[name, "benchmark"]]
        logs = np.log(prices.where(prices > 0).to_numpy(dtype=np.float64))
        returns = pd.DataFrame(np.diff(logs, axis=0), columns=[name, "benchmark"])
        if int(returns.notna().all(axis=1).sum()) < 20:
            continue
        target = multiple * np.expm1(returns["benchmark"])
        # A multiple that would have cost more than everything says nothing about the day.
        expected = np.log1p(target.where(target > -1.0))
        lagged = {lag: pd.DataFrame({"r": returns[name], "b": expected.shift(lag)}).dropna() for lag in (0, -1, 1)}
        spread = {lag: _dispersion(pair["r"] - pair["b"]) for lag, pair in lagged.items()}
        fits = {lag: float(pair["r"].corr(pair["b"])) for lag, pair in lagged.items()}
        best = min(spread, key=lambda lag: spread[lag])
        if best == 0 or spread[best] > better * spread[0] or not abs(fits[best]) > abs(fits[0]):
            continue
        where = "before" if best == 1 else "after"
        times = "" if multiple == 1.0 else f"{multiple:g} times "
        message = (
            f"{name} fits {times}the benchmark of the session {where} better than that of its own: correlation "
            f"{fits[best]:.2f} against {fits[0]:.2f}, daily divergence {spread[best] / BASIS_POINT:.0f} bp against "
            f"{spread[0] / BASIS_POINT:.0f} bp; its dates are shifted by one session"
        )
        found.append(Finding("shifted_dates", name, None, float(best), message, "error"))
    return tuple(found)


def _dispersion(values: pd.Series[float]) -> float:
    """Return the root mean square of the nine tenths of the values that lie nearest the median, from there."""
    away = np.sort(np.abs(values.to_numpy(dtype=np.float64) - float(values.median())))
    return float(np.sqrt(np.mean(np.square(away[: -(-9 * len(away) // 10)]))))

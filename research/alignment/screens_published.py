"""Screens that hold what a publisher prints twice against itself: premium, prior NAV, change, assets and shares."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from research.alignment.findings import Finding

__all__ = ["premium_sign", "redundant_columns"]

Floats = npt.NDArray[np.float64]

_FEWEST: Final = 20
# Rows that differ are faults where they are few; where they are many the column is of another time or meaning.
_FEW: Final = 0.10
_RUN: Final = 5
_ROBUST: Final = 8.0 * 1.4826
_SLACK: Final = 1.01
_NEARLY: Final = 0.95


def redundant_columns(table: pd.DataFrame, sessions: pd.DatetimeIndex) -> tuple[Finding, ...]:
    """Find rows on which a publisher's columns contradict each other.

    Parameters
    ----------
    table : pandas.DataFrame
        Rows as the file has them, in order of date, with ``nav`` and whichever there are of ``prior_nav`` (the NAV of
        the row before), ``change`` (a fraction), ``assets`` with ``shares_outstanding``.
    sessions : pandas.DatetimeIndex
        Sessions of the sample; other rows are not reported.

    Returns
    -------
    tuple of Finding
        At most one for each column, with every session on which it differs; `value` is the number that NAV implies on
        the first. A note without sessions where more than one row in ten differs: the column is then of another time
        or meaning, and no check.

    Notes
    -----
    Two printed numbers differ where they are further apart than the steps to which both are rounded can make them.

    Examples
    --------
    >>> days = pd.bdate_range("2025-01-01", periods=40)
    >>> nav = pd.Series(30 + 0.25 * np.arange(40.0), days)
    >>> table = pd.DataFrame({"nav": nav, "prior_nav": nav.shift(1)})
    >>> table.loc[days[20], "prior_nav"] = 33.0
    >>> [(found.rule, f"{found.session:%F}", found.value) for found in redundant_columns(table, days)]
    [('prior_nav_differs', '2025-01-29', 34.75)]
    """
    if "nav" not in table:
        return ()
    nav = table["nav"]
    step = _step(nav)
    before = nav.shift(1)
    found = []
    if "prior_nav" in table:
        found += _differing(
            "prior_nav_differs",
            "prior NAV",
            table["prior_nav"],
            before,
            (step + _step(table["prior_nav"])) / 2,
            sessions,
        )
    if "change" in table:
        found += _differing(
            "change_differs",
            "change of NAV",
            table["change"],
            nav / before - 1.0,
            _step(table["change"]) / 2 + step / before,
            sessions,
        )
    if {"assets", "shares_outstanding"} <= set(table.columns):
        shares = table["shares_outstanding"].where(table["shares_outstanding"] > 0)
        rounding = (step * shares + _step(shares) * nav + _step(table["assets"])) / 2
        found += _differing("assets_differ", "net assets", table["assets"], nav * shares, rounding, sessions)
    return tuple(found)


def premium_sign(frame: pd.DataFrame, published: pd.Series[float]) -> tuple[Finding, ...]:
    """Find a published premium that close and NAV contradict: blocks whose sign is turned, and single rows.

    Parameters
    ----------
    frame : pandas.DataFrame
        Aligned sessions with ``nav`` and ``close``.
    published : pandas.Series
        The premium as published, in dollars, percent or as a fraction; NaN is ignored.

    Returns
    -------
    tuple of Finding
        At most one of rule ``premium_sign``, five sessions in a row or more, and one of ``premium_differs``; each with
        every session. `value` is the premium that close and NAV imply on the first, in the published unit.

    Notes
    -----
    A row is turned where the published number is minus what close and NAV imply and not also plus, within what
    rounding and the usual misfit allow.

    Examples
    --------
    >>> days = pd.bdate_range("2025-01-01", periods=40)
    >>> nav = pd.Series(30 + 0.37 * np.arange(40.0), days)
    >>> frame = pd.DataFrame({"nav": nav, "close": nav + np.tile([0.1, -0.2, 0.3, 0.15], 10)})
    >>> premium = (frame["close"] - nav).round(2)
    >>> premium[days[10:30]] *= -1
    >>> [(found.rule, len(found.sessions)) for found in premium_sign(frame, premium)]
    [('premium_sign', 20)]
    """
    if not {"nav", "close"} <= set(frame.columns):
        return ()
    both = frame[["nav", "close"]].join(published.rename("published"), how="inner").dropna()
    both = both[(both[["nav", "close"]] > 0).all(axis=1)]
    if len(both) < _FEWEST:
        return ()
    gap = both["close"] - both["nav"]
    unit, implied, scale = min(
        (
            ("USD", gap, pd.Series(1.0, both.index)),
            ("%", 100.0 * gap / both["nav"], 100.0 / both["nav"]),
            ("", gap / both["nav"], 1.0 / both["nav"]),
        ),
        # The sign is what is asked, so it does not count here.
        key=lambda candidate: float((both["published"].abs() - candidate[1].abs()).abs().median()),
    )
    printed = both["published"]
    rounding = (_step(printed) + (_step(both["close"]) + _step(both["nav"])) * scale) / 2 * _SLACK
    away, against = (printed - implied).abs(), (printed + implied).abs()
    within = rounding.clip(lower=_ROBUST * float(away.clip(upper=against).median()))
    straight, turned = away <= within, against <= within
    only = (turned & ~straight).to_numpy()
    decisive = np.flatnonzero((turned ^ straight).to_numpy())
    flagged = both.index[decisive[_in_runs(only[decisive])]]
    found = []
    if len(flagged):
        days = tuple(pd.DatetimeIndex(flagged))
        message = (
            f"the published premium has its sign turned on {len(days)} sessions, {days[0]:%Y-%m-%d} to "
            f"{days[-1]:%Y-%m-%d}: it prints {printed[days[0]]:g} where close and NAV give {implied[days[0]]:.4g}"
            f"{unit and ' ' + unit}; compute the premium from close and NAV instead"
        )
        value = float(implied[days[0]])
        found.append(Finding("premium_sign", "premium_published", days[0], value, message, "warning", days))
    rest = ~both.index.isin(flagged)
    found += _differing(
        "premium_differs", "premium", printed[rest], implied[rest], within[rest], pd.DatetimeIndex(both.index)
    )
    return tuple(found)


def _in_runs(flags: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return the flags without those that do not stand in a row of five or more."""
    starts = np.flatnonzero(np.diff(flags, prepend=False, append=False))
    kept = np.zeros(len(flags), dtype=bool)
    for first, end in zip(starts[::2], starts[1::2], strict=True):
        kept[first:end] = end - first >= _RUN
    return kept


def _differing(
    rule: str,
    what: str,
    printed: pd.Series[float],
    implied: pd.Series[float],
    within: pd.Series[float] | float,
    sessions: pd.DatetimeIndex,
) -> list[Finding]:
    """Return the rows on which a printed number is not the implied one, as one finding."""
    known = (printed.notna() & implied.notna()).to_numpy()
    if int(known.sum()) < _FEWEST:
        return []
    apart = known & ((printed - implied).abs() > within * _SLACK + 1e-12).to_numpy()
    days = tuple(pd.DatetimeIndex(printed.index[apart & printed.index.isin(sessions)]))
    if not days:
        return []
    first = days[0]
    told = f"it prints {printed[first]:.10g} where the other columns give {implied[first]:.10g}"
    series = "premium_published" if rule == "premium_differs" else "nav"
    if apart.sum() > _FEW * known.sum():
        share = f"{apart.sum() / known.sum():.0%}"
        message = f"the publisher's {what} differs on {share} of the rows, as on {first:%Y-%m-%d}: {told}; no check"
        return [Finding(rule, series, None, float(apart.sum()), message, "note")]
    count = f"{len(days)} sessions, the first {first:%Y-%m-%d}" if len(days) > 1 else f"{first:%Y-%m-%d}"
    message = f"the publisher's {what} contradicts its other columns on {count}: {told}; compare with another source"
    return [Finding(rule, series, first, float(implied[first]), message, "warning", days)]


def _step(values: pd.Series[float]) -> float:
    """Return the largest power of ten, from a million down, of which nearly every value is a multiple.

    Nearly, because a value that somebody filled in from elsewhere may have more digits than the publisher prints.
    """
    known = values.dropna().to_numpy(dtype=np.float64)
    for exponent in range(6, -8, -1):
        step = 10.0**exponent
        # Only what arithmetic leaves in the last digits is forgiven.
        if np.isclose(known / step, np.round(known / step), rtol=1e-13, atol=0.0).mean() >= _NEARLY:
            return step
    return 1e-8

"""Screens for a day on which a price moved and the market did not: splits, payments, spin-offs, bad ticks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from research.alignment.findings import Finding

__all__ = ["distribution_as_loss", "spike", "spin_off", "unadjusted_split"]

Floats = npt.NDArray[np.float64]

_FEWEST: Final = 40
_SIDE: Final = 5
# How far jumps must stand out from the largest of the others; heavy tails rarely reach it (Pareto 3: 2 in 100).
_APART: Final = 4.0
_SMALLEST: Final = 0.003
_NOTHING: Final = 1e-5
_SPLIT: Final = 0.18
_PAYMENT: Final = 0.10
_MANY: Final = 4
# Moves that stand out are few: what happens every week is how the series is.
_SHARE: Final = 0.2
# A price that is back after so many sessions was a bad one; a longer absence is something else.
_LONGEST: Final = 3
_BACK: Final = 0.25

_RATIOS: Final = tuple(
    sorted(
        {(n, 1) for n in (*range(2, 21), 25, 30, 40, 50, 100)} | {(3, 2), (5, 2), (4, 3), (5, 4)},
        key=lambda ratio: ratio[0] / ratio[1],
    )
)


@dataclass(frozen=True, eq=False)
class _Moves:
    """What a price did beyond the benchmark's move, day by day."""

    labels: pd.DatetimeIndex
    own: Floats
    """own[i] belongs to the step from labels[i] to labels[i + 1]."""

    @classmethod
    def of(cls, frame: pd.DataFrame, name: str, multiple: float) -> _Moves | None:
        """Return the moves of a column; None where too few sessions have both prices."""
        if name not in frame or "benchmark" not in frame:
            return None
        both = frame[[name, "benchmark"]]
        both = both[(both > 0).all(axis=1)]
        if len(both) < _FEWEST:
            return None
        steps = np.diff(np.log(both.to_numpy(dtype=np.float64)), axis=0)
        target = multiple * np.expm1(steps[:, 1])
        # A multiple that would have cost more than everything says nothing about the day.
        expected = np.log1p(np.where(target > -1.0, target, 0.0))
        return cls(pd.DatetimeIndex(both.index), steps[:, 0] - expected)

    @property
    def size(self) -> Floats:
        return np.abs(self.own)

    @property
    def most(self) -> int:
        """How many moves may stand out."""
        return int(_SHARE * len(self.own))

    def usual(self, *but: int) -> float:
        """Return the largest of the other moves."""
        size = self.size
        size[list(but)] = 0.0
        return float(size.max())

    @cached_property
    def apart(self) -> frozenset[int]:
        """The moves that stand out: as many of the largest as are each four times the largest of the rest."""
        order = np.argsort(-self.size, kind="stable")
        ranked = np.maximum(self.size[order][: self.most + 1], _NOTHING)
        far = np.flatnonzero(ranked[:-1] > np.maximum(_APART * ranked[1:], _SMALLEST))
        return frozenset(int(at) for at in order[: int(far[-1]) + 1]) if len(far) else frozenset()

    @cached_property
    def excursions(self) -> tuple[tuple[int, int], ...]:
        """First and last move of each way out and back: moves that stand out and that cancel within three sessions."""
        found: list[tuple[int, int]] = []
        for at in sorted(self.apart):
            if found and at <= found[-1][1]:
                continue
            left = {
                back: abs(float(self.own[at : back + 1].sum()))
                for back in range(at + 1, at + 1 + _LONGEST)
                if back in self.apart
            }
            if left and min(left.values()) < _BACK * abs(self.own[at]):
                found.append((at, min(left, key=lambda back: left[back])))
        return tuple(found)

    def settled(self) -> _Moves:
        """Return the moves without those that led out and back: what a bad tick did to the days around it."""
        own = self.own.copy()
        for first, last in self.excursions:
            net = float(own[first : last + 1].sum())
            own[first : last + 1] = 0.0
            own[last] = net
        return _Moves(self.labels, own)

    def without(self, known: set[int]) -> _Moves:
        """Return the moves as if nothing had happened on some days."""
        own = self.own.copy()
        own[list(known)] = 0.0
        return _Moves(self.labels, own)

    def lasts(self, at: int) -> bool:
        """Return whether what the days after a jump show is still there: it did not come back."""
        after = float(self.own[at + 1 : at + 1 + _SIDE].sum())
        return abs(after) < 0.5 * abs(self.own[at]) if at + 1 < len(self.own) else False

    def day(self, at: int) -> pd.Timestamp:
        return self.labels[at + 1]


def _each(frame: pd.DataFrame, multiple: float) -> Iterator[tuple[str, _Moves]]:
    """Return the moves of NAV and close, of those that are there and long enough."""
    for name in ("nav", "close"):
        moves = _Moves.of(frame, name, multiple)
        if moves is not None:
            yield name, moves


def unadjusted_split(frame: pd.DataFrame, *, multiple: float = 1.0) -> tuple[Finding, ...]:
    """Find splits that a series was not adjusted for: it moved by a ratio of small integers, the benchmark did not.

    Parameters
    ----------
    frame : pandas.DataFrame
        Aligned sessions with ``benchmark`` and ``nav`` or ``close``; a session where either is NaN is skipped.
    multiple : float
        The fund's stated multiple of the benchmark's daily return.

    Returns
    -------
    tuple of Finding
        One for each series and day, severity ``error``; `value` is the factor by which the price moved, 0.5 for two
        new shares for an old one.

    Notes
    -----
    A move beyond the benchmark's of at least 18 %, four times the largest of the other moves, that stays and lies
    within an ordinary move of a ratio n:1 up to 20 (and 25, 30, 40, 50, 100), 3:2, 5:2, 4:3, 5:4 or its inverse.

    Examples
    --------
    >>> days = pd.bdate_range("2025-01-01", periods=60)
    >>> index = pd.Series(3000 * np.exp(np.cumsum(np.random.default_rng(0).normal(0, 0.03, 60))), days)
    >>> frame = pd.DataFrame({"nav": index / 100, "benchmark": index})
    >>> frame.loc[days[30]:, "nav"] /= 3
    >>> [(found.rule, f"{found.session:%F}", round(found.value, 3)) for found in unadjusted_split(frame)]
    [('unadjusted_split', '2025-02-12', 0.333)]
    """
    found = []
    for name, seen in _each(frame, multiple):
        moves = seen.settled()
        for at, (new, old) in _splits(moves):
            factor = float(np.exp(moves.own[at]))
            kind = f"{new} for {old}" if factor < 1 else f"{old} for {new} (reverse)"
            message = (
                f"{moves.day(at):%Y-%m-%d}: {name} moved by a factor of {factor:.4g} against the benchmark, as a split "
                f"of {kind} does: the series is not adjusted; divide what lies before by it"
            )
            found.append(Finding("unadjusted_split", name, moves.day(at), factor, message, "error"))
    return tuple(found)


def _splits(moves: _Moves) -> list[tuple[int, tuple[int, int]]]:
    found: list[tuple[int, tuple[int, int]]] = []
    large = [int(at) for at in np.flatnonzero(moves.size > _SPLIT)]
    if not large or len(large) > moves.most:
        return []
    usual = max(moves.usual(*large), 1e-4)
    for at in large:
        if moves.size[at] < _APART * usual or not moves.lasts(at):
            continue
        misfit = {ratio: abs(np.log(ratio[0] / ratio[1]) - moves.size[at]) for ratio in _RATIOS}
        best = min(misfit, key=lambda ratio: misfit[ratio])
        if misfit[best] <= usual:
            found.append((at, best))
    return found


def spin_off(frame: pd.DataFrame, *, multiple: float = 1.0) -> tuple[Finding, ...]:
    """Find a lasting fall that neither the market, a split nor an ordinary payment explains.

    Parameters
    ----------
    frame, multiple
        As `unadjusted_split`.

    Returns
    -------
    tuple of Finding
        Severity ``error``; `value` is the log move.

    Notes
    -----
    A fall of more than 10 % beyond the benchmark's move, four times the largest of the other moves, that stays and is
    no split: something was handed out that the series does not contain, such as the shares of another company.

    Examples
    --------
    >>> days = pd.bdate_range("2025-01-01", periods=60)
    >>> index = pd.Series(3000 * np.exp(np.cumsum(np.random.default_rng(0).normal(0, 0.03, 60))), days)
    >>> frame = pd.DataFrame({"nav": index / 100, "benchmark": index})
    >>> frame.loc[days[30]:, "nav"] *= 0.85
    >>> [found.rule for found in spin_off(frame)]
    ['spin_off']
    """
    found = []
    for name, seen in _each(frame, multiple):
        moves = seen.settled()
        splits = {at for at, _ in _splits(moves)}
        large = [int(at) for at in np.flatnonzero(moves.size > _PAYMENT)]
        usual = moves.usual(*large) if len(large) <= moves.most else np.inf
        for at in large:
            if at in splits or moves.own[at] > 0 or moves.size[at] < _APART * usual or not moves.lasts(at):
                continue
            message = (
                f"{moves.day(at):%Y-%m-%d}: {name} fell by {100 * -np.expm1(moves.own[at]):.1f} % beyond the benchmark "
                "and stayed there: a spin-off or another payment that the series does not contain"
            )
            found.append(Finding("spin_off", name, moves.day(at), float(moves.own[at]), message, "error"))
    return tuple(found)


def distribution_as_loss(
    frame: pd.DataFrame, *, distributions: pd.Series | None = None, multiple: float = 1.0
) -> tuple[Finding, ...]:
    """Find distributions that read as losses: falls of up to 10 % that stay, on ex-dates or where nobody knows of any.

    Parameters
    ----------
    frame, multiple
        As `unadjusted_split`.
    distributions : pandas.Series, optional
        Cash per share by ex-date. Days that it explains are not reported: the driver of distributions accounts for
        them.

    Returns
    -------
    tuple of Finding
        At most one for each series, severity ``warning``; `value` is the number of such days.

    Notes
    -----
    Falls are reported where they are four times the largest of the other moves and at least 0.3 %, and no rise is.
    Others are reported where moves beyond six robust standard deviations are falls in at least four cases and hardly
    ever rises: noise has two sides.

    Examples
    --------
    >>> days = pd.bdate_range("2025-01-01", periods=60)
    >>> index = pd.Series(3000 * np.exp(np.cumsum(np.random.default_rng(0).normal(0, 0.03, 60))), days)
    >>> frame = pd.DataFrame({"nav": index / 100, "benchmark": index})
    >>> frame.loc[days[30]:, "nav"] *= 0.99
    >>> [found.rule for found in distribution_as_loss(frame)]
    ['distribution_as_loss']
    """
    found = []
    for name, seen in _each(frame, multiple):
        moves = seen.without(_explained(seen, frame[name], distributions)).settled()
        falls = _falls(moves)
        if not falls:
            continue
        first = moves.day(falls[0])
        worst = 100 * -float(np.expm1(min(moves.own[at] for at in falls)))
        days = f"on {len(falls)} days, the first {first:%Y-%m-%d}" if len(falls) > 1 else f"on {first:%Y-%m-%d}"
        message = (
            f"{name} fell by up to {worst:.2f} % beyond the benchmark {days}, and stayed there: distributions that "
            "would read as losses; give them as inputs.distributions, or use a total-return series"
        )
        flagged = tuple(moves.day(at) for at in falls)
        found.append(Finding("distribution_as_loss", name, first, float(len(falls)), message, "warning", flagged))
    return tuple(found)


def _explained(moves: _Moves, prices: pd.Series, distributions: pd.Series | None) -> set[int]:
    """Return the days on which the cash that is known of went out."""
    if distributions is None:
        return set()
    paid = distributions[distributions > 0]
    return {at for at in range(len(moves.own)) if moves.day(at) in paid.index and np.isfinite(prices[moves.day(at)])}


def _falls(moves: _Moves) -> list[int]:
    size = moves.size
    scale = 1.4826 * float(np.median(np.abs(moves.own - np.median(moves.own))))
    reach = max(6.0 * scale, _SMALLEST)
    beyond = [int(at) for at in np.flatnonzero((size > reach) & (size <= _PAYMENT))]
    falls = [at for at in beyond if moves.own[at] < 0 and moves.lasts(at)]
    rises = [at for at in beyond if moves.own[at] > 0]
    if len(falls) >= _MANY and len(rises) <= len(falls) // _MANY:
        return falls
    return [] if moves.apart & set(rises) else [at for at in falls if at in moves.apart]


def spike(frame: pd.DataFrame, *, multiple: float = 1.0) -> tuple[Finding, ...]:
    """Find bad ticks: prices that jumped away from the market and were back within three sessions.

    Parameters
    ----------
    frame, multiple
        As `unadjusted_split`.

    Returns
    -------
    tuple of Finding
        One for each series and session, severity ``warning``; `value` is the price.

    Notes
    -----
    The moves that stand out are as many of the largest as are each four times the largest of the rest, and above
    0.3 %: one bad tick does not hide another. Those that lead away and back, to within a quarter of the first, are bad
    ticks; what stays is a matter for the other screens.

    Examples
    --------
    >>> days = pd.bdate_range("2025-01-01", periods=60)
    >>> index = pd.Series(3000 * np.exp(np.cumsum(np.random.default_rng(0).normal(0, 0.03, 60))), days)
    >>> frame = pd.DataFrame({"close": index / 100, "benchmark": index})
    >>> frame.loc[days[[30, 40]], "close"] *= [1.05, 0.98]
    >>> [f"{found.session:%F}" for found in spike(frame)]
    ['2025-02-12', '2025-02-26']
    """
    found = []
    for name, moves in _each(frame, multiple):
        smallest = min((abs(moves.own[at]) for at in moves.apart), default=0.0)
        for first, last in moves.excursions:
            away = np.cumsum(moves.own[first:last])
            back = f"{moves.day(last):%Y-%m-%d}"
            for at in (first + int(place) for place in np.flatnonzero(np.abs(away) >= 0.5 * smallest)):
                day = moves.day(at)
                value = float(frame[name][day])
                message = (
                    f"{day:%Y-%m-%d}: {name} is {value:g}, {100 * np.expm1(away[at - first]):+.1f} % away from where "
                    f"the benchmark left it, and back on {back}: a bad tick; compare it with another source"
                )
                found.append(Finding("spike", name, day, value, message, "warning"))
    return tuple(found)

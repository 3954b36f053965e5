"""The screen for a value that was not updated: repeated from the session before while the market moved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtr

from research.alignment.align import PRICES
from research.alignment.findings import Finding
from research.errors import ParameterError

__all__ = ["printed_tick", "stale_value"]

Floats = npt.NDArray[np.float64]

# Normal consistency of the median absolute deviation.
_MAD = 1.4826
_NEIGHBOURS = 5
_LOCAL = 61
_FEWEST = 20
_ORDINARY = 0.995
_NAMES = {"nav": "NAV", "close": "close", "benchmark": "the benchmark"}


def printed_tick(values: pd.Series[float]) -> float:
    """Return the finest power of ten of which every value is a multiple: the step to which a publisher rounds.

    Parameters
    ----------
    values : pandas.Series
        Prices; NaN is ignored.

    Returns
    -------
    float
        Between 1e-8 and 1.

    Examples
    --------
    >>> printed_tick(pd.Series([30.61, 29.7, 31.0]))
    0.01
    """
    known = values.dropna().to_numpy()
    for decimals in range(8):
        if np.allclose(known, np.round(known, decimals), rtol=0.0, atol=1e-9):
            return float(10.0**-decimals)
    return 1e-8


def stale_value(
    frame: pd.DataFrame,
    *,
    ticks: Mapping[str, float | None] | None = None,
    raw: Mapping[str, pd.Series[float]] | None = None,
    false_alarm_rate: float = 0.002,
    minimum_move: float = 0.001,
) -> tuple[Finding, ...]:
    """Find values that repeat the session before although another series says that the price moved.

    Parameters
    ----------
    frame : pandas.DataFrame
        Aligned sessions x ``nav``, ``benchmark`` and possibly ``close``. Sessions where a value is NaN are skipped.
    ticks : mapping of column to float, optional
        Step to which each series is rounded; by default the step that the printed values show.
    raw : mapping of column to series, optional
        The series as the files have them: where the row of the next calendar day is not a session and shows another
        value, the message quotes it.
    false_alarm_rate : float
        Expected number of false alarms in one clean fund, over all its sessions and series.
    minimum_move : float
        A repeat is looked at only where the other series moved by more than this, a log return.

    Returns
    -------
    tuple of Finding
        One for each session and series, in order of date; empty where fewer than 20 sessions are there to learn from.

    Raises
    ------
    ParameterError
        If the rate is not between 0 and 1.

    Notes
    -----
    Honest values repeat too: a price of 39.36 stays 39.36 when the market moves by less than a tick. What counts is
    how improbable the repeat is. Let x be the series, b a witness (another series) and g = ln x - ln b. A repeat would
    lie a = ln x_(t-1) - ln b_t - median(g of up to five sessions on each side of t, repeats left out) away from the
    usual. With the noise of g of robust scale s (the larger of that of the sample and of 61 sessions around t, from
    the median absolute deviation) and a tick of relative size w, an honest repeat has probability
    Phi((w/2 - |a|)/s) - Phi((-w/2 - |a|)/s), which takes in both the coarseness of the tick and the usual premium.
    Summed over the sessions on which the screen would fire, that is the number of false alarms to expect: sessions
    are taken, the most improbable first, until it reaches `false_alarm_rate` / (number of pairs). Exact where the
    noise is normal; as real noise has fatter tails, a must also exceed 99.5 % of the honest distances in the sample.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> days = pd.bdate_range("2025-01-01", periods=60)
    >>> index = pd.Series(3000 * np.exp(np.cumsum(rng.normal(0, 0.03, 60))), days)
    >>> close = (index / 100).round(2)
    >>> close.iloc[40] = close.iloc[39]
    >>> [f"{found.session:%Y-%m-%d}" for found in stale_value(pd.DataFrame({"close": close, "benchmark": index}))]
    ['2025-02-26']
    """
    if not 0.0 < false_alarm_rate < 1.0:
        raise ParameterError(f"false_alarm_rate is {false_alarm_rate!r}: give a number between 0 and 1, such as 0.002")
    columns = [name for name in PRICES if name in frame]
    pairs = [(name, witness) for name in columns for witness in columns if name != witness]
    findings: dict[tuple[pd.Timestamp, str], Finding] = {}
    for name, witness in pairs:
        both = frame[[name, witness]].dropna()
        both = both[(both > 0).all(axis=1)]
        if len(both) < _FEWEST or (both[name] == both[name].iloc[0]).all():
            continue
        pair = _Pair(both, (ticks or {}).get(name) or printed_tick(both[name]))
        for position in pair.improbable(false_alarm_rate / len(pairs), minimum_move):
            session = pd.DatetimeIndex(both.index)[position]
            if (session, name) not in findings:
                findings[session, name] = _finding(frame, name, witness, both, position, (raw or {}).get(name))
    return tuple(findings[key] for key in sorted(findings))


@dataclass(frozen=True, eq=False)
class _Pair:
    """A series and its witness on the sessions that both have."""

    both: pd.DataFrame
    tick: float

    def improbable(self, expected: float, minimum_move: float) -> list[int]:
        """Return the positions of repeats so improbable that honest series would show `expected` of them."""
        values = self.both.iloc[:, 0].to_numpy()
        logs = np.log(self.both.to_numpy())
        repeated = np.concatenate([[False], values[1:] == values[:-1]])
        moved = np.abs(np.diff(logs[:, 1], prepend=logs[0, 1]))
        looked_at = moved > minimum_move
        if not bool((repeated & looked_at).any()) or (~repeated).sum() < _FEWEST:
            return []
        chance = np.where(looked_at, self._chance(values, logs, repeated), 0.0)
        # The more improbable a repeat, the cheaper it is to look for: sessions are taken from the most improbable on
        # for as long as the false alarms to expect from all of them together stay within what is allowed.
        order = np.argsort(chance)
        allowed = np.zeros(len(values), dtype=bool)
        allowed[order[np.cumsum(chance[order]) <= expected]] = True
        return [int(position) for position in np.flatnonzero(repeated & looked_at & allowed)]

    def _chance(self, values: Floats, logs: Floats, repeated: npt.NDArray[np.bool_]) -> Floats:
        """Return, for each session, the probability that an honest value repeats the one before."""
        gap = logs[:, 0] - logs[:, 1]
        usual = _neighbours(gap, repeated)
        off = np.where(repeated, np.nan, np.abs(gap - usual))
        local = pd.Series(off).rolling(_LOCAL, center=True, min_periods=_FEWEST).median().to_numpy()
        before = np.concatenate([values[:1], values[:-1]])
        half = self.tick / before / 2.0
        scale = np.maximum(_MAD * np.fmax(local, np.nanmedian(off)), half)
        away = np.abs(np.log(before) - logs[:, 1] - usual)
        # Real premiums have fatter tails than the normal, so a repeat must also lie beyond what honest days show.
        ordinary = away <= np.nanquantile(off, _ORDINARY)
        chance = np.asarray(ndtr((half - away) / scale) - ndtr((-half - away) / scale), dtype=np.float64)
        return np.where(ordinary, 1.0, chance)


def _neighbours(gap: Floats, repeated: npt.NDArray[np.bool_]) -> Floats:
    """Return the median of up to five honest gaps before each session and five after it."""
    honest = np.flatnonzero(~repeated)
    padded = np.concatenate([np.full(_NEIGHBOURS, np.nan), gap[honest], np.full(_NEIGHBOURS, np.nan)])
    # Place of each session among the honest ones; a session that is honest itself is not its own neighbour.
    place = np.searchsorted(honest, np.arange(len(gap))) + _NEIGHBOURS
    before = place[:, None] - np.arange(1, _NEIGHBOURS + 1)
    after = place[:, None] + np.arange(_NEIGHBOURS) + (~repeated)[:, None]
    around = padded[np.concatenate([before, np.minimum(after, len(padded) - 1)], axis=1)]
    return np.asarray(np.nanmedian(around, axis=1), dtype=np.float64)


def _finding(
    frame: pd.DataFrame, name: str, witness: str, both: pd.DataFrame, position: int, raw: pd.Series[float] | None
) -> Finding:
    labels = pd.DatetimeIndex(both.index)
    session, before = labels[position], labels[position - 1]
    value = float(both[name].iloc[position])
    # The NAV is the better yardstick for a close, unless it is the one that stood still.
    for yardstick in dict.fromkeys(("nav", "benchmark", witness)):
        if yardstick == name or yardstick not in frame:
            continue
        column = frame[yardstick]
        moved = 100 * float(np.log(float(column.loc[session]) / float(column.loc[before])))
        if abs(moved) >= 0.05:
            break
    message = (
        f"{session:%Y-%m-%d}: {_NAMES[name]} repeats {value:g} of the session before, {before:%Y-%m-%d}, while "
        f"{_NAMES[yardstick]} moved {moved:+.1f} %"
    )
    if raw is not None and (session + pd.Timedelta(days=1)) in raw.index and session in raw.index:
        following = session + pd.Timedelta(days=1)
        other = float(raw.loc[following])
        if following not in frame.index and np.isfinite(other) and other != value:
            message += (
                f"; the row of the next calendar day, {following:%a} {following:%Y-%m-%d} (no session), shows {other:g}"
            )
    return Finding("stale_value", name, session, value, message, "warning")

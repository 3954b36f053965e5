"""How much of a session's variance lies between two clocks, in 24ths: two regressions on leads and lags."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtr, stdtrit

from research.alignment.levels import shared_labels
from research.conventions import check_confidence
from research.errors import SampleError, UnknownNameError
from research.tables import Result, Table

__all__ = ["Market", "VarianceOffset", "side_odds", "variance_offset"]

Array = npt.NDArray[np.float64]

Market = Literal["continuous", "closes"]
"""``continuous``: a market that never closes, whose intervals are as long as their calendar days. ``closes``: one that
does, whose interval is a session, whatever lies between."""


@dataclass(frozen=True, eq=False)
class VarianceOffset(Result):
    """Result of `variance_offset`: which share of an interval's variance lies between fund and benchmark.

    Parameters
    ----------
    parts : float
        In 24ths of the variance of a day (``continuous``) or of a session (``closes``); positive where the benchmark
        was observed *after* the fund, negative where before. Hours only where every hour moves like every other.
    std_error : float
        Robust to heteroskedasticity and to the one lag of dependence that an offset itself creates.
    std_error_iid : float
        Ordinary least squares' own; too small by a fifth even in the best case.
    regression : {"lag", "lead"}
        Which of the two regressions won: ``lag`` says after, ``lead`` says before.
    fits : pandas.DataFrame
        Both regressions: ``parts`` (unsigned), ``std_error``, ``std_error_iid``, ``t``, ``r_squared``, ``nobs``.
    market : {"continuous", "closes"}
        What the interval is.
    """

    parts: float
    std_error: float
    std_error_iid: float
    regression: Literal["lag", "lead"]
    fits: pd.DataFrame = field(repr=False)
    market: Market

    @property
    def nobs(self) -> int:
        """Observations of the regression that won."""
        return int(self.fits["nobs"].loc[self.regression])

    @property
    def r_squared(self) -> float:
        """Uncentred R² of the regression that won."""
        return float(self.fits["r_squared"].loc[self.regression])

    @property
    def side_probability(self) -> float:
        """Chance that the benchmark was observed after the fund, as `side_odds` has it."""
        t = self.fits["t"]
        return _chance(float(t.loc["lag"]), float(t.loc["lead"]))

    @property
    def ambiguous(self) -> bool:
        """Whether the other regression finds more than three quarters of the share too.

        A constant offset leaves it about half. More says that the clock changes inside the sample or that the
        benchmark's own marks are noisy; then the side is less certain than the standard error tells.
        """
        parts = self.fits["parts"]
        other = parts.loc["lead" if self.regression == "lag" else "lag"]
        return bool(other > 0.75 * parts.loc[self.regression] > 0.0)

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Return the two-sided interval of the signed share in 24ths (Student t).

        Raises
        ------
        ParameterError
            If the confidence is not between 0 and 1.
        """
        check_confidence(confidence)
        half = float(stdtrit(self.nobs - 1, 0.5 + confidence / 2)) * self.std_error
        return self.parts - half, self.parts + half

    def reversed(self) -> Self:
        """Return the same, counted from the benchmark."""
        fits = self.fits.rename(index={"lag": "lead", "lead": "lag"}).loc[self.fits.index]
        return replace(self, parts=-self.parts, regression="lead" if self.regression == "lag" else "lag", fits=fits)

    def summary(self) -> Table:
        """Return both regressions as a table, and in words what they say."""
        low, high = self.interval()
        side = "after" if self.parts >= 0 else "before"
        of = f"24ths of a {'session' if self.market == 'closes' else 'day'}'s variance"
        verdict = f"{abs(self.parts):.1f} ± {self.std_error:.1f} {of} lie between; the benchmark comes {side} the fund."
        if low <= 0.0 <= high:
            verdict = f"No difference of clocks can be told from zero: {self.parts:+.1f} ± {self.std_error:.1f} {of}."
        doubt = "Both regressions find an offset: the clock may change inside the sample, or the benchmark is noisy."
        frame = self.fits.rename(index={"lag": "benchmark after the fund", "lead": "benchmark before the fund"})
        formats = dict.fromkeys(("parts", "std_error", "std_error_iid", "t"), ".2f") | {
            "r_squared": ".3f",
            "nobs": ".0f",
        }
        notes = (verdict, *([doubt] if self.ambiguous else []), "Busy hours count for more than one, quiet ones less.")
        return Table(frame, "Clock offset as a share of variance, from leads and lags", formats, notes)


def variance_offset(fund: pd.Series, benchmark: pd.Series, *, market: Market = "continuous") -> VarianceOffset:
    """Estimate which share of an interval's variance lies between fund and benchmark, in 24ths.

    Parameters
    ----------
    fund : pandas.Series of float, shape (T + 1,)
        Levels (not returns) of the fund by session: net asset value or close.
    benchmark : pandas.Series of float, shape (T + 1,)
        Levels of the benchmark on the same labels.
    market : {"continuous", "closes"}
        ``continuous`` for a market that never closes (crypto): an interval has 24 parts for each calendar day.
        ``closes`` for one that does: an interval has 24 parts for each session.

    Returns
    -------
    VarianceOffset

    Raises
    ------
    AlignmentError
        If the labels differ, are not dates, or are not sorted and unique.
    DataError
        If a level is NaN, infinite, zero or negative.
    SampleError
        If there are fewer than 20 usable returns, or the two series are the same.
    UnknownNameError
        If `market` is neither.

    Notes
    -----
    A benchmark sampled δ parts after the fund gives ``r_t − b_t = δ·(b_{t−1}/L_{t−1} − b_t/L_t)`` and one sampled δ
    before it ``r_t − b_t = δ·(b_{t+1}/L_{t+1} − b_t/L_t)``, L the parts of each interval: two
    regressions through the origin, of which the one with the larger robust t statistic wins. δ counts variance, not
    hours: volatility follows the time of day and the week, and parts of a day are correlated with the rest.

    With the right clock the errors telescope, ``e_t = a_{t−1} − a_t``, and so do the regressors: their products are
    dependent over one lag exactly. Hence Hansen and Hodrick's (1980) covariance with one lag, unweighted, on residuals
    divided by 1 − leverage. Noise in the benchmark that comes back (a mark of poor quality) raises both regressions
    alike.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> price = np.exp(np.cumsum(rng.normal(0, 0.005, 24 * 400)))
    >>> days = pd.date_range("2025-01-01", periods=399)
    >>> late = variance_offset(pd.Series(price[: 24 * 399 : 24], days), pd.Series(price[3 : 24 * 399 : 24], days))
    >>> late.regression, bool(abs(late.parts - 3) < 2 * late.std_error)
    ('lag', True)
    """
    if market not in ("continuous", "closes"):
        raise UnknownNameError("market", str(market), ("continuous", "closes"))
    labels = shared_labels(fund, benchmark)
    days = np.diff(labels.to_numpy()) / np.timedelta64(1, "D")
    units = 24.0 * (days if market == "continuous" else np.ones(len(labels) - 1))
    own = np.diff(np.log(fund.to_numpy(dtype=float)))
    other = np.diff(np.log(benchmark.to_numpy(dtype=float)))
    if not (own - other).any():
        raise SampleError("fund and benchmark are the same series: no offset can be estimated; give two observations")
    after, before = _both(own - other, other / units)
    late = after["t"] >= before["t"]
    best = after if late else before
    return VarianceOffset(
        parts=best["parts"] if late else -best["parts"],
        std_error=best["std_error"],
        std_error_iid=best["std_error_iid"],
        regression="lag" if late else "lead",
        fits=pd.DataFrame.from_dict({"lag": after, "lead": before}, orient="index"),
        market=market,
    )


def side_odds(gap: Array, moves: Array, unit: Array) -> float:
    """Return the chance that the benchmark comes after the fund, from the two regressions through the origin.

    Parameters
    ----------
    gap : numpy.ndarray, shape (T + 1,)
        Log fund less log benchmark.
    moves, unit : numpy.ndarray, shape (T,)
        The benchmark's log returns, and what each interval counts for.

    Notes
    -----
    ``Φ((t_after − t_before)/√2)``, capped at six standard errors.
    """
    after, before = _both(np.diff(gap), moves / unit)
    return _chance(after["t"], before["t"])


def _chance(after: float, before: float) -> float:
    return float(ndtr(np.clip((after - before) / np.sqrt(2.0), -6.0, 6.0)))


def _both(apart: Array, speed: Array) -> tuple[dict[str, float], dict[str, float]]:
    """Return the regressions for after and for before."""
    return (
        _through_origin(apart[1:], speed[:-1] - speed[1:]),
        _through_origin(apart[:-1], speed[1:] - speed[:-1]),
    )


def _through_origin(y: Array, x: Array) -> dict[str, float]:
    """Return slope, both standard errors, robust t, uncentred R² and observations of a regression on one regressor."""
    power = float(x @ x)
    if power == 0.0:
        raise SampleError("the benchmark never moves, so no offset can be estimated: give another benchmark")
    slope = float(x @ y) / power
    rest = y - slope * x
    score = x * rest / np.maximum(1.0 - x * x / power, 1e-8)
    spread = float(score @ score)
    # One lag, unweighted; where chance makes that negative, weigh it by half, which cannot.
    robust = spread + 2.0 * float(score[1:] @ score[:-1])
    if robust <= 0.0:
        robust = spread + float(score[1:] @ score[:-1])
    error = float(np.sqrt(robust)) / power
    return {
        "parts": slope,
        "std_error": error,
        "std_error_iid": float(np.sqrt(rest @ rest / (len(y) - 1) / power)),
        "t": slope / error if error > 0.0 else float(np.copysign(np.inf, slope)),
        "r_squared": 1.0 - float(rest @ rest) / float(y @ y),
        "nobs": float(len(y)),
    }

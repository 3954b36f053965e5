"""How many hours apart fund and benchmark were observed, estimated from their returns alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from research.alignment.clock import Clock
from research.conventions import check_confidence
from research.errors import AlignmentError, DataError, SampleError, UnknownNameError
from research.tables import Result, Table

__all__ = ["ClockOffset", "Market", "clock_offset", "clock_offset_by_period", "expected_offset"]
Market = Literal["continuous", "closes"]
"""``continuous``: an interval lasts 24 hours a calendar day. ``closes``: it lasts 24 hours a session, whatever lies
between, because prices of a market that is shut do not move."""


@dataclass(frozen=True, eq=False)
class ClockOffset(Result):
    """Result of `clock_offset`: how many hours after the fund the benchmark was observed.

    Parameters
    ----------
    hours : float
        Positive where the benchmark was observed *after* the fund, negative where before.
    std_error : float
        Robust to heteroskedasticity and to the one lag of dependence that an offset itself creates.
    std_error_iid : float
        Ordinary least squares' own; too small by a fifth even in the best case.
    regression : {"lag", "lead"}
        Which of the two regressions won: ``lag`` says after, ``lead`` says before.
    fits : pandas.DataFrame
        Both regressions: ``hours`` (unsigned), ``std_error``, ``std_error_iid``, ``t``, ``r_squared``, ``nobs``.
    market : {"continuous", "closes"}
        What an hour is.
    start, end : pandas.Timestamp
        First and last label.
    """

    hours: float
    std_error: float
    std_error_iid: float
    regression: Literal["lag", "lead"]
    fits: pd.DataFrame = field(repr=False)
    market: Market
    start: pd.Timestamp
    end: pd.Timestamp

    @property
    def nobs(self) -> int:
        """Observations of the regression that won."""
        return int(self.fits["nobs"].loc[self.regression])

    @property
    def ambiguous(self) -> bool:
        """Whether the other regression finds more than three quarters of the hours too.

        A constant offset leaves it about half. More says that the clock changes inside the sample (see
        `clock_offset_by_period`) or that the benchmark's own marks are noisy; then the sign is less certain than the
        standard error tells.
        """
        hours = self.fits["hours"]
        other = hours.loc["lead" if self.regression == "lag" else "lag"]
        return bool(other > 0.75 * hours.loc[self.regression] > 0.0)

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Return the two-sided interval of the signed hours (Student t).

        Raises
        ------
        ParameterError
            If the confidence is not between 0 and 1.
        """
        from scipy.special import stdtrit  # noqa: PLC0415 - slow to import, needed only here

        check_confidence(confidence)
        half = float(stdtrit(self.nobs - 1, 0.5 + confidence / 2)) * self.std_error
        return self.hours - half, self.hours + half

    def summary(self) -> Table:
        """Return both regressions as a table, and in words what they say."""
        meaning = {
            "continuous": "An hour is an hour of the wall clock: the market never closes.",
            "closes": "An hour is a 24th of what the price moves from one session to the next.",
        }
        low, high = self.interval()
        side = "after" if self.hours >= 0 else "before"
        verdict = f"The benchmark was observed {abs(self.hours):.1f} ± {self.std_error:.1f} hours {side} the fund."
        if low <= 0.0 <= high:
            verdict = f"No difference of clocks can be told from zero: {self.hours:+.1f} ± {self.std_error:.1f} hours."
        doubt = "Both regressions find an offset: the clock may change inside the sample, or the benchmark is noisy."
        frame = self.fits.rename(index={"lag": "benchmark after the fund", "lead": "benchmark before the fund"})
        formats = dict.fromkeys(("hours", "std_error", "std_error_iid", "t"), ".2f") | {
            "r_squared": ".3f",
            "nobs": ".0f",
        }
        return Table(
            frame,
            "Clock offset from leads and lags",
            formats,
            (verdict, *([doubt] if self.ambiguous else []), meaning[self.market]),
        )

    def to_dict(self) -> dict[str, object]:
        """Return the estimate as plain values, ready for JSON."""
        low, high = self.interval()
        return {
            "hours": self.hours,
            "std_error_hours": self.std_error,
            "std_error_iid_hours": self.std_error_iid,
            "interval_hours": [low, high],
            "regression": self.regression,
            "ambiguous": self.ambiguous,
            "market": self.market,
            "start": f"{self.start:%Y-%m-%d}",
            "end": f"{self.end:%Y-%m-%d}",
            "nobs": self.nobs,
        }


Array = npt.NDArray[np.float64]

_FEWEST = 20


def clock_offset(fund: pd.Series, benchmark: pd.Series, *, market: Market = "continuous") -> ClockOffset:
    """Estimate how many hours after the fund its benchmark was observed.

    Parameters
    ----------
    fund : pandas.Series of float, shape (T + 1,)
        Levels (not returns) of the fund by session: net asset value or close.
    benchmark : pandas.Series of float, shape (T + 1,)
        Levels of the benchmark on the same labels.
    market : {"continuous", "closes"}
        ``continuous`` for a market that never closes (crypto): an interval has 24 hours for each calendar day.
        ``closes`` for one that does: an interval has 24 hours for each session, so that an "hour" is a 24th of the
        variance between sessions. Hours in which the market is busy then count for more than one.

    Returns
    -------
    ClockOffset
        Signed hours with standard error, and both regressions.

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
    A benchmark sampled δ hours after the fund gives ``r_t − b_t = δ·(b_{t−1}/L_{t−1} − b_t/L_t)`` and one sampled δ
    hours before it ``r_t − b_t = δ·(b_{t+1}/L_{t+1} − b_t/L_t)``, L the hours of each interval (``methods`` §8): two
    regressions through the origin. The one with the larger robust t statistic wins: in simulated samples of 180 days
    at three hours it is right in 98 % where the clock is constant (the better fit in 99 %), and in 80-90 % where a
    sixth of the rows was taken at another time (the better fit in half of them, since a few large moves rule it).

    With the right clock the errors telescope, ``e_t = a_{t−1} − a_t``, and so do the regressors: their products are
    dependent over one lag exactly. Hence Hansen and Hodrick's (1980) covariance with one lag, unweighted, on residuals
    divided by 1 − leverage. Nominal 95 % covered 92–95 % in simulations of 120 to 500 days with normal and t(4)
    noise. Noise in the benchmark that comes back (a mark of poor quality) raises both regressions alike.

    A mean over the sample: daylight saving moves one clock and not the other, and moves of the hours between the two
    clocks that are smaller than the day's average pull the estimate down.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> price = np.exp(np.cumsum(rng.normal(0, 0.005, 24 * 400)))
    >>> days = pd.date_range("2025-01-01", periods=399)
    >>> late = clock_offset(pd.Series(price[: 24 * 399 : 24], days), pd.Series(price[3 : 24 * 399 : 24], days))
    >>> late.regression, bool(abs(late.hours - 3) < 2 * late.std_error)
    ('lag', True)
    """
    if market not in ("continuous", "closes"):
        raise UnknownNameError("market", str(market), ("continuous", "closes"))
    labels = _checked(fund, benchmark)
    days = np.diff(labels.to_numpy()) / np.timedelta64(1, "D")
    hours = 24.0 * (days if market == "continuous" else np.ones(len(labels) - 1))
    own = np.diff(np.log(fund.to_numpy(dtype=float)))
    other = np.diff(np.log(benchmark.to_numpy(dtype=float)))
    apart, speed = own - other, other / hours
    if not apart.any():
        raise SampleError("fund and benchmark are the same series: no offset can be estimated; give two observations")
    after = _through_origin(apart[1:], speed[:-1] - speed[1:])
    before = _through_origin(apart[:-1], speed[1:] - speed[:-1])
    late = after["t"] >= before["t"]
    best = after if late else before
    return ClockOffset(
        hours=best["hours"] if late else -best["hours"],
        std_error=best["std_error"],
        std_error_iid=best["std_error_iid"],
        regression="lag" if late else "lead",
        fits=pd.DataFrame.from_dict({"lag": after, "lead": before}, orient="index"),
        market=market,
        start=labels[0],
        end=labels[-1],
    )


def clock_offset_by_period(
    fund: pd.Series, benchmark: pd.Series, *, freq: str = "QE", market: Market = "continuous"
) -> pd.DataFrame:
    """Estimate the offset in each calendar period: a clock that changes inside a file shows here.

    Parameters
    ----------
    fund, benchmark, market
        As in `clock_offset`.
    freq : str
        Period of pandas, such as ``"QE"`` (quarters) or ``"YE"``.

    Returns
    -------
    pandas.DataFrame
        One row for each period with at least 20 usable returns: ``hours`` (signed), ``std_error``, ``regression``,
        ``nobs``.

    Raises
    ------
    AlignmentError, DataError, UnknownNameError
        As in `clock_offset`.
    SampleError
        If no period is long enough.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> price = np.exp(np.cumsum(rng.normal(0, 0.005, 24 * 400)))
    >>> days = pd.date_range("2025-01-01", periods=365)
    >>> fund, late = pd.Series(price[: 24 * 365 : 24], days), pd.Series(price[9 : 24 * 365 : 24], days)
    >>> clock_offset_by_period(fund, late)["regression"].tolist()
    ['lag', 'lag', 'lag', 'lag']
    """
    labels = _checked(fund, benchmark)
    rows: dict[pd.Timestamp, list[object]] = {}
    ends = pd.Series(np.arange(len(labels)), labels).resample(freq)
    for end, part in ends:
        at = part.to_numpy()
        if len(at) < _FEWEST + 2:
            continue
        found = clock_offset(fund.iloc[at], benchmark.iloc[at], market=market)
        rows[pd.Timestamp(str(end))] = [found.hours, found.std_error, found.regression, found.nobs]
    if not rows:
        raise SampleError(f"no period of {freq!r} holds {_FEWEST + 2} sessions: choose a longer one, such as 'YE'")
    return pd.DataFrame.from_dict(rows, orient="index", columns=["hours", "std_error", "regression", "nobs"])


def expected_offset(fund: Clock, benchmark: Clock, sessions: pd.DatetimeIndex) -> pd.Series[float]:
    """Return the hours by which one clock strikes after another, session by session, as their labels say.

    Parameters
    ----------
    fund, benchmark : Clock
        The two clocks.
    sessions : pandas.DatetimeIndex
        Naive, normalised labels.

    Returns
    -------
    pandas.Series of float
        Positive where the benchmark strikes later; its mean is what `clock_offset` estimates.

    Examples
    --------
    >>> days = pd.DatetimeIndex(["2025-01-15", "2025-07-15"])
    >>> expected_offset(Clock(), Clock.parse("24:00 UTC"), days).tolist()
    [3.0, 4.0]
    """
    apart = benchmark.instants(sessions) - fund.instants(sessions)
    return pd.Series(apart / pd.Timedelta(hours=1), sessions, name="hours")


def _checked(fund: pd.Series, benchmark: pd.Series) -> pd.DatetimeIndex:
    """Return the labels of two series of levels that can be compared."""
    for name, values in (("the fund", fund), ("the benchmark", benchmark)):
        if not isinstance(values.index, pd.DatetimeIndex) or not values.index.is_monotonic_increasing:
            raise AlignmentError(f"{name} is not labelled by ascending dates: use sort_index()")
        numbers = values.to_numpy(dtype=float)
        wrong = ~(np.isfinite(numbers) & (numbers > 0.0))
        if wrong.any():
            at = int(np.argmax(wrong))
            raise DataError(
                f"{name} of {values.index[at]:%Y-%m-%d} is {numbers[at]:g}: give positive levels (not returns), and "
                "leave out sessions without one"
            )
    labels = pd.DatetimeIndex(fund.index)
    if not labels.is_unique or not labels.equals(pd.DatetimeIndex(benchmark.index)):
        raise AlignmentError(
            f"fund ({len(fund)} labels) and benchmark ({len(benchmark)}) do not carry the same dates, each once: take "
            "both on the sessions that they share"
        )
    if len(labels) < _FEWEST + 2:
        raise SampleError(f"{len(labels)} sessions are too few to tell two clocks apart: give at least {_FEWEST + 2}")
    return labels


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
        "hours": slope,
        "std_error": error,
        "std_error_iid": float(np.sqrt(rest @ rest / (len(y) - 1) / power)),
        "t": slope / error if error > 0.0 else float(np.copysign(np.inf, slope)),
        "r_squared": 1.0 - float(rest @ rest) / float(y @ y),
        "nobs": float(len(y)),
    }

"""The result of a clock diagnostic: hours, sign, standard error, and both regressions behind them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from research.errors import ParameterError
from research.tables import Table

__all__ = ["ClockOffset", "Market"]

Market = Literal["continuous", "closes"]
"""``continuous``: an interval lasts 24 hours a calendar day. ``closes``: it lasts 24 hours a session, whatever lies
between, because prices of a market that is shut do not move."""


@dataclass(frozen=True, eq=False)
class ClockOffset:
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

        if not 0.0 < confidence < 1.0:
            raise ParameterError(f"confidence is {confidence!r}: give a number between 0 and 1, such as 0.95")
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

    def __str__(self) -> str:
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()

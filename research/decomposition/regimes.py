"""The fee that a fund charged in each period of its stated schedule, measured period by period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from research.alignment.history import History, require_history
from research.conventions import BASIS_POINT, DAYS_PER_YEAR, check_confidence
from research.decomposition.averaged import AveragedResult
from research.decomposition.estimates import DOUBT
from research.decomposition.identification import Error, Policy, identify, identify_drivers
from research.decomposition.local_level import LocalLevelResult
from research.drivers import exposures, measure
from research.metrics.multiple import holm
from research.tables import Result, Table

__all__ = ["FeeRegime", "FeeRegimes", "fee_regimes"]


@dataclass(frozen=True, eq=False)
class FeeRegime(Result):
    """One period of the fee schedule.

    Parameters
    ----------
    start, end : pandas.Timestamp
        First and last day of the period inside the sample.
    stated : float
        Average stated rate over the period, a fraction a year; waivers and tiers included.
    estimated, std_error : float
        Rate that the net asset value shows, and its standard error.
    interval : tuple of float
        Interval of the rate.
    p_value : float
        Two-sided, of the rate's being the stated one, adjusted for the number of periods (Holm); what `agrees` goes by,
        whatever the coverage of the interval.
    """

    start: pd.Timestamp
    end: pd.Timestamp
    stated: float
    estimated: float
    std_error: float
    interval: tuple[float, float]
    p_value: float

    @property
    def agrees(self) -> bool:
        """Whether a test at 5 %, over all periods together, does not reject the stated rate."""
        return self.p_value >= DOUBT

    def summary(self) -> Table:
        """Return stated and estimated rate as a table of one row."""
        return _table([self])

    def to_dict(self) -> dict[str, object]:
        """Return the period in basis points a year."""
        return {
            "start": f"{self.start:%Y-%m-%d}",
            "end": f"{self.end:%Y-%m-%d}",
            "stated_bp": self.stated / BASIS_POINT,
            "estimated_bp": self.estimated / BASIS_POINT,
            "std_error_bp": self.std_error / BASIS_POINT,
            "interval_bp": [bound / BASIS_POINT for bound in self.interval],
        }


@dataclass(frozen=True, eq=False)
class FeeRegimes(Result):
    """All periods of a fund's schedule inside a sample, estimated together on NAV basis.

    Parameters
    ----------
    regimes : tuple of FeeRegime
        In order of time.
    fit : LocalLevelResult
        The joint regression, one slope a period.
    confidence : float
        Nominal coverage of the intervals.
    """

    regimes: tuple[FeeRegime, ...]
    fit: AveragedResult | LocalLevelResult
    confidence: float

    def summary(self) -> Table:
        """Return stated and estimated rates as a table."""
        return _table(self.regimes)

    def to_dict(self) -> dict[str, object]:
        """Return the periods in basis points a year, and the nominal coverage of their intervals."""
        return {"fee_regimes": self.to_list(), "confidence": self.confidence}

    def to_list(self) -> list[dict[str, object]]:
        """Return the periods as plain numbers in basis points."""
        return [regime.to_dict() for regime in self.regimes]


def _table(regimes: Sequence[FeeRegime]) -> Table:
    """Return stated and estimated rates, a row a period."""
    frame = pd.DataFrame(
        {
            "stated": [regime.stated / BASIS_POINT for regime in regimes],
            "estimated": [regime.estimated / BASIS_POINT for regime in regimes],
            "± se": [regime.std_error / BASIS_POINT for regime in regimes],
            "lower": [regime.interval[0] / BASIS_POINT for regime in regimes],
            "upper": [regime.interval[1] / BASIS_POINT for regime in regimes],
        },
        index=[f"{regime.start:%Y-%m-%d} to {regime.end:%Y-%m-%d}" for regime in regimes],
    )
    return Table(frame, "Fee by period of the stated schedule, bp a year", dict.fromkeys(frame.columns, ".2f"))


def fee_regimes(
    history: History, *, confidence: float = 0.95, minimum_sessions: int = 10, error: Error = "averaged"
) -> FeeRegimes | None:
    """Estimate the rate charged in each period of the stated fee schedule.

    Parameters
    ----------
    history : History
        Aligned history; the NAV basis is used.
    confidence : float
        Nominal coverage of the intervals.
    minimum_sessions : int
        A period with fewer sessions inside the sample is left out.
    error : {"averaged", "noise", "ar1"}
        As in `decompose`.

    Returns
    -------
    FeeRegimes or None
        None where the fee is not known or no period is long enough.

    Notes
    -----
    Local-level regression of n − b on one clock a period, ``−(days of the period gone)/365``, whose coefficient is the
    annual rate, and on the other drivers that `decompose` leaves free; what it imposes is imposed here. Of the schedule
    only the days on which its periods start are used, so a waived year that was charged after all would show. Errors
    are those of `decompose`.

    Examples
    --------
    >>> import research as rs
    >>> [round(regime.stated * 1e4, 2) for regime in rs.fee_regimes(rs.load("ETHV")).regimes]
    [0.0, 20.0]
    """
    require_history(history, "fee_regimes")
    check_confidence(confidence)
    schedule = history.fund.fee
    if schedule is None:
        return None
    index = pd.DatetimeIndex(history.frame.index)
    accrual = history.fund.fee_accrual(index, history.frame.get("assets"))
    clocks: dict[str, npt.NDArray[np.float64]] = {}
    spans: list[tuple[pd.Timestamp, pd.Timestamp]] = []
    for period in schedule.regimes(history.start.date(), history.end.date()):
        start, end = pd.Timestamp(period.start), min(pd.Timestamp(period.end or history.end), history.end)
        if index[(index >= start) & (index <= end)].size < minimum_sessions:
            continue
        # The day `start` is the first to accrue: on its session one day of the period has gone.
        before = max(start - pd.Timedelta(days=1), history.start)
        since, until = (before - history.start).days, (end - history.start).days
        clocks[f"{start:%Y-%m-%d}"] = (since - np.clip(history.days, since, until)) / DAYS_PER_YEAR
        spans.append((before, end))
    if not clocks:
        return None
    measured = measure(history, "nav")
    free = identify_drivers(history, measured, error=error).fit.params.index
    others = exposures((driver for driver in measured if driver.name != "expense_ratio"), index)
    policy: dict[str, Policy] = {name: "auto" if name in free else "impose" for name in map(str, others.columns)}
    policy |= dict.fromkeys(clocks, "estimate")
    columns = pd.DataFrame(clocks, index=index).join(others)
    fit = identify(history.divergence("nav"), columns, policy, positions=history.positions, error=error).fit
    bounds = fit.conf_int(confidence)
    stated = pd.Series({name: _stated(accrual, *span) for name, span in zip(clocks, spans, strict=True)})
    p_values = holm(fit.p_values_at(stated))
    regimes = []
    for name, (_, end) in zip(clocks, spans, strict=True):
        regimes.append(
            FeeRegime(
                start=max(pd.Timestamp(name), history.start),
                end=end,
                stated=float(stated[name]),
                estimated=float(fit.params[name]),
                std_error=float(fit.std_errors[name]),
                interval=(float(bounds["lower"][name]), float(bounds["upper"][name])),
                p_value=float(p_values[name]),
            )
        )
    return FeeRegimes(tuple(regimes), fit, confidence)


def _stated(accrual: pd.Series, before: pd.Timestamp, end: pd.Timestamp) -> float:
    """Return the average stated rate between two days, a fraction a year."""
    inside = accrual.loc[before:end]
    days = (inside.index[-1] - inside.index[0]).days
    return float((inside.iloc[0] - inside.iloc[-1]) / (days / DAYS_PER_YEAR))

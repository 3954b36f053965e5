"""The fee of each period by every estimator, side by side."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from research.alignment.history import History
from research.conventions import BASIS_POINT, DAYS_PER_YEAR
from research.decomposition import FeeRegimes, compare_estimators
from research.tables import Table

__all__ = ["END_POINTS", "FeeEstimators", "fee_estimators", "period_names"]

END_POINTS = "first and last day"


@dataclass(frozen=True, eq=False)
class FeeEstimators:
    """Rates by estimator (rows) and period (columns), fractions a year.

    Parameters
    ----------
    rates, errors : pandas.DataFrame
        Rate and standard error; NaN where an estimator has none.
    """

    rates: pd.DataFrame
    errors: pd.DataFrame

    def table(self) -> Table:
        """Return both in basis points a year."""
        columns = {}
        for place, name in enumerate(self.rates, start=1):
            columns[str(name)] = self.rates[name] / BASIS_POINT
            columns[f"± se {place}" if self.rates.shape[1] > 1 else "± se"] = self.errors[name] / BASIS_POINT
        notes = (
            "Changes carry almost nothing about a slow drift. Levels with HAC errors look most precise and are not: "
            "where the remainder wanders, their 95 % intervals cover far less. The local-level regression nests both. "
            "First and last day: the divergence gained, over the time; no error can be computed from two points.",
        )
        formats = dict.fromkeys(columns, ".2f")
        return Table(pd.DataFrame(columns), "The fee of each period by other estimators, bp a year", formats, notes)

    def to_list(self) -> list[dict[str, object]]:
        """Return one entry for each estimator and period, in basis points a year."""
        return [
            {
                "estimator": str(estimator),
                "period": str(name),
                "rate_bp": float(rate) / BASIS_POINT,
                "std_error_bp": float(error) / BASIS_POINT,
            }
            for name in self.rates
            for (estimator, rate), error in zip(self.rates[name].items(), self.errors[name], strict=True)
        ]


def period_names(regimes: FeeRegimes) -> list[str]:
    """Return how the periods are called in tables: their first and last day."""
    return [f"{one.start:%Y-%m-%d} to {one.end:%Y-%m-%d}" for one in regimes.regimes]


def fee_estimators(history: History, regimes: FeeRegimes) -> FeeEstimators:
    """Return the fee of each period by the estimators of `compare_estimators`, and from two days alone.

    Parameters
    ----------
    history : History
        The sample.
    regimes : FeeRegimes
        From `fee_regimes`; its own estimate, whose errors are robust, stands first.

    Returns
    -------
    FeeEstimators
    """
    fit, count = regimes.fit, len(regimes.regimes)
    compared = compare_estimators(fit.level, fit.drivers, positions=history.positions)
    clocks = fit.drivers.columns[:count]
    rates: dict[str, list[float]] = {"local level": [one.estimated for one in regimes.regimes]}
    errors: dict[str, list[float]] = {"local level": [one.std_error for one in regimes.regimes]}
    for estimator in compared.index.get_level_values(0).unique()[1:]:
        part = compared.loc[estimator].loc[list(clocks)]
        rates[str(estimator)] = part["coefficient"].to_list()
        errors[str(estimator)] = part["std_error"].to_list()
    level = history.divergence("nav")
    rates[END_POINTS] = []
    for clock in clocks:
        moving = np.flatnonzero(np.diff(fit.drivers[clock].to_numpy()) != 0.0)
        first, last = int(moving[0]), int(moving[-1]) + 1
        years = (level.index[last] - level.index[first]).days / DAYS_PER_YEAR
        rates[END_POINTS].append(float(level.iloc[first] - level.iloc[last]) / years)
    errors[END_POINTS] = [math.nan] * count
    names = period_names(regimes)
    return FeeEstimators(
        pd.DataFrame.from_dict(rates, orient="index", columns=names),
        pd.DataFrame.from_dict(errors, orient="index", columns=names),
    )

"""The rows of a decomposition: what each driver contributed, alone, in its group, and with others like it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
import pandas as pd
from scipy.special import stdtr

from research.conventions import BASIS_POINT
from research.decomposition.averaged import AveragedResult
from research.decomposition.chance import Chance
from research.decomposition.identification import HIGH_INFLATION, Identification
from research.drivers import Driver
from research.metrics.multiple import holm
from research.tables import Format, Result, Table, p_value, plus_minus, unsigned_zero

__all__ = [
    "DOUBT",
    "FORMATS",
    "UNEXPLAINED",
    "DriverEstimate",
    "Rows",
    "Verdict",
    "interval_text",
    "reasons",
    "remainder_row",
]

UNEXPLAINED: Final = "unexplained"

DOUBT = 0.05
"""P-value of a coefficient of 1, adjusted for the tests of one table, below which a driver is not what was stated."""

TOGETHER = 0.5
"""Share of its best member's error that a sum must not exceed to be called well measured where its members are not."""

Verdict = Literal[
    "compatible with full pass-through",
    "cannot be told from nothing",
    "not as stated",
    "it or a drift is not as stated",
]

FORMATS: dict[str, Format] = {"p (β = 1)": p_value, "bp a year": "+.2f", "± se": ".2f", "truth, bp": "+.2f"}


@dataclass(frozen=True, eq=False)
class DriverEstimate(Result):
    """One driver's coefficient and its part in the tracking difference.

    Parameters
    ----------
    name, title : str
        Standard term, and the term as a report prints it.
    identified : str
        ``"estimated"``; ``"imposed"`` at its stated value; ``"identity"``, 1 by arithmetic; ``"stated × group"``, with
        the coefficient of the group that it belongs to; ``"combination"`` of drivers that are measured well together
        only; or ``"remainder"``, what no driver accounts for.
    reason : str
        Why it was imposed; empty where it was estimated.
    coefficient : float
        β; 1 where it was imposed, NaN of a combination.
    std_error, p_value_unity : float
        Standard error and p-value of β = 1, of a combination of its being as stated; NaN where there is no test.
    contribution, contribution_std_error : float
        β·ΔX a year (log, Act/365) and its standard error; NaN where there is none. That of the remainder is what chance
        alone gives it.
    interval : tuple of float
        Interval of the contribution.
    stated : float
        ΔX a year: what the contribution would be at β = 1.
    truth : float, optional
        Coefficient that simulated data were made with.
    coefficient_interval : tuple of float
        Interval of β; NaN where there is none.
    members : tuple of str
        Drivers that a group or a combination is made of; empty of one driver.
    p_value_adjusted : float
        `p_value_unity` adjusted for all the tests of one decomposition (Holm); what verdicts go by.
    p_value_beside_drift : float
        `p_value_unity` where a steady drift of no driver's is let in, adjusted likewise; NaN where it was not needed.
        A driver is blamed alone only where this is small, too: what drifts could else be something else.
    """

    name: str
    title: str
    identified: str
    reason: str
    coefficient: float
    std_error: float
    p_value_unity: float
    contribution: float
    contribution_std_error: float
    interval: tuple[float, float]
    stated: float
    truth: float | None = None
    coefficient_interval: tuple[float, float] = (math.nan, math.nan)
    p_value_adjusted: float = math.nan
    members: tuple[str, ...] = ()
    p_value_beside_drift: float = math.nan

    @property
    def passes_in_full(self) -> bool | None:
        """Whether a coefficient of 1 is not excluded; None where it was not tested."""
        return None if math.isnan(self.p_value_adjusted) else self.p_value_adjusted >= DOUBT

    @property
    def verdict(self) -> Verdict | None:
        """What the data say of what was stated; what is not rejected is not proven. None where it was not tested."""
        if self.passes_in_full is None:
            return None
        if not self.passes_in_full:
            return "it or a drift is not as stated" if self.p_value_beside_drift >= DOUBT else "not as stated"
        low, high = self.coefficient_interval
        return "cannot be told from nothing" if low <= 0.0 <= high else "compatible with full pass-through"

    def summary(self) -> Table:
        """Return coefficient, test and contribution as a table of one row."""
        frame = pd.DataFrame([self.row()], [self.title])
        return Table(frame, f"{self.title}, bp a year", FORMATS, reasons([self]))

    def row(self, interval: str = "interval") -> dict[str, object]:
        """Return the cells of the estimate's row in a table, its interval under the name given."""
        return {
            "identified": self.identified,
            "β": _coefficient(self),
            "p (β = 1)": self.p_value_unity,
            "bp a year": self.contribution / BASIS_POINT,
            "± se": self.contribution_std_error / BASIS_POINT,
            interval: _interval(self),
        }

    def to_dict(
        self, euler: Mapping[str, float] | None = None, lmg: Mapping[str, float] | None = None
    ) -> dict[str, object]:
        """Return the estimate in basis points a year, with its shares by horizon where a decomposition gives them."""
        entry: dict[str, object] = {
            "name": self.name,
            "identified": self.identified,
            "reason": self.reason,
            "coefficient": self.coefficient,
            "std_error": self.std_error,
            "p_value_unity": self.p_value_unity,
            "p_value_adjusted": self.p_value_adjusted,
            "p_value_beside_drift": self.p_value_beside_drift,
            "stated_bp": self.stated / BASIS_POINT,
            "contribution_bp": self.contribution / BASIS_POINT,
            "std_error_bp": self.contribution_std_error / BASIS_POINT,
            "interval_bp": [bound / BASIS_POINT for bound in self.interval],
            "euler_share": dict(euler or {}),
            "lmg_share": dict(lmg or {}),
        }
        if self.members:
            entry["members"] = list(self.members)
        if self.truth is not None:
            entry["truth_bp"] = self.truth * self.stated / BASIS_POINT
        return entry


class Rows:
    """The rows of a decomposition's table: drivers, groups and combinations, their p-values adjusted together."""

    def __init__(
        self, measured: tuple[Driver, ...], stated: pd.Series, identified: Identification, confidence: float
    ) -> None:
        self._fit, self._identified, self._confidence = identified.fit, identified, confidence
        members: dict[str, list[Driver]] = {}
        for driver in measured:
            members.setdefault(driver.exposure, []).append(driver)
        self._exposures = {one.name: one.exposure for one in measured} | {name: name for name in members}
        # By free exposure: what it would contribute a year at a coefficient of 1.
        self._rates = pd.Series(
            {name: sum(float(stated[one.name]) for one in members[name]) for name in self._fit.params.index},
            dtype=float,
        )
        shared = {name for name in self._rates.index if len(members[name]) > 1}
        drivers = [self._driver(driver, float(stated[driver.name]), driver.exposure in shared) for driver in measured]
        groups = [self._estimated(members[name], name, name) for name in self._rates.index if name in shared]
        combinations = [self._combination(names, members) for names in self._together()]
        tested = [row for row in (*drivers, *groups, *combinations) if not math.isnan(row.p_value_unity)]
        adjusted = dict(zip(map(id, tested), holm(pd.Series([row.p_value_unity for row in tested])), strict=True))
        self.drivers, self.groups, self.combinations = (
            tuple(
                replace(row, p_value_adjusted=float(adjusted[id(row)])) if id(row) in adjusted else row for row in some
            )
            for some in (drivers, groups, combinations)
        )
        self.drivers, self.groups = self._beside_a_drift(self.drivers), self._beside_a_drift(self.groups)

    def _beside_a_drift(self, rows: tuple[DriverEstimate, ...]) -> tuple[DriverEstimate, ...]:
        """Return the rows with a second test of those that are not as stated: are they beside a drift."""
        if not any(row.passes_in_full is False for row in rows):
            return rows
        p_values = holm(self._identified.p_values_beside_a_drift())
        return tuple(
            replace(row, p_value_beside_drift=float(p_values[self._exposures[row.name]]))
            if row.passes_in_full is False
            else row
            for row in rows
        )

    def _driver(self, driver: Driver, rate: float, shares: bool) -> DriverEstimate:
        how = self._identified.how(driver.exposure)
        if how == "estimated" and not shares:
            return self._estimated([driver], driver.exposure, driver.name)
        beta = float(self._fit.params.get(driver.exposure, 1.0))
        return DriverEstimate(
            name=driver.name,
            title=driver.title,
            identified="stated × group" if how == "estimated" else how,
            reason=self._identified.imposed.get(driver.exposure, ""),
            coefficient=beta,
            std_error=math.nan,
            p_value_unity=math.nan,
            contribution=beta * rate,
            contribution_std_error=math.nan,
            interval=(math.nan, math.nan),
            stated=rate,
            truth=driver.truth,
        )

    def _estimated(self, members: Sequence[Driver], exposure: str, name: str) -> DriverEstimate:
        """Return the row of a coefficient, its own driver's or its group's."""
        fit, rate = self._fit, float(self._rates[exposure])
        bounds = fit.conf_int(self._confidence)
        low, high = float(bounds["lower"][exposure]), float(bounds["upper"][exposure])
        beta, error = float(fit.params[exposure]), float(fit.std_errors[exposure])
        return DriverEstimate(
            name=name,
            title=_together_title([one.title for one in members]),
            identified="estimated",
            reason="",
            coefficient=beta,
            std_error=error,
            p_value_unity=float(fit.p_values_unity()[exposure]),
            contribution=beta * rate,
            contribution_std_error=error * abs(rate),
            interval=(min(low * rate, high * rate), max(low * rate, high * rate)),
            stated=rate,
            truth=members[0].truth if len({one.truth for one in members}) == 1 else None,
            coefficient_interval=(low, high),
            members=tuple(one.name for one in members) if len(members) > 1 else (),
        )

    def _together(self) -> list[tuple[str, ...]]:
        """Return the drivers that are hard to tell apart and whose sum is measured well: one set at most."""
        errors = self._fit.std_errors * self._rates.abs()
        hard = [str(name) for name, inflation in self._identified.inflation.items() if inflation > HIGH_INFLATION]
        found = []
        for names in (tuple(hard), *itertools.combinations(hard, 2)):
            if len(names) > 1:
                spread = self._spread(names)[1]
                found.append((spread / float(errors[list(names)].min()), -len(names), names))
        best = min(found, default=None)
        return [best[2]] if best is not None and best[0] < TOGETHER else []

    def _spread(self, names: Sequence[str]) -> tuple[float, float]:
        """Return the sum of some contributions, and its standard error."""
        weights = self._rates.where(self._rates.index.isin(list(names)), 0.0)
        value = float(weights.to_numpy() @ self._fit.params.to_numpy())
        return value, float(np.sqrt(weights.to_numpy() @ self._fit.cov.to_numpy() @ weights.to_numpy()))

    def _combination(self, names: Sequence[str], members: Mapping[str, Sequence[Driver]]) -> DriverEstimate:
        fit, (value, error) = self._fit, self._spread(names)
        stated = float(self._rates[list(names)].sum())
        if isinstance(fit, AveragedResult):
            weights = self._rates.where(self._rates.index.isin(list(names)), 0.0).to_numpy()
            mixture = fit.combination(weights)
            low, high = (float(end) for end in mixture.interval(self._confidence))
            p_value = float(mixture.p_value(stated))
        else:
            half = fit.quantile(self._confidence) * error
            low, high = value - half, value + half
            p_value = float(2.0 * stdtr(fit.df_resid, -abs(value - stated) / error))
        truths = {one.truth for name in names for one in members[name]}
        return DriverEstimate(
            name="+".join(names),
            title=_together_title([one.title for name in names for one in members[name]]),
            identified="combination",
            reason="",
            coefficient=math.nan,
            std_error=math.nan,
            p_value_unity=p_value,
            contribution=value,
            contribution_std_error=error,
            interval=(low, high),
            stated=stated,
            truth=truths.pop() if len(truths) == 1 else None,
            coefficient_interval=(low / stated, high / stated) if stated else (math.nan, math.nan),
            members=tuple(one.name for name in names for one in members[name]),
        )


def _together_title(titles: Sequence[str]) -> str:
    if len(titles) == 1:
        return titles[0]
    lower = [titles[0], *(title[0].lower() + title[1:] for title in titles[1:])]
    return f"{', '.join(lower[:-1])} and {lower[-1]} together"


def remainder_row(rate: float, chance: Chance) -> DriverEstimate:
    """Return the row of what is left, as uncertain as chance makes it."""
    return DriverEstimate(
        name=UNEXPLAINED,
        title="Unexplained",
        identified="remainder",
        reason="",
        coefficient=1.0,
        std_error=math.nan,
        p_value_unity=math.nan,
        contribution=rate,
        contribution_std_error=chance.std_error,
        interval=chance.interval,
        stated=rate,
    )


def _coefficient(part: DriverEstimate) -> str:
    if math.isnan(part.coefficient) or part.identified == "remainder":
        return ""
    digits = 5 if part.std_error < 1e-3 else 3
    return plus_minus(part.coefficient, part.std_error, digits)


def _interval(part: DriverEstimate) -> str:
    return interval_text(part.interval)


def interval_text(interval: tuple[float, float]) -> str:
    """Return the ends of an interval in basis points, or an empty text where there is none."""
    low, high = (bound / BASIS_POINT for bound in interval)
    return "" if math.isnan(low) else f"{unsigned_zero(f'{low:+.2f}')} to {unsigned_zero(f'{high:+.2f}')}"


def reasons(parts: Sequence[DriverEstimate]) -> tuple[str, ...]:
    """Return why parts were imposed, a sentence each."""
    said = {"identity": "is an identity"}
    return tuple(
        f"{part.title} {said.get(part.identified, 'is imposed')}: {part.reason}." for part in parts if part.reason
    )

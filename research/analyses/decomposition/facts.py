"""Why a fund did not earn what its benchmark earned: everything that the answer rests on."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Self

import numpy as np

from research.alignment.history import History
from research.analyses.expense_ratio.fee_break import DayOfChange, day_of_change, find_fee_break
from research.analyses.measures import Measures, measure_basis
from research.conventions import check_confidence
from research.decomposition import (
    AutocorrelationTest,
    Decomposition,
    DriverEstimate,
    FeeRegimes,
    SlopeBreak,
    autocorrelation_test,
    decompose,
    fee_regimes,
)
from research.decomposition.identification import Error, Policy
from research.errors import ParameterError
from research.metrics import tracking_error

__all__ = ["ExplanationFacts"]

COMES_BACK = 0.7
"""Tracking error over the longest horizon, as a share of the daily one, below which the premium's noise comes back."""

MOST = 0.5
"""Share of a variance from which it is called most of it."""

LONGEST = 21
"""Sessions of the longest horizon that the sentence on market price compares with the daily one."""

NAIVE = 2.0
"""How many times the tracking error must be without a calendar before it is said."""

CHANGES = 0.05
"""P-value of a constant variance below which the noise is said to change."""


@dataclass(frozen=True, eq=False)
class ExplanationFacts:
    """Why a fund did not earn what its benchmark earned.

    Parameters
    ----------
    history : History
        The sample.
    bases : mapping of str to Decomposition
        ``"nav"`` and, where there is a market close, ``"price"``.
    measures : mapping of str to Measures
        Tracking difference and error by basis.
    regimes : FeeRegimes or None
        Rates by period of the stated schedule.
    fee_break : SlopeBreak or None
        The day on which the drift of the NAV divergence changed, found without the schedule; None where the sample
        is too short to look.
    without_flagged : float
        Price tracking error without the closes that a screen flags, a fraction a year; NaN where there are none.
    autocorrelation : AutocorrelationTest
        Whether the noise that comes back takes its time, on NAV basis.
    seed : int
        What seeded the simulated intervals.
    """

    history: History
    bases: Mapping[str, Decomposition]
    measures: Mapping[str, Measures]
    regimes: FeeRegimes | None
    fee_break: SlopeBreak | None
    without_flagged: float
    autocorrelation: AutocorrelationTest
    seed: int

    @classmethod
    def of(
        cls,
        history: History,
        bases: Mapping[str, Decomposition] | None,
        *,
        horizons: Sequence[int],
        confidence: float,
        policy: Policy,
        error: Error,
        seed: int,
        draws: int,
    ) -> Self:
        """Decompose every basis and gather the rest; parameters and errors are those of `explain`."""
        check_confidence(confidence)
        if bases is None:
            options = {"horizons": horizons, "confidence": confidence, "policy": policy, "error": error}
            bases = {basis: decompose(history, basis, **options) for basis in history.bases}  # type: ignore[arg-type]
        if "nav" not in bases:
            raise ParameterError("bases holds no 'nav': decompose net asset value too, which every report opens with")
        nav = bases["nav"].fit
        return cls(
            history=history,
            bases=dict(bases),
            measures={
                name: measure_basis(history, name, bases[name].fit, horizons, confidence)
                for name in history.bases
                if name in bases
            },
            regimes=fee_regimes(history, confidence=confidence),
            fee_break=find_fee_break(history, confidence=confidence, seed=seed, draws=draws),
            without_flagged=_without_flagged(history),
            autocorrelation=autocorrelation_test(nav.level, nav.drivers, positions=history.positions),
            seed=seed,
        )

    @cached_property
    def day_of_change(self) -> DayOfChange:
        """The day found beside the day that is stated."""
        return day_of_change(self.fee_break, self.history.fund)

    @cached_property
    def premium_part(self) -> DriverEstimate | None:
        """The premium's part on price basis; None without a close."""
        if "price" not in self.bases:
            return None
        return next((part for part in self.bases["price"].drivers if part.name == "premium_discount"), None)

    @cached_property
    def premium_ends(self) -> tuple[float, float]:
        """First and last log premium; NaN without a close."""
        if "close" not in self.history.frame:
            return math.nan, math.nan
        known = self.history.premium.dropna()
        return float(known.iloc[0]), float(known.iloc[-1])

    @cached_property
    def long_horizon(self) -> int | None:
        """The horizon that is compared with one session on price basis; None where there is none."""
        price = self.measures.get("price")
        if price is None or len(price.horizons) < 2:
            return None
        return max(horizon for horizon in price.horizons if horizon <= LONGEST)

    @cached_property
    def premium_share(self) -> float:
        """Share of the daily tracking error variance at market price that is the premium's; NaN without a close."""
        if "price" not in self.bases:
            return math.nan
        euler = self.bases["price"].euler.iloc[:, 0]
        return float(euler["premium_discount"]) if "premium_discount" in euler.index else math.nan

    @property
    def price_noise(
        self,
    ) -> Literal["premium that comes back", "premium", "not the premium", "premium and rest offset", "not known"]:
        """Whether most of the tracking error at market price is the premium, and whether it comes back.

        A share outside 0 to 1 is none: the premium and the rest then move against each other.
        """
        if self.long_horizon is None or math.isnan(self.premium_share):
            return "not known"
        if round(abs(self.premium_share - 0.5), 2) > 0.5:
            return "premium and rest offset"
        if self.premium_share < MOST:
            return "not the premium"
        price = self.measures["price"]
        comes_back = price.horizons[self.long_horizon] < COMES_BACK * price.daily
        return "premium that comes back" if comes_back else "premium"

    @cached_property
    def flagged_share(self) -> float:
        """Share of the price tracking error's variance that flagged closes make; NaN where there are none."""
        if math.isnan(self.without_flagged):
            return math.nan
        return 1.0 - (self.without_flagged / self.measures["price"].daily) ** 2

    @property
    def calendar_matters(self) -> bool:
        """Whether reading the file without an exchange calendar would show another tracking error."""
        naive = self.history.naive
        return naive is not None and naive.all_rows_bp > NAIVE * naive.sessions_bp

    @cached_property
    def p_value_constant_variance(self) -> float:
        """P-value of noise on net asset value whose variance does not change."""
        return self.bases["nav"].fit.changing_variance()

    @property
    def noise(self) -> Literal["changes", "no change found"]:
        """Whether the noise of net asset value changes through time."""
        return "changes" if self.p_value_constant_variance < CHANGES else "no change found"

    @property
    def noise_takes_its_time(self) -> bool:
        """Whether the noise that comes back takes its time, and the regression does not know it."""
        return self.autocorrelation.recommended and self.bases["nav"].fit.phi == 0.0


def _without_flagged(history: History) -> float:
    """Return the price tracking error with flagged closes left out; NaN where no close is flagged."""
    flagged = [item.session for item in history.findings if item.rule == "stale_value" and item.series == "close"]
    if not flagged or "close" not in history.frame:
        return float("nan")
    kept = history.frame[["close", "benchmark"]].copy()
    kept.loc[flagged, "close"] = float("nan")
    returns = kept.apply(np.log).diff().iloc[1:] * [1.0, history.multiple]
    return tracking_error(returns["close"], returns["benchmark"], periods_per_year=history.periods_per_year)

"""Staking as the data show it: reward, fee, tax scenarios, two kinds of benchmark, and the yield to expect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Self

from research.alignment.history import History
from research.analyses.measures import Measures, measure_basis
from research.analyses.staking.benchmarks import price_return, total_return
from research.analyses.staking.terms import ImpliedTax, StakingAverages, averages, implied_tax
from research.conventions import BASIS_POINT
from research.decomposition import Decomposition, DriverEstimate, decompose
from research.decomposition.estimates import Verdict
from research.drivers import expected_staking_yield, is_ether, net_staking_yield, realised_scenarios
from research.tables import Table

__all__ = ["StakingFacts"]

CLOSE = 0.001
"""Yield beyond the protocol's issuance, a fraction a year, that priority fees would have to make."""


@dataclass(frozen=True, eq=False)
class StakingFacts:
    """What staking did for a fund.

    Parameters
    ----------
    history : History
        Of a fund that stakes.
    result : Decomposition
        Against the history's own benchmark, NAV basis.
    against : dict of str to Decomposition
        Against a price-return and against a total-return benchmark.
    measures : Measures
        Tracking difference and error against the history's own benchmark.
    means : StakingAverages
        Yield, share and fees since the fund stakes.
    tax : ImpliedTax
        What share of the reward the NAV lacks after the staking fee.
    tax_rates : tuple of float
        Scenarios.
    holders : float
        Fraction of holders who bear the tax.
    network_staked : float
        Ether staked in the whole network.
    expected : float or None
        Yield that the protocol's issuance leads one to expect, a fraction a year; None of another asset than ether.
    confidence : float
        Nominal coverage of the intervals.
    """

    history: History
    result: Decomposition
    against: dict[str, Decomposition]
    measures: Measures
    means: StakingAverages
    tax: ImpliedTax
    tax_rates: tuple[float, ...]
    holders: float
    network_staked: float
    expected: float | None
    confidence: float

    @classmethod
    def of(
        cls,
        history: History,
        *,
        tax_rates: Sequence[float],
        holders: float,
        network_staked: float,
        participation: float,
        priority_fees: float,
        horizons: Sequence[int],
        confidence: float,
    ) -> Self:
        """Measure; parameters and errors are those of `staking`."""
        means = averages(history)
        # A wrong parameter is refused whatever the asset is.
        issued = expected_staking_yield(network_staked, participation=participation, priority_fees=priority_fees)
        options = {"horizons": horizons, "confidence": confidence}
        result = decompose(history, "nav", **options)  # type: ignore[arg-type]
        plain = price_return(history)
        against = {
            "price-return": decompose(plain, "nav", **options),  # type: ignore[arg-type]
            "total-return": decompose(total_return(plain, means.yields), "nav", **options),  # type: ignore[arg-type]
        }
        return cls(
            history=history,
            result=result,
            against=against,
            measures=measure_basis(history, "nav", result.fit, horizons, confidence),
            means=means,
            tax=implied_tax(plain, against["price-return"], confidence),
            tax_rates=tuple(tax_rates),
            holders=holders,
            network_staked=network_staked,
            expected=issued if is_ether(history.fund.asset) else None,
            confidence=confidence,
        )

    def net_yield(self, tax_rate: float) -> float:
        """Return the yield on net asset value that one tax scenario leaves, a fraction a year."""
        means = self.means
        return net_staking_yield(
            staking_yield=means.staking_yield,
            staked_share=means.staked_share,
            fee_share=means.fee_share,
            tax_rate=tax_rate,
            holders=self.holders,
            expense_ratio=means.expense_ratio,
        )

    def part(self, name: str) -> DriverEstimate | None:
        """Return one driver of the decomposition, or None where it does not apply."""
        return next((part for part in self.result.drivers if part.name == name), None)

    @property
    def exposure(self) -> DriverEstimate:
        """The row that holds the coefficient which reward, fee and tax share."""
        found = self.result.tested("staking_reward")
        assert found is not None
        return found

    @property
    def passes_through(self) -> Verdict | Literal["imposed"]:
        """Whether reward, fee and tax reach net asset value as stated; they share one coefficient."""
        return self.exposure.verdict or "imposed"

    @cached_property
    def scenarios_inside(self) -> tuple[float, ...]:
        """Tax rates of the scenarios that the interval of what is withheld holds."""
        low, high = self.tax.interval
        return tuple(rate for rate in self.tax_rates if low <= rate * self.holders <= high)

    @property
    def withheld(self) -> Literal["nothing", "nothing or a scenario", "a scenario", "none of the scenarios"]:
        """What the net asset value says of the tax that the fund withholds."""
        low, high = self.tax.interval
        some = any(rate > 0.0 for rate in self.scenarios_inside)
        if low <= 0.0 <= high:
            return "nothing or a scenario" if some else "nothing"
        return "a scenario" if self.scenarios_inside else "none of the scenarios"

    @property
    def sign_depends_on_benchmark(self) -> bool:
        """Whether the fund gained against one kind of benchmark and lost against the other."""
        price, total = (self.against[name].tracking_difference for name in ("price-return", "total-return"))
        return price * total < 0

    @property
    def beyond_issuance(self) -> Literal["simulated", "priority fees", "issuance", "not ether"]:
        """What the yield of the fund's series has to come from."""
        if self.expected is None:
            return "not ether"
        if self.history.fund.simulated:
            return "simulated"
        return "priority fees" if self.means.staking_yield - self.expected > CLOSE else "issuance"

    def realised_table(self) -> Table:
        """Return what staking added over the sample under every tax scenario."""
        return realised_scenarios(self.history, tax_rates=self.tax_rates, holders=self.holders)

    def to_record(self) -> dict[str, object]:
        """Return the ``staking`` object of the result."""
        means, tax = self.means, self.tax
        realised = self.realised_table().frame.loc["Together"]
        return {
            "since": means.since,
            "gross_yield": means.staking_yield,
            "staked_share": means.staked_share,
            "fee_share": means.fee_share,
            "expense_ratio_bp": means.expense_ratio / BASIS_POINT,
            "holders": self.holders,
            "scenarios": [
                {
                    "tax_rate": rate,
                    "net_yield_bp": self.net_yield(rate) / BASIS_POINT,
                    "against_total_return_bp": (self.net_yield(rate) - means.staking_yield) / BASIS_POINT,
                    "realised_bp": float(gain),
                }
                for rate, gain in zip(self.tax_rates, realised, strict=True)
            ],
            "implied_tax": {
                "rate": tax.rate,
                "std_error": tax.std_error,
                "interval": list(tax.interval),
                "truth": tax.truth,
            },
            "tracking_difference_bp": {
                name.replace("-", "_"): one.tracking_difference / BASIS_POINT for name, one in self.against.items()
            },
            "network_staked": None if self.expected is None else self.network_staked,
            "expected_yield": self.expected,
        }

"""What a report on staking says in sentences, generated from its numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from research.analyses.phrases import bp, fund_name, interval_text, joined, number, percent, simulated_note

if TYPE_CHECKING:
    from research.analyses.staking.facts import StakingReport

__all__ = ["staking_conclusions", "staking_limits"]

_CLOSE = 0.001


def staking_conclusions(report: StakingReport) -> tuple[str, ...]:
    """Return what follows about staking, the most important first."""
    parts = (_reward, _pass_through, _tax, _scenarios, _benchmarks, _issuance)
    return (*simulated_note(report.history.fund), *(sentence for part in parts for sentence in part(report)))


def staking_limits(report: StakingReport) -> tuple[str, ...]:
    """Return what the numbers cannot say of staking."""
    parts = (_one_coefficient, _holders_tax, _constant, _issued, _liquidity)
    return tuple(sentence for part in parts for sentence in part(report))


def _reward(report: StakingReport) -> Iterator[str]:
    means, fund = report.means, report.history.fund
    taken = [f"staking fee {report.contribution('staking_fee')}"] if report.contribution("staking_fee") else []
    if report.contribution("staking_tax"):
        taken.append(f"tax {report.contribution('staking_tax')}")
    yield (
        f"Since {means.since:%Y-%m-%d} {fund_name(fund)} staked {percent(means.staked_share, 1)} of its coins at a "
        "gross "
        f"reward of {percent(means.staking_yield, 2)} a year. Over the whole sample that added "
        f"{report.contribution('staking_reward')}" + (f"; from it went {joined(taken)}." if taken else ".")
    )


def _pass_through(report: StakingReport) -> Iterator[str]:
    part = next(part for part in report.result.drivers if part.name == "staking_reward")
    if part.identified != "estimated":
        yield f"The data cannot say how much of it passes through: its coefficient is imposed ({part.reason})."
        return
    whole = part.p_value_unity >= 0.05
    yield (
        f"Reward, fee and tax pass through with one coefficient, {number(part.coefficient, part.std_error)}"
        + (
            ": in full, within its error."
            if whole
            else ", which is not 1: yield, share or deductions are not as given."
        )
    )


def _tax(report: StakingReport) -> Iterator[str]:
    tax = report.tax
    low, high = tax.interval
    inside = [rate for rate in report.tax_rates if low <= rate * report.holders <= high]
    verdict = (
        f"which agrees with a tax of {joined([percent(rate) for rate in inside])} and with no other scenario"
        if inside
        else "which is none of the scenarios"
    )
    if low <= 0.0 <= high:
        verdict = "which is nothing within its interval: the fund withholds no tax"
        others = [rate for rate in inside if rate > 0.0]
        if others:
            verdict = (
                f"which neither rules out that nothing is withheld nor a tax of {joined([percent(r) for r in others])}"
            )
    truth = "" if tax.truth is None else f" The truth is {percent(tax.truth)}."
    yield (
        f"{number(tax.rate, tax.std_error)} of the reward after staking fee never reaches net asset value "
        f"({percent(report.confidence)} interval {interval_text(tax.interval, 3)}), {verdict}.{truth}"
    )


def _scenarios(report: StakingReport) -> Iterator[str]:
    parts = [f"{bp(report.net_yield(rate), signed=True)} with a tax of {percent(rate)}" for rate in report.tax_rates]
    yield (
        f"At these averages the net yield on net asset value, after staking fee and an expense ratio of "
        f"{bp(report.means.expense_ratio)}, is {joined(parts)} on {percent(report.holders)} of holders. Tax is a "
        "scenario: "
        "the source of staking income is unsettled."
    )


def _benchmarks(report: StakingReport) -> Iterator[str]:
    price, total = report.against["price-return"], report.against["total-return"]
    yield (
        f"Against a benchmark of prices the fund {_verb(price.tracking_difference)} "
        f"{bp(abs(price.tracking_difference))} a year, against one that stakes all its coins it "
        f"{_verb(total.tracking_difference)} {bp(abs(total.tracking_difference))}: the same fund, and the choice of "
        "benchmark decides the sign."
        if price.tracking_difference * total.tracking_difference < 0
        else f"Against a benchmark of prices the fund {_verb(price.tracking_difference)} "
        f"{bp(abs(price.tracking_difference))} a year, against one that stakes all its coins it "
        f"{_verb(total.tracking_difference)} {bp(abs(total.tracking_difference))}."
    )


def _verb(difference: float) -> str:
    return "lost" if difference < 0 else "gained"


def _issuance(report: StakingReport) -> Iterator[str]:
    gap = report.means.staking_yield - report.expected
    yardstick = (
        "; a simulated reward was drawn without regard to it"
        if report.history.fund.simulated
        else ", which priority fees and payments for ordering transactions would have to make"
        if gap > _CLOSE
        else ""
    )
    yield (
        f"With {report.network_staked / 1e6:.1f} million ether staked, the protocol's issuance leads one to expect "
        f"{percent(report.expected, 2)} a year on staked coins; the fund's series has {bp(gap, signed=True)} "
        f"on that{yardstick}."
    )


def _one_coefficient(report: StakingReport) -> Iterator[str]:
    if sum(part.name.startswith("staking_") for part in report.result.drivers) > 1:
        yield (
            "What is taken off a reward is proportional to it: fee and tax have no coefficients of their own, and a "
            "higher "
            "fee cannot be told from a higher tax. The tax above rests on the staking fee as stated."
        )
    for part in report.result.drivers:
        if part.identified == "imposed":
            yield f"{part.title} is imposed at its stated value, not measured ({part.reason})."


def _holders_tax(report: StakingReport) -> Iterator[str]:
    yield (
        f"A tax that {report.history.fund.ticker}'s holders owe is not in its net asset value. The scenarios say what "
        "would be left to a holder who bears it; they are no tax advice, and none of the rates is a fact."
    )


def _constant(report: StakingReport) -> Iterator[str]:
    if "staking_yield" not in report.history.inputs or "staked_share" not in report.history.inputs:
        yield "Yield or staked share is one published number, held constant: rewards move from day to day."


def _issued(report: StakingReport) -> Iterator[str]:
    yield (
        f"The expected yield is the protocol's issuance on {report.network_staked:,.0f} ether staked, a parameter of "
        "this "
        "report. Priority fees and what block builders pay come on top and are not in it."
    )


def _liquidity(report: StakingReport) -> Iterator[str]:
    yield (
        f"That {percent(report.means.staked_share)} is staked also means that as much cannot be sold at once: exit "
        "queues, "
        "slashing and what a fund pays for liquidity are not in these data."
    )

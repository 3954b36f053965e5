"""What the facts about staking say in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from research.analyses.phrases import (
    bp,
    fund_name,
    gained_or_lost,
    interval_text,
    joined,
    number,
    percent,
    plus_minus_bp,
    simulated,
)
from research.analyses.staking.facts import StakingFacts
from research.analyses.statement import Statement, Statements
from research.conventions import BASIS_POINT

__all__ = ["conclusions", "limits"]


def conclusions(facts: StakingFacts) -> Statements:
    """Return what follows about staking, the most important first."""
    parts = (_reward, _pass_through, _tax, _scenarios, _benchmarks, _issuance)
    said = (statement for part in parts for statement in part(facts))
    return Statements((*simulated(facts.history.fund), *said))


def limits(facts: StakingFacts) -> Statements:
    """Return what the numbers cannot say of staking."""
    parts = (_one_coefficient, _imposed, _holders_tax, _constant, _issued, _liquidity)
    return Statements(statement for part in parts for statement in part(facts))


def _contribution(facts: StakingFacts, name: str) -> str:
    """Return one driver's contribution with its error, or an empty text where it does not apply."""
    part = facts.part(name)
    return "" if part is None else f"{plus_minus_bp(part.contribution, part.contribution_std_error)} a year"


def _reward(facts: StakingFacts) -> Iterator[Statement]:
    means, fund = facts.means, facts.history.fund
    named = (("staking fee", "staking_fee"), ("tax", "staking_tax"))
    taken = [f"{said} {found}" for said, name in named if (found := _contribution(facts, name))]
    yield Statement(
        "staking_reward",
        f"Since {means.since:%Y-%m-%d} {fund_name(fund)} staked {percent(means.staked_share, 1)} of its coins at a "
        f"gross reward of {percent(means.staking_yield, 2)} a year. Over the whole sample that added "
        f"{_contribution(facts, 'staking_reward')}" + (f"; from it went {joined(taken)}." if taken else "."),
        values={"since": means.since, "staked_share": means.staked_share, "gross_yield": means.staking_yield},
    )


def _pass_through(facts: StakingFacts) -> Iterator[Statement]:
    part, verdict = facts.exposure, facts.passes_through
    low, high = part.coefficient_interval
    said = {
        "compatible with full pass-through": f"compatible with passing in full; {low:.2f} to {high:.2f} not excluded",
        "cannot be told from nothing": f"which cannot be told from 1, nor from 0; {low:.2f} to {high:.2f} not excluded",
        "not as stated": "which is not 1: yield, share or deductions are not as given",
        "it or a drift is not as stated": "which is not 1: yield, share or deductions are not as given, or something "
        "else drifts as steadily, and the data cannot tell the two apart",
    }.get(verdict, "")
    text = (
        f"Reward, fee and tax pass through with one coefficient, {number(part.coefficient, part.std_error)}, {said}."
        if said
        else f"The data cannot say how much of it passes through: its coefficient is imposed ({part.reason})."
    )
    values = {"coefficient": part.coefficient, "std_error": part.std_error, "p_value_unity": part.p_value_unity}
    yield Statement("staking_reward.passes_through", text, verdict, values)


def _tax(facts: StakingFacts) -> Iterator[Statement]:
    tax, inside = facts.tax, facts.scenarios_inside
    named = joined([percent(rate) for rate in inside if rate])
    said = {
        "nothing": "which cannot be told from nothing",
        "nothing or a scenario": f"which neither rules out that nothing is withheld nor a tax of {named}",
        "a scenario": f"which agrees with a tax of {named} and with no other scenario",
        "none of the scenarios": "which is none of the scenarios",
    }[facts.withheld]
    truth = "" if tax.truth is None else f" The truth is {percent(tax.truth)}."
    yield Statement(
        "staking_tax.withheld",
        f"{number(tax.rate, tax.std_error)} of the reward after staking fee never reaches net asset value "
        f"({percent(facts.confidence)} interval {interval_text(tax.interval, 3)}), {said}.{truth}",
        facts.withheld,
        {"rate": tax.rate, "std_error": tax.std_error, "interval": list(tax.interval), "scenarios": list(inside)},
    )


def _scenarios(facts: StakingFacts) -> Iterator[Statement]:
    found = {rate: facts.net_yield(rate) for rate in facts.tax_rates}
    parts = [f"{bp(net, signed=True)} with a tax of {percent(rate)}" for rate, net in found.items()]
    yield Statement(
        "staking_tax.scenarios",
        f"At these averages the net yield on net asset value, after staking fee and an expense ratio of "
        f"{bp(facts.means.expense_ratio)}, is {joined(parts)} on {percent(facts.holders)} of holders. Tax is a "
        "scenario: the source of staking income is unsettled.",
        values={f"net_yield_at_{100 * rate:g}_percent_bp": net / BASIS_POINT for rate, net in found.items()},
    )


def _benchmarks(facts: StakingFacts) -> Iterator[Statement]:
    price, total = (facts.against[name].tracking_difference for name in ("price-return", "total-return"))
    both = facts.sign_depends_on_benchmark
    yield Statement(
        "staking_reward.benchmarks",
        f"Against a benchmark of prices the fund {gained_or_lost(price)} {bp(abs(price))} a year, against one that "
        f"stakes all its coins it {gained_or_lost(total)} {bp(abs(total))}"
        + (": the same fund, and the choice of benchmark decides the sign." if both else "."),
        "sign depends on the benchmark" if both else "same sign",
        {"price_return_bp": price / BASIS_POINT, "total_return_bp": total / BASIS_POINT},
    )


def _issuance(facts: StakingFacts) -> Iterator[Statement]:
    if facts.expected is None:
        return
    gap = facts.means.staking_yield - facts.expected
    yardstick = {
        "simulated": "; a simulated reward was drawn without regard to it",
        "priority fees": ", which priority fees and payments for ordering transactions would have to make",
        "issuance": "",
        "not ether": "",
    }[facts.beyond_issuance]
    yield Statement(
        "staking_reward.issuance",
        f"With {facts.network_staked / 1e6:.1f} million ether staked, the protocol's issuance leads one to expect "
        f"{percent(facts.expected, 2)} a year on staked coins; the fund's series has {bp(gap, signed=True)} "
        f"on that{yardstick}.",
        facts.beyond_issuance,
        {"expected_yield": facts.expected, "gap_bp": gap / BASIS_POINT},
    )


def _one_coefficient(facts: StakingFacts) -> Iterator[Statement]:
    if sum(part.name.startswith("staking_") for part in facts.result.drivers) > 1:
        yield Statement(
            "staking_tax.one_coefficient",
            "What is taken off a reward is proportional to it: fee and tax have no coefficients of their own, and a "
            "higher fee cannot be told from a higher tax. The tax above rests on the staking fee as stated.",
        )


def _imposed(facts: StakingFacts) -> Iterator[Statement]:
    for part in facts.result.drivers:
        if part.identified == "imposed":
            text = f"{part.title} is imposed at its stated value, not measured ({part.reason})."
            yield Statement("driver.imposed", text, "imposed", {"driver": part.name})


def _holders_tax(facts: StakingFacts) -> Iterator[Statement]:
    yield Statement(
        "staking_tax.holders",
        f"A tax that {facts.history.fund.ticker}'s holders owe is not in its net asset value. The scenarios say what "
        "would be left to a holder who bears it; they are no tax advice, and none of the rates is a fact.",
    )


def _constant(facts: StakingFacts) -> Iterator[Statement]:
    if "staking_yield" not in facts.history.inputs or "staked_share" not in facts.history.inputs:
        yield Statement(
            "staking_reward.constant",
            "Yield or staked share is one published number, held constant: rewards move from day to day.",
        )


def _issued(facts: StakingFacts) -> Iterator[Statement]:
    if facts.expected is None:
        yield Statement(
            "staking_reward.network",
            f"What the protocol of {facts.history.fund.asset} issues to validators is not known here: whether the "
            "reward is what its network pays was not looked at.",
            "not known",
        )
        return
    yield Statement(
        "staking_reward.network",
        f"The expected yield is the protocol's issuance on {facts.network_staked:,.0f} ether staked, a parameter of "
        "this report. Priority fees and what block builders pay come on top and are not in it.",
        values={"network_staked": facts.network_staked},
    )


def _liquidity(facts: StakingFacts) -> Iterator[Statement]:
    yield Statement(
        "staking_reward.liquidity",
        f"That {percent(facts.means.staked_share)} is staked also means that as much cannot be sold at once: exit "
        "queues, slashing and what a fund pays for liquidity are not in these data.",
    )

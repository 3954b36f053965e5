"""What the facts about an expense ratio say in sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator

from research.analyses.expense_ratio.facts import ExpenseRatioFacts
from research.analyses.expense_ratio.fee_break import DayOfChange
from research.analyses.phrases import bp, fund_name, joined, p_text, percent, plus_minus_bp, simulated
from research.analyses.statement import Statement, Statements
from research.conventions import BASIS_POINT
from research.decomposition import FeeRegime, FeeRegimes

__all__ = ["change_statements", "conclusions", "limits", "period_statements"]


def conclusions(facts: ExpenseRatioFacts) -> Statements:
    """Return what follows about the fee, the most important first."""
    parts = (_truth, _estimators, _power, _tiers, _coins)
    return Statements(
        (
            *simulated(facts.history.fund),
            *period_statements(facts.regimes),
            *change_statements(facts.day_of_change),
            *(statement for part in parts for statement in part(facts)),
        )
    )


def limits(facts: ExpenseRatioFacts) -> Statements:
    """Return what the numbers cannot say of the fee."""
    parts = (_mismatch, _cost, _conventions, _changing, _power_limits, _assets)
    return Statements(statement for part in parts for statement in part(facts))


def period_statements(regimes: FeeRegimes | None) -> Iterator[Statement]:
    """Yield what each period of the fee schedule was found to charge, and how that stands to what is stated."""
    for regime in () if regimes is None else regimes.regimes:
        when = f"From {regime.start:%Y-%m-%d} to {regime.end:%Y-%m-%d} the"
        found = f"{plus_minus_bp(regime.estimated, regime.std_error)} a year"
        if regime.agrees:
            text = f"{when} data show a fee of {found}, which agrees with the stated {_stated(regime)}."
        else:
            text = (
                f"{when} net asset value loses {found}, which disagrees with the stated {_stated(regime)} (p "
                f"{p_text(regime.p_value)}): it is the fee, or a cost beside it that drifts as steadily; the data "
                "cannot tell."
            )
        yield Statement(
            "expense_ratio.period",
            text,
            "agrees" if regime.agrees else "disagrees",
            {
                "start": regime.start,
                "end": regime.end,
                "estimated_bp": regime.estimated / BASIS_POINT,
                "std_error_bp": regime.std_error / BASIS_POINT,
                "stated_bp": regime.stated / BASIS_POINT,
                "p_value": regime.p_value,
            },
        )


def _stated(regime: FeeRegime) -> str:
    return "waiver (0 bp)" if regime.stated == 0.0 else bp(regime.stated)


def change_statements(change: DayOfChange) -> Iterator[Statement]:
    """Yield on which day the drift changed, and how that day stands to the schedule; nothing where none was sought."""
    found = change.found
    if found is None:
        return
    values = {
        **found.to_dict(),
        "stated": change.stated,
        "days_away": change.days_away,
        "sessions_on_the_shorter_side": min(found.sessions),
    }
    if change.real is None:
        text = f"No change of the drift is found in the data alone (p {p_text(found.p_value)})."
        yield Statement("expense_ratio.day_of_change", text, change.verdict, values)
        return
    low, high = found.interval
    edge = ""
    if found.near_edge:
        edge = f" Near an edge of the sample, {min(found.sessions)} sessions away, a day and a slope are hardly known."
    where = ""
    if change.stated is not None and not change.days_away:
        where = ": to the day when the stated fee changes"
    elif change.stated is not None and change.days_away:
        away = abs(change.days_away)
        side = "inside" if change.verdict == "inside the interval" else "outside"
        where = (
            f"; the stated fee changes on {change.stated:%Y-%m-%d}, {away} day{'s' if away > 1 else ''} away and "
            f"{side} the interval"
        )
    text = (
        f"Looked for without the schedule, the drift of the net asset value changes on {found.date:%Y-%m-%d} "
        f"({percent(found.confidence)} interval {low:%Y-%m-%d} to {high:%Y-%m-%d}), from "
        f"{bp(found.slope_before, signed=True)} to {bp(found.slope_after, signed=True)} a year{where}.{edge}"
    )
    yield Statement("expense_ratio.day_of_change", text, change.verdict, values)


def _truth(facts: ExpenseRatioFacts) -> Iterator[Statement]:
    gaps = facts.errors_from_truth
    if gaps:
        yield Statement(
            "expense_ratio.truth",
            f"The truth lies {max(gaps):.1f} standard errors from the estimate in the worst period "
            f"of {len(gaps)} (two are usual one time in twenty).",
            values={"errors_away": max(gaps), "periods": len(gaps)},
        )


def _estimators(facts: ExpenseRatioFacts) -> Iterator[Statement]:
    if math.isnan(facts.precision_gained):
        return
    rates, errors = facts.estimators.rates.iloc[:, -1], facts.estimators.errors.iloc[:, -1]
    yield Statement(
        "expense_ratio.precision",
        f"The regression of {facts.history.frequency} changes finds "
        f"{plus_minus_bp(rates['changes with constant'], errors['changes with constant'])} a year in the last period, "
        f"the local-level regression {plus_minus_bp(rates['local level'], errors['local level'])}: the level of the "
        f"divergence carries {_precision(facts.precision_gained)} its changes.",
        values={"precision_gained": facts.precision_gained},
    )
    hac = facts.hac_levels
    if hac.claims_too_much:
        wanders = ": they do not know that the remainder wanders" if facts.remainder_wanders else ""
        yield Statement(
            "expense_ratio.hac_levels",
            f"Levels with HAC errors claim {plus_minus_bp(hac.rate, hac.std_error)}, {hac.errors_away:.1f} of their "
            f"own errors away from the local-level estimate{wanders}.",
            "claims too much" if facts.remainder_wanders else "apart",
            {"errors_away": hac.errors_away, "wanders": facts.remainder_wanders},
        )


def _precision(gained: float) -> str:
    """Return how precise the level is beside changes."""
    if round(gained, 1) == 1.0:
        return "no more precision than"
    if gained < 1.0:
        return "less precision than"
    return f"{gained:,.{0 if gained >= 10 else 1}f} times the precision of"


def _power(facts: ExpenseRatioFacts) -> Iterator[Statement]:
    found = facts.detectable
    if not len(found):
        return
    # A longer wait cannot hide a change, but one that began beside a stated change is taken for that.
    falls = found <= found.cummin()
    shown = [h for h in dict.fromkeys((found.index[0], 21, found.index[falls][-1])) if h in found.index[falls]]
    parts = [f"{bp(float(found[h]))} after {h} {facts.history.period}s" for h in shown]
    beside = joined([str(h) for h in found.index[~falls]])
    left_out = f" {beside} {facts.history.period}s ago it takes more: a stated driver moves alike." if beside else ""
    yield Statement(
        "expense_ratio.power",
        f"A change of the fee would be noticed ({percent(facts.power)} of the time, false alarms "
        f"{percent(1 - facts.confidence)}) from a size of {', '.join(parts)}.{left_out}",
        values={f"after_{h}_sessions_bp": float(found[h]) / BASIS_POINT for h in shown},
    )


def _tiers(facts: ExpenseRatioFacts) -> Iterator[Statement]:
    for one in facts.quarters:
        if math.isnan(one.disclosed):
            continue
        yield Statement(
            "expense_ratio.tiers",
            f"In {one.label} tiers applied to each day's assets give a waiver of ${one.waived:,.0f}; the fund "
            f"disclosed ${one.disclosed:,.0f} ({100 * (one.waived / one.disclosed - 1):+.2f} %). From average assets "
            f"it would be ${one.shortcut:,.0f} ({100 * (one.shortcut / one.disclosed - 1):+.2f} %).",
            values=one.to_dict(),
        )
    tiered = facts.tiered
    if tiered is not None:
        yield Statement(
            "expense_ratio.dollar_and_day",
            f"Over the {tiered.days} days with tiers {fund_name(facts.history.fund)} charged {bp(tiered.per_dollar)} a "
            f"year on the average dollar and {bp(tiered.per_day)} on the average day: the second is what a share held "
            "throughout paid, and what net asset value shows.",
            values={
                "days": tiered.days,
                "per_dollar_bp": tiered.per_dollar / BASIS_POINT,
                "per_day_bp": tiered.per_day / BASIS_POINT,
            },
        )


def _coins(facts: ExpenseRatioFacts) -> Iterator[Statement]:
    if facts.coins is None:
        return
    for (name, rate), one in zip(facts.coins.items(), facts.regimes.regimes, strict=True):
        yield Statement(
            "expense_ratio.coins",
            f"Coins per share fall by {bp(float(rate))} a year from {name}, without any price; prices show "
            f"{plus_minus_bp(one.estimated, one.std_error)}.",
            values={"period": str(name), "coins_bp": float(rate) / BASIS_POINT},
        )


def _mismatch(facts: ExpenseRatioFacts) -> Iterator[Statement]:
    mismatch = facts.history.fund.benchmark_mismatch
    if mismatch:
        yield Statement(
            "benchmark_mismatch",
            f"Benchmark mismatch: {mismatch} A drift between the two would read as a fee; it widens every interval.",
            "mismatch",
        )


def _cost(facts: ExpenseRatioFacts) -> Iterator[Statement]:
    yield Statement(
        "expense_ratio.other_costs",
        f"What is measured is the drift of {facts.history.fund.ticker}'s net asset value against the index. A steady "
        "cost outside the fee - custody, execution at creations, audit where the sponsor does not pay it - drifts like "
        "a fee and cannot be told from it.",
    )


def _conventions(facts: ExpenseRatioFacts) -> Iterator[Statement]:
    found = facts.conventions
    if found is None:
        return
    fees, coefficients = found.fees, found.coefficients
    gained, known, likelier = found.gained_by_booking, found.booking, found.likelier
    likeliest = ""
    if likelier is not None:
        gap = likelier.log_likelihood - found.used.log_likelihood
        likeliest = f" (the likeliest, by {gap:.1f}, is {likelier.name})"
    yield Statement(
        "expense_ratio.conventions",
        f"The fee of the last period is {plus_minus_bp(found.used.fee, found.used.std_error)} a year, as far as chance "
        "goes. Which days of liability count before a fee is paid is a convention that no filing states: it moves the "
        f"coefficient of the accrued fee from {coefficients[0]:.2f} to {coefficients[1]:.2f}{likeliest}, and with the "
        f"halves of the period the fee from {fees[0] / BASIS_POINT:.2f} to {fees[1] / BASIS_POINT:.2f} bp. Up to which "
        f"day a month is booked is {known}: it makes {gained:+.0f} of log likelihood, with no parameter more. Without "
        f"the accrued fee the data would show {plus_minus_bp(found.without.fee, found.without.std_error)}.",
        found.larger,
        found.to_dict(),
    )


def _changing(facts: ExpenseRatioFacts) -> Iterator[Statement]:
    if facts.noise == "changes":
        yield Statement(
            "noise.variance",
            f"The noise changes through time (p of a constant variance {p_text(facts.p_value_constant_variance)}). "
            "Standard errors allow for that; the detectable change takes the noise of the last period as the noise to "
            "come.",
            facts.noise,
            {"p_value": facts.p_value_constant_variance},
        )


def _power_limits(facts: ExpenseRatioFacts) -> Iterator[Statement]:
    if len(facts.detectable):
        yield Statement(
            "expense_ratio.unknown_day",
            "The detectable change supposes that the day of the change is known, as it is where a filing names it. "
            "Looking for an unknown day needs a larger change or a longer wait.",
        )


def _assets(facts: ExpenseRatioFacts) -> Iterator[Statement]:
    fact = facts.history.fund.assets_below
    if fact is not None and not facts.quarters:
        yield Statement(
            "expense_ratio.assets",
            f"That assets stayed in the first tier is {fact.status}, not published day by day: were it wrong, a part "
            "of the fee would have been due in the waived period, and the data show none beyond their interval.",
        )

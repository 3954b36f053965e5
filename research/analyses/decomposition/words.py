"""What the facts of a decomposition say in sentences: what a careful analyst would say, and what nobody can."""

from __future__ import annotations

import math
from collections.abc import Iterator

from research.analyses.decomposition.facts import ExplanationFacts
from research.analyses.expense_ratio.words import change_statements, period_statements
from research.analyses.measures import Measures
from research.analyses.phrases import (
    both_intervals,
    bp,
    ends_bp,
    fund_name,
    gained_or_lost,
    interval_text,
    joined,
    number,
    p_text,
    percent,
    plus_minus_bp,
)
from research.analyses.statement import Statement, Statements
from research.conventions import BASIS_POINT
from research.decomposition import Decomposition, DriverEstimate

__all__ = ["conclusions", "limits"]

_BASIS = {"nav": "net asset value", "price": "market price"}
_CALLED = {"session": "days", "week": "weeks", "month": "months"}


def conclusions(facts: ExplanationFacts) -> Statements:
    """Return what follows from the numbers, the most important first."""
    return Statements(
        (
            *_difference(facts),
            *_drivers(facts),
            *_remainder_found(facts),
            *period_statements(facts.regimes),
            *change_statements(facts.day_of_change),
            *_dispersion(facts),
            *_flagged(facts),
            *_calendar(facts),
        )
    )


def limits(facts: ExplanationFacts) -> Statements:
    """Return what the numbers cannot say."""
    parts = (_mismatch, _imposed, _unpassed, _premium_ends, _changing, _persistent, _other_costs, _not_measured)
    return Statements(statement for part in parts for statement in part(facts))


def _difference(facts: ExplanationFacts) -> Iterator[Statement]:
    history, nav = facts.history, facts.bases["nav"]
    verb = gained_or_lost(nav.tracking_difference)
    benchmark = "an index that is not its benchmark" if history.fund.benchmark_mismatch else "its benchmark"
    yield Statement(
        "tracking_difference.nav",
        f"From {history.start:%Y-%m-%d} to {history.end:%Y-%m-%d}, {len(history.frame)} {history.period}s, the net "
        f"asset value of {fund_name(history.fund)} {_moved(nav.tracking_difference)} against "
        f"{benchmark} (log tracking difference; ± {bp(nav.difference.std_error)} by chance).",
        verb,
        {"start": history.start, "end": history.end, **_difference_values(nav)},
    )
    if "price" not in facts.bases:
        return
    price, premium = facts.bases["price"], facts.premium_part
    gained = price.tracking_difference
    noise = bp(price.difference.std_error)
    text = f"At market price it {_moved(gained)} (± {noise} by chance)"
    if premium is not None:
        first, last = facts.premium_ends
        text += (
            f"; {bp(premium.contribution, signed=True)} of that is the premium, which was "
            f"{bp(first, signed=True)} at the start and {bp(last, signed=True)} at the end"
        )
    yield Statement("tracking_difference.price", text + ".", gained_or_lost(gained), _difference_values(price))


def _moved(difference: float) -> str:
    """Return what was gained or lost a year, without an amount where it was nothing."""
    verb = gained_or_lost(difference)
    return verb if verb.startswith("neither") else f"{verb} {bp(abs(difference))} a year"


def _difference_values(result: Decomposition) -> dict[str, object]:
    return {
        "tracking_difference_bp": result.tracking_difference / BASIS_POINT,
        "std_error_bp": result.difference.std_error / BASIS_POINT,
    }


def _drivers(facts: ExplanationFacts) -> Iterator[Statement]:
    result = facts.bases["nav"]
    for part in (*result.drivers, *result.groups, *result.combinations):
        verdict = part.verdict
        if verdict is None:
            continue
        if part.identified == "combination":
            text = _combined(part)
        else:
            low, high = part.coefficient_interval
            ends = f"{interval_text((low, high))} not excluded"
            relation = {
                "compatible with full pass-through": f"is compatible with full pass-through; {ends}",
                "cannot be told from nothing": f"cannot be told from 1, nor from 0; {ends}",
                "not as stated": f"is not 1: {bp(part.stated)} a year was stated (p {p_text(part.p_value_adjusted)}, "
                "all tests of this table allowed for); a steady cost beside it would not explain that, one that moves "
                "as it does would, and the data cannot tell",
                "it or a drift is not as stated": f"is not 1, or something else drifts as steadily: "
                f"{bp(part.stated)} a year was stated, and the data cannot tell the two apart",
            }[verdict]
            text = (
                f"{part.title} accounts for {plus_minus_bp(part.contribution, part.contribution_std_error)} a year on "
                f"net asset value; the coefficient, {number(part.coefficient, part.std_error)}, {relation}."
            )
        yield Statement(
            "driver.passes_through",
            text,
            verdict,
            {
                "driver": part.name,
                "coefficient": None if math.isnan(part.coefficient) else part.coefficient,
                "std_error": None if math.isnan(part.std_error) else part.std_error,
                "p_value_unity": part.p_value_unity,
                "p_value_adjusted": part.p_value_adjusted,
                "contribution_bp": part.contribution / BASIS_POINT,
            },
        )


def _combined(part: DriverEstimate) -> str:
    found = plus_minus_bp(part.contribution, part.contribution_std_error)
    text = f"{part.title} account for {found} a year on net asset value, {bp(part.stated)} being stated"
    if part.passes_in_full:
        return f"{text}: they are hard to tell apart, and their sum is what the data measure well."
    return (
        f"{text} (p {p_text(part.p_value_adjusted)}): which of them parts from what was stated, or a cost beside them "
        "that drifts alike, the data cannot tell."
    )


def _remainder_found(facts: ExplanationFacts) -> Iterator[Statement]:
    rest = facts.bases["nav"].remainder
    found = plus_minus_bp(rest.value, rest.std_error)
    text = {
        True: f"{found} a year stay unexplained, which is more than chance makes (p {p_text(rest.p_value)}).",
        False: f"{found} a year stay unexplained: no more than chance makes where nothing is.",
        None: f"{bp(rest.value)} a year stay unexplained, which says nothing: the drivers that are estimated absorb "
        "any steady drift.",
    }[rest.more_than_chance]
    verdict = {True: "more than chance", False: "no more than chance", None: "no verdict"}[rest.more_than_chance]
    yield Statement("unexplained.nav", text, verdict, rest.to_dict())


def _dispersion(facts: ExplanationFacts) -> Iterator[Statement]:
    nav = facts.measures["nav"]
    # What rounding is said to make cannot exceed what is there: the ticks are finer, or both sides round alike.
    known = nav.rounding_floor <= nav.daily
    floor = f"; rounding alone makes {bp(nav.rounding_floor)}" if known else ""
    yield from _tails(nav)
    yield Statement(
        "tracking_error.nav",
        f"Tracking error of the net asset value is {bp(nav.daily)} a year{_within(nav)}{floor}.",
        values={
            "tracking_error_bp": nav.daily / BASIS_POINT,
            "rounding_floor_bp": nav.rounding_floor / BASIS_POINT,
            **_ends(nav),
        },
    )
    yield from _clusters(nav)
    longest = facts.long_horizon
    if longest is None:
        return
    price = facts.measures["price"]
    share = f"{percent(facts.premium_share)} of its {facts.history.frequency} variance"
    offset = (
        f": the premium and the rest offset each other (their covariance is negative, so no share of the "
        f"{facts.history.frequency} variance is either's alone), as they do where close and net asset value are swapped"
    )
    yield from _tails(price)
    yield Statement(
        "tracking_error.price",
        f"At market price it is {bp(price.daily)} a year from {facts.history.frequency} returns{_within(price)} and "
        f"{bp(price.horizons[longest])} over {longest} {price.period}s{_within(price, longest)}"
        + {
            "premium that comes back": f": {share} is the premium, which comes back and does not accumulate.",
            "premium": f": {share} is the premium.",
            "not the premium": f": only {share} is the premium.",
            "premium and rest offset": f"{offset}.",
            "not known": ".",
        }[facts.price_noise],
        facts.price_noise,
        {
            "tracking_error_bp": price.daily / BASIS_POINT,
            "sessions": longest,
            "long_tracking_error_bp": price.horizons[longest] / BASIS_POINT,
            "premium_share": facts.premium_share,
            **_ends(price),
        },
    )
    yield from _clusters(price)


def _within(measures: Measures, horizon: int = 1) -> str:
    """Return the intervals of a tracking error as they stand behind it; nothing where there are none."""
    found = measures.intervals.get(horizon)
    return "" if found is None else f" ({both_intervals(found)})"


def _ends(measures: Measures) -> dict[str, object]:
    found = measures.interval
    if found is None:
        return {}
    kinds = {"period_bp": found.period, "long_run_bp": found.long_run}
    return {name: [end / BASIS_POINT for end in ends] for name, ends in kinds.items()}


def _tails(measures: Measures) -> Iterator[Statement]:
    found = measures.interval
    if found is None or found.mean_absolute_divergence is None:
        return
    absolute = found.mean_absolute_divergence.frame[["lower", "upper"]].iloc[0]
    low, high = float(absolute["lower"]), float(absolute["upper"])
    yield Statement(
        "tracking_error.tails",
        f"Few {_CALLED[measures.period]} may make the tracking error of the {_BASIS[measures.basis]}: one holds "
        f"{percent(found.one_day_share)} of all squared divergences. The steadier number is the mean absolute "
        f"divergence, {bp(measures.mean_absolute)} a {measures.period} ({ends_bp((low, high))}).",
        "may be heavy",
        {
            "basis": measures.basis,
            "one_day_share": found.one_day_share,
            "tail_index": found.tail_index,
            "mean_absolute_divergence_bp": measures.mean_absolute / BASIS_POINT,
            "interval_bp": [low / BASIS_POINT, high / BASIS_POINT],
        },
    )


def _clusters(measures: Measures) -> Iterator[Statement]:
    found = measures.interval
    if found is None or not found.clusters:
        return
    yield Statement(
        "tracking_error.clusters",
        f"The volatility of the divergence of the {_BASIS[measures.basis]} from one {measures.period} to the next "
        f"comes in clusters: these {found.nobs} {measures.period}s hold about {found.independent_stretches:.0f} "
        "independent stretches of it, which is why the long run may differ from them.",
        "clusters",
        {"basis": measures.basis, "independent_stretches": found.independent_stretches, "sessions": found.nobs},
    )


def _flagged(facts: ExplanationFacts) -> Iterator[Statement]:
    # A close may be stale on a day on which nothing moved, and then it makes none of the variance.
    if math.isnan(facts.flagged_share) or round(facts.flagged_share, 2) <= 0:
        return
    first = next(i for i in facts.history.findings if i.rule == "stale_value" and i.series == "close")
    yield Statement(
        "screens.stale_close",
        f"The close of {first.session:%Y-%m-%d} is stale: without flagged closes the price tracking error is "
        f"{bp(facts.without_flagged)}, so they make {percent(facts.flagged_share)} of its variance.",
        "stale",
        {"without_flagged_bp": facts.without_flagged / BASIS_POINT, "variance_share": facts.flagged_share},
    )


def _calendar(facts: ExplanationFacts) -> Iterator[Statement]:
    naive = facts.history.naive
    if naive is None or not facts.calendar_matters:
        return
    yield Statement(
        "calendar",
        f"Read without an exchange calendar, the same file would show a tracking error of {naive.all_rows_bp:,.0f} bp "
        f"({naive.weekdays_bp:,.0f} bp with weekdays only) instead of {naive.sessions_bp:,.1f} bp.",
        values={"all_rows_bp": naive.all_rows_bp, "sessions_bp": naive.sessions_bp},
    )


def _mismatch(facts: ExplanationFacts) -> Iterator[Statement]:
    mismatch = facts.history.fund.benchmark_mismatch
    if mismatch:
        yield Statement(
            "benchmark_mismatch",
            f"Benchmark mismatch: {mismatch} The two cannot be told apart here, so the unexplained part and the widths "
            "of all intervals contain it.",
            "mismatch",
        )


def _imposed(facts: ExplanationFacts) -> Iterator[Statement]:
    for basis, result in facts.bases.items():
        for part in result.drivers:
            if part.identified == "imposed":
                yield Statement(
                    "driver.imposed",
                    f"{part.title} on {_BASIS[basis]} is imposed at its stated value, not measured ({part.reason}): "
                    "its row has no error, and whatever is wrong with it is in the unexplained part.",
                    "imposed",
                    {"driver": part.name, "basis": basis},
                )


def _unpassed(facts: ExplanationFacts) -> Iterator[Statement]:
    if any(part.name == "accrued_fee" for part in facts.bases["nav"].drivers):
        yield Statement(
            "accrued_fee.payment",
            "The accrued fee assumes payment on the first session after each period; other debts or cash of the "
            "fund, or later payments, would show in its coefficient, not in the fee's.",
        )


def _premium_ends(facts: ExplanationFacts) -> Iterator[Statement]:
    if "price" in facts.bases:
        yield Statement(
            "premium_discount.ends",
            "The premium's part in the price tracking difference is only its change from the first close to the last, "
            "divided by the years: it is no yield, and another start or end gives another number.",
        )


def _changing(facts: ExplanationFacts) -> Iterator[Statement]:
    if facts.noise == "changes":
        yield Statement(
            "noise.variance",
            "The noise of the net asset value changes through time (p of a constant variance "
            f"{p_text(facts.p_value_constant_variance)}): standard errors allow for it; a tracking error of the whole "
            "sample is a mean over what changed.",
            facts.noise,
            {"p_value": facts.p_value_constant_variance},
        )


def _persistent(facts: ExplanationFacts) -> Iterator[Statement]:
    test = facts.autocorrelation
    if facts.noise_takes_its_time:
        yield Statement(
            "noise.autocorrelation",
            f"The noise that comes back takes its time (autocorrelation {test.phi:.2f} from one "
            f"{facts.history.period} to the next, "
            f'p of none {p_text(test.p_value)}): intervals here are wider than need be, and error = "averaged" would '
            f"narrow them up to {test.narrowing.max():.1f} times.",
            "takes its time",
            {"phi": test.phi, "p_value": test.p_value},
        )


def _other_costs(facts: ExplanationFacts) -> Iterator[Statement]:
    names = joined([part.title.lower() for part in facts.bases["nav"].drivers])
    if not names:
        yield Statement(
            "other_costs",
            "No driver of the net asset value could be measured from the series at hand: every cost of the fund is in "
            "the unexplained part.",
        )
        return
    yield Statement(
        "other_costs",
        f"Only {names} could be measured from the series at hand. A cost that drifts like one of them "
        "- an expense outside the fee, a steady execution cost - cannot be told from it, and is part of its "
        "coefficient.",
    )


def _not_measured(facts: ExplanationFacts) -> Iterator[Statement]:
    yield Statement(
        "not_measured",
        "Nothing here says what an investor paid: the bid-ask spread, the time of the trade within the day, and "
        f"taxes are not in these data. The sample is {facts.history.years:.1f} years; the intervals speak of "
        "sampling error under the model, not of years to come.",
        values={"years": facts.history.years},
    )

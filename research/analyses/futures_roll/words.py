"""What the facts about a futures roll say in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from research.analyses.futures_roll.facts import FuturesRollFacts
from research.analyses.phrases import (
    bp,
    fund_name,
    gained_or_lost,
    number,
    p_text,
    percent,
    plus_minus_bp,
    simulated,
    tiny,
)
from research.analyses.statement import Statement, Statements
from research.conventions import BASIS_POINT

__all__ = ["conclusions", "limits"]


def conclusions(facts: FuturesRollFacts) -> Statements:
    """Return what follows about the roll, the most important first."""
    parts = (_difference, _basis, _shift, _coefficient, _why, _collateral, _trade, _exposure, _schedules)
    said = (statement for part in parts for statement in part(facts))
    return Statements((*simulated(facts.history.fund), *said))


def limits(facts: FuturesRollFacts) -> Statements:
    """Return what the numbers cannot say of the roll."""
    parts = (_imposed, _rebuilt, _spot, _no_curve, _future)
    return Statements(statement for part in parts for statement in part(facts))


def _difference(facts: FuturesRollFacts) -> Iterator[Statement]:
    result, rest = facts.result, facts.result.unexplained
    verb = gained_or_lost(result.tracking_difference)
    parts = ", ".join(
        f"{part.title.lower()} {bp(part.contribution, signed=True)}"
        + ("" if part.truth is None else f" (truth {bp(part.truth * part.stated, signed=True)})")
        for part in result.drivers
    )
    yield Statement(
        "tracking_difference.nav",
        f"Net asset value of {fund_name(facts.history.fund)} {verb} {bp(abs(result.tracking_difference))} a year "
        f"against spot: {parts}; {plus_minus_bp(rest.contribution, rest.contribution_std_error)} stay unexplained (the "
        "error is what chance makes).",
        verb,
        {"tracking_difference_bp": result.tracking_difference / BASIS_POINT},
    )


def _basis(facts: FuturesRollFacts) -> Iterator[Statement]:
    verb = "loses" if facts.curve_is == "contango" else "gains"
    yield Statement(
        "roll_yield.basis",
        f"What the fund holds was in contango over {percent(facts.contango)} of the intervals and in backwardation "
        f"over {percent(facts.backwardation)}; its basis averages {percent(facts.mean_basis, 2)} a year. A long "
        f"position {verb} that much to spot while the curve stays as it is: here "
        f"{plus_minus_bp(facts.roll.contribution, facts.roll.contribution_std_error)} a year.",
        facts.curve_is,
        {"mean_basis_bp": facts.mean_basis / BASIS_POINT, "contango_share": facts.contango},
    )


def _shift(facts: FuturesRollFacts) -> Iterator[Statement]:
    shift = facts.part("curve_shift")
    if shift is None:
        return
    small = facts.shifts == "small"
    yield Statement(
        "curve_shift",
        f"Shifts of the curve added {bp(shift.contribution, signed=True)} a year to that and make "
        f"{percent(facts.shift_share)} of the daily tracking error variance: "
        + (
            "carry is what it costs or pays, shifts are what is seen from day to day."
            if small
            else "over this sample the basis at its two ends weighs as much as the carry in between."
        ),
        facts.shifts,
        {"contribution_bp": shift.contribution / BASIS_POINT, "euler_share": facts.shift_share},
    )


def _coefficient(facts: FuturesRollFacts) -> Iterator[Statement]:
    part, verdict = facts.exposure, facts.exposure.verdict
    if verdict is None:
        return
    low, high = part.coefficient_interval
    said = {
        "compatible with full pass-through": f"compatible with 1 ({low:.2f} to {high:.2f} not excluded): what the fund "
        "holds moves as the contracts assumed",
        "cannot be told from nothing": f"which cannot be told from 1, nor from 0 ({low:.2f} to {high:.2f})",
        "not as stated": f"not 1 (p {p_text(part.p_value_adjusted)})",
        "it or a drift is not as stated": "not 1, or something else drifts as steadily: the data cannot tell the two "
        "apart",
    }[verdict]
    yield Statement(
        "roll_yield.passes_through",
        "Carry, shift and cost of rolling pass through with one coefficient, "
        f"{number(part.coefficient, part.std_error)}, {said}.",
        verdict,
        {"coefficient": part.coefficient, "std_error": part.std_error, "p_value_unity": part.p_value_unity},
    )


def _why(facts: FuturesRollFacts) -> Iterator[Statement]:
    """Yield what keeps the coefficient from 1, where something does."""
    if facts.gap == "none":
        return
    table = facts.coefficients
    short, long = table["coefficient"].iloc[0], table["coefficient"].iloc[-1]
    horizons = f"{short:.3f} over {table.index[0]} session and {long:.3f} over {table.index[-1]}"
    text = (
        f"By horizon it is {horizons}: the gap closes with time, as it does where spot carries noise or is seen at "
        "another moment than the settlements. That is a clock, not an exposure."
        if facts.gap == "closes with time"
        else f"By horizon it is {horizons}: the gap does not close with time, so the position held is not the one "
        "assumed - other contracts or roll days, a constant-maturity point in the place of contracts, or less than "
        "the whole of the assets in futures."
    )
    yield Statement("roll_yield.gap", text, facts.gap, {"short": float(short), "long": float(long)})


def _collateral(facts: FuturesRollFacts) -> Iterator[Statement]:
    part = facts.part("collateral")
    if part is None:
        text = "No bill rate is given: what the cash behind the futures earned is in the unexplained part."
        yield Statement("collateral", text, "not given")
        return
    net = facts.net_of_bills
    yield Statement(
        "collateral",
        f"Collateral paid {plus_minus_bp(part.contribution, part.contribution_std_error)} a year, so only the basis "
        f"above bills is a net {facts.net_is}: {bp(net, signed=True)} a year before fee and cost of "
        "rolling.",
        facts.net_is,
        {"contribution_bp": part.contribution / BASIS_POINT, "net_bp": net / BASIS_POINT},
    )


def _trade(facts: FuturesRollFacts) -> Iterator[Statement]:
    trades = facts.trades
    if trades is None:
        return
    cost = facts.part("roll_cost")
    paid = "" if cost is None else f"; what trading cost, {bp(cost.contribution)} a year, is counted apart"
    yield Statement(
        "roll_yield.trades",
        f"The {len(trades.rolls)} roll trades themselves earned nothing: on a frozen curve the schedule returns "
        f"{tiny(trades.frozen)}{paid}. A spliced price would book {trades.booked / BASIS_POINT:+,.0f} bp a year at the "
        "rolls that nobody earned.",
        values={"rolls": len(trades.rolls), "spliced_books_bp": trades.booked / BASIS_POINT},
    )


def _exposure(facts: FuturesRollFacts) -> Iterator[Statement]:
    if facts.held is None:
        return
    maturity, long = facts.maturity_days, facts.long_dated_share
    yield Statement(
        "roll_yield.exposure",
        f"The contracts held run {maturity:.0f} days on average, {percent(long)} of value beyond "
        f"{facts.long_days:g}: a basis that rises by one percentage point a year moves the fund by "
        f"{maturity / 365.0 * 100.0:.1f} bp once.",
        values={"maturity_days": maturity, "long_dated_share": long},
    )


def _schedules(facts: FuturesRollFacts) -> Iterator[Statement]:
    best = facts.best_schedule
    if best is None:
        return
    relation = best.relation
    yield Statement(
        "roll_yield.schedules",
        f"On the same curve the best of {best.others} other schedules ({best.name}) would have earned "
        f"{bp(abs(best.gain))} a year {relation} than the fund's own, cost included, in hindsight.",
        relation,
        {"schedule": best.name, "gain_bp": best.gain / BASIS_POINT},
    )


def _imposed(facts: FuturesRollFacts) -> Iterator[Statement]:
    for part in facts.result.drivers:
        if part.identified == "imposed":
            yield Statement(
                "driver.imposed",
                f"{part.title} is imposed at its stated value, not measured ({part.reason}): a fee, carry and bills "
                "all drift, and what is wrong with one is in the coefficients of the others.",
                "imposed",
                {"driver": part.name},
            )


def _rebuilt(facts: FuturesRollFacts) -> Iterator[Statement]:
    if facts.schedule_verdict == "exactly":
        yield Statement(
            "roll_yield.schedule",
            "The schedule rebuilds the returns of the contracts held exactly; that the fund traded at settlement, and "
            "on those days, is an assumption all the same.",
            facts.schedule_verdict,
        )
    elif facts.schedule_verdict == "another":
        yield Statement(
            "roll_yield.schedule",
            "The schedule assumed here is not that of the contracts given: their returns differ by up to "
            f"{bp(facts.rebuilt_gap)} in an interval. Rolls, maturity and other schedules describe the assumed one.",
            facts.schedule_verdict,
            {"gap_bp": facts.rebuilt_gap / BASIS_POINT},
        )


def _spot(facts: FuturesRollFacts) -> Iterator[Statement]:
    yield Statement(
        "roll_yield.spot",
        f"Carry and shift are measured against {facts.history.fund.benchmark.text} at "
        f"{facts.history.clocks.get('benchmark', 'its own clock')}. Noise there moves the two against each other and "
        "leaves their sum alone.",
    )


def _no_curve(facts: FuturesRollFacts) -> Iterator[Statement]:
    if facts.curve is None:
        yield Statement(
            "roll_yield.no_curve",
            "Settlement prices by contract are not given, so that single rolls, maturities and other schedules cannot "
            "be shown; a constant-maturity point is not a contract that anybody held.",
            "not given",
        )


def _future(facts: FuturesRollFacts) -> Iterator[Statement]:
    yield Statement(
        "roll_yield.future",
        f"The basis of {facts.history.years:.1f} years says what was paid, not what will be: it follows the demand "
        "for leverage, and its intervals are those of measurement, not of years to come.",
        values={"years": facts.history.years},
    )

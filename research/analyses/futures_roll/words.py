"""What a report on the futures roll says in sentences, generated from its numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from research.analyses.phrases import bp, fund_name, number, p_text, percent, plus_minus_bp, simulated_note, tiny
from research.conventions import BASIS_POINT

if TYPE_CHECKING:
    from research.analyses.futures_roll.facts import RollReport

__all__ = ["roll_conclusions", "roll_limits"]

_DOUBT = 0.05


def roll_conclusions(report: RollReport) -> tuple[str, ...]:
    """Return what follows about the roll, the most important first."""
    parts = (_difference, _basis, _coefficient, _why, _collateral, _trade, _exposure, _schedules)
    return (*simulated_note(report.history.fund), *(sentence for part in parts for sentence in part(report)))


def roll_limits(report: RollReport) -> tuple[str, ...]:
    """Return what the numbers cannot say of the roll."""
    parts = (_imposed, _rebuilt, _spot, _no_curve, _future)
    return tuple(sentence for part in parts for sentence in part(report))


def _difference(report: RollReport) -> Iterator[str]:
    result = report.result
    verb = "lost" if result.tracking_difference < 0 else "gained"
    parts = ", ".join(
        f"{part.title.lower()} {bp(part.contribution, signed=True)}"
        + ("" if part.truth is None else f" (truth {bp(part.truth * part.stated, signed=True)})")
        for part in result.drivers
    )
    yield (
        f"Net asset value of {fund_name(report.history.fund)} {verb} {bp(abs(result.tracking_difference))} a year "
        "against "
        f"spot: {parts}; {plus_minus_bp(result.unexplained.contribution, result.unexplained.contribution_std_error)} "
        "stay "
        "unexplained."
    )


def _basis(report: RollReport) -> Iterator[str]:
    contango, backwardation = float((report.basis > 0).mean()), float((report.basis < 0).mean())
    mean = float(report.basis.mean())
    verb = "loses" if mean > 0 else "gains"
    yield (
        f"What the fund holds was in contango over {percent(contango)} of the intervals and in backwardation over "
        f"{percent(backwardation)}; its basis averages {percent(mean, 2)} a year. A long position {verb} that much to "
        f"spot while the curve stays as it is: here "
        f"{plus_minus_bp(report.roll.contribution, report.roll.contribution_std_error)} a year."
    )
    shift = report.part("curve_shift")
    if shift is not None:
        euler = float(report.result.euler.iloc[:, 0]["curve_shift"])
        small = abs(shift.contribution) < 0.5 * abs(report.roll.contribution)
        yield (
            f"Shifts of the curve added {bp(shift.contribution, signed=True)} a year to that and make "
            f"{percent(euler)} of "
            "the daily tracking error variance: "
            + (
                "carry is what it costs or pays, shifts are what is seen from day to day."
                if small
                else "over this sample the basis at its two ends weighs as much as the carry in between."
            )
        )


def _coefficient(report: RollReport) -> Iterator[str]:
    part = report.roll
    if part.identified != "estimated":
        return
    one = part.p_value_unity >= _DOUBT
    yield (
        "Carry, shift and cost of rolling pass through with one coefficient, "
        f"{number(part.coefficient, part.std_error)} "
        + (
            "- 1 within its error: what the fund holds moves as the contracts assumed."
            if one
            else f"- not 1 (p {p_text(part.p_value_unity)})."
        )
    )


def _why(report: RollReport) -> Iterator[str]:
    """Yield what keeps the coefficient from 1, where something does."""
    part, table = report.roll, report.coefficients
    if part.identified != "estimated" or part.p_value_unity >= _DOUBT or len(table) < 2:
        return
    short, long = table["coefficient"].iloc[0], table["coefficient"].iloc[-1]
    # Nearer to 1 by more than the errors of both allow.
    margin = 2.0 * math.hypot(table["std_error"].iloc[0], table["std_error"].iloc[-1])
    heals = abs(1.0 - long) < abs(1.0 - short) - margin
    horizons = f"{short:.3f} over {table.index[0]} session and {long:.3f} over {table.index[-1]}"
    if heals:
        yield (
            f"By horizon it is {horizons}: the gap closes with time, as it does where spot carries noise or is seen at "
            "another moment than the settlements. That is a clock, not an exposure."
        )
    else:
        yield (
            f"By horizon it is {horizons}: the gap does not close with time, so the position held is not the one "
            "assumed - "
            "other contracts or roll days, a constant-maturity point in the place of contracts, or less than the "
            "whole of "
            "the assets in futures."
        )


def _collateral(report: RollReport) -> Iterator[str]:
    part = report.part("collateral")
    if part is None:
        yield "No bill rate is given: what the cash behind the futures earned is in the unexplained part."
        return
    roll = sum(one.contribution for one in report.result.drivers if one.name in ("roll_yield", "curve_shift"))
    net = roll + part.contribution
    yield (
        f"Collateral paid {plus_minus_bp(part.contribution, part.contribution_std_error)} a year, so only the basis "
        "above "
        f"bills is a net {'cost' if net < 0 else 'gain'}: {bp(net, signed=True)} a year before fee and cost of rolling."
    )


def _trade(report: RollReport) -> Iterator[str]:
    trades = report.trades
    if trades is None:
        return
    cost = report.part("roll_cost")
    paid = "" if cost is None else f"; what trading cost, {bp(cost.contribution)} a year, is counted apart"
    yield (
        f"The {len(trades.rolls)} roll trades themselves earned nothing: on a frozen curve the schedule returns "
        f"{tiny(trades.frozen)}{paid}. A spliced price would book {trades.booked / BASIS_POINT:+,.0f} bp a year "
        "at the "
        "rolls that nobody earned."
    )


def _exposure(report: RollReport) -> Iterator[str]:
    if report.held is None:
        return
    maturity = float(report.held.states["maturity"].mean())
    long = float(report.held.long_dated_share(report.long_days).mean())
    yield (
        f"The contracts held run {maturity:.0f} days on average, {percent(long)} of value beyond "
        f"{report.long_days:g}: a "
        f"basis that rises by one percentage point a year moves the fund by {maturity / 365.0 * 100.0:.1f} bp once."
    )


def _schedules(report: RollReport) -> Iterator[str]:
    table = report.schedules
    if table is None or len(table) < 2:
        return
    own, others = table["total"].iloc[0], table["total"].iloc[1:]
    best = str(others.idxmax())
    gain = float(others.max() - own)
    relation = "more" if gain > 0 else "less"
    yield (
        f"On the same curve the best of {len(others)} other schedules ({best}) would have earned {bp(abs(gain))} a "
        "year "
        f"{relation} than the fund's own, cost included, in hindsight."
    )


def _imposed(report: RollReport) -> Iterator[str]:
    for part in report.result.drivers:
        if part.identified == "imposed":
            yield (
                f"{part.title} is imposed at its stated value, not measured ({part.reason}): a fee, carry and bills "
                "all "
                "drift, and what is wrong with one is in the coefficients of the others."
            )


def _rebuilt(report: RollReport) -> Iterator[str]:
    gap = report.rebuilt_gap
    if math.isnan(gap):
        return
    if gap < 1e-9:
        yield (
            "The schedule rebuilds the returns of the contracts held exactly; that the fund traded at settlement, and "
            "on "
            "those days, is an assumption all the same."
        )
    else:
        yield (
            f"The schedule assumed here is not that of the contracts given: their returns differ by up to {bp(gap)} "
            "in an "
            "interval. Rolls, maturity and other schedules describe the assumed one."
        )


def _spot(report: RollReport) -> Iterator[str]:
    yield (
        f"Carry and shift are measured against {report.history.fund.benchmark.text} at "
        f"{report.history.clocks.get('benchmark', 'its own clock')}. Noise there moves the two against each other and "
        "leaves "
        "their sum alone."
    )


def _no_curve(report: RollReport) -> Iterator[str]:
    if report.curve is None:
        yield (
            "Settlement prices by contract are not given, so that single rolls, maturities and other schedules cannot "
            "be "
            "shown; a constant-maturity point is not a contract that anybody held."
        )


def _future(report: RollReport) -> Iterator[str]:
    yield (
        f"The basis of {report.history.years:.1f} years says what was paid, not what will be: it follows the demand "
        "for "
        "leverage, and its intervals are those of measurement, not of years to come."
    )

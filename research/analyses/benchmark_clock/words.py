"""What the facts about clocks say in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from research.analyses.benchmark_clock.facts import BenchmarkClockFacts, PairVerdict
from research.analyses.benchmark_clock.pairs import ClockPair
from research.analyses.phrases import both_intervals, bp, hours_text, number, p_text, percent, simulated
from research.analyses.statement import Statement, Statements
from research.conventions import BASIS_POINT

__all__ = ["conclusions", "limits"]


def conclusions(facts: BenchmarkClockFacts) -> Statements:
    """Return what follows about the clocks, the most important first."""
    parts = (_pairs, _located, _periods, _cost, _attribution)
    said = (statement for part in parts for statement in part(facts))
    return Statements((*simulated(facts.history.fund), *said))


def limits(facts: BenchmarkClockFacts) -> Statements:
    """Return what the numbers cannot say of the clocks."""
    parts = (_average, _bars, _ambiguous, _mismatch, _labels)
    return Statements(statement for part in parts for statement in part(facts))


def _pairs(facts: BenchmarkClockFacts) -> Iterator[Statement]:
    for pair, verdict in zip(facts.pairs, facts.verdicts, strict=True):
        offset, (low, high) = pair.offset, verdict.interval
        most = _width(pair, max(abs(low), abs(high)))
        ends = f"{percent(facts.confidence)} interval {low:+.2f} to {high:+.2f} {_unit(pair)}"
        stated = " and ".join(dict.fromkeys(pair.stated))
        text = {
            "same moment": f"{_capital(pair.first)} and {pair.second} (stated: {stated}): seen at the same moment, to "
            f"within {most}.",
            "no offset found": f"{_capital(pair.first)} and {pair.second} (stated: {stated}): no offset can be told "
            f"from zero ({ends}).",
            "cannot be told": f"Whether {pair.first} and {pair.second} (stated: {stated}) were seen at different "
            f"moments cannot be told: the fund holds futures, and moves of their curve against the benchmark look like "
            f"an offset ({ends}).",
        }.get(
            verdict.moment,
            f"{_capital(pair.second)} (stated: {pair.stated[1]}): seen {offset.seen(facts.confidence)}, counted from "
            f"{pair.first} (stated: {pair.stated[0]}).",
        )
        if verdict.moment != "same moment":
            text += _against_label(pair, verdict)
        if verdict.moment != "cannot be told" and pair.named is not None and pair.named.consistent:
            text += f" Consistent with {', '.join(pair.named.consistent[:3])}."
        if pair.truth is not None:
            text += f" The truth is {pair.truth:g} hours."
        yield Statement(
            "clock.offset",
            text,
            verdict.moment,
            {
                "pair": pair.name,
                "hours": offset.hours,
                "std_error_hours": offset.std_error,
                "interval_hours": [low, high],
                "side_probability": offset.side_probability,
                "method": offset.method,
                "label": verdict.label,
            },
        )


def _unit(pair: ClockPair) -> str:
    return "24ths of a session's variance" if pair.offset.method == "variance" else "hours"


def _width(pair: ClockPair, most: float) -> str:
    if pair.offset.method == "variance":
        return f"{most:.2f} {_unit(pair)}"
    return hours_text(most).lstrip("+")


def _located(facts: BenchmarkClockFacts) -> Iterator[Statement]:
    located = facts.pairs[0].offset.located
    if located is None:
        return
    found, clock = located[0], facts.pairs[0].stated[0]
    low, high = found.interval(facts.confidence)
    kind = "a point" if found.window == 0.0 else f"the mean of {found.window:g} hour, by its centre"
    side = "after" if found.hours > 0.0 else "before"
    where = "at" if found.hours == 0.0 else f"{abs(found.hours):.2f} hours {side}"
    yield Statement(
        "clock.located",
        f"In prices of {facts.history.fund.asset} {60.0 * found.bar:.0f} minutes apart, {facts.pairs[0].first} fits "
        f"best as {kind}, {where} {clock} ({percent(facts.confidence)} interval {low:+.2f} to {high:+.2f} hours).",
        "holds" if low <= 0.0 <= high else "does not hold",
        {"hours": found.hours, "interval_hours": [low, high], "window_hours": found.window},
    )


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _against_label(pair: ClockPair, verdict: PairVerdict) -> str:
    if verdict.label == "none":
        return ""
    said = "the same moment" if pair.labels_agree else f"{pair.expected:+.2f} hours"
    return f" Their labels say {said}, which the interval {verdict.label}."


def _periods(facts: BenchmarkClockFacts) -> Iterator[Statement]:
    for pair, verdict in zip(facts.pairs, facts.verdicts, strict=True):
        hours = pair.periods["hours"].to_numpy(dtype=float)
        values = {"pair": pair.name, "periods": len(hours), "p_value": pair.p_value_constant}
        if verdict.through_time == "steady":
            most = _width(pair, float(abs(hours).max()))
            text = f"In none of {len(hours)} periods were {pair.name} more than {most} apart."
            yield Statement("clock.through_time", text, verdict.through_time, values)
        elif verdict.through_time == "moves":
            ends = pair.periods.index
            low, high = int(hours.argmin()), int(hours.argmax())
            curve = ", or the futures' curve did" if verdict.moment == "cannot be told" else ""
            yield Statement(
                "clock.through_time",
                f"Between {pair.name} the offset differs by period more than its errors say (p "
                f"{p_text(pair.p_value_constant)}): {hours[low]:+.1f} {_unit(pair)} in the period to "
                f"{ends[low]:%Y-%m-%d}, {hours[high]:+.1f} in that to {ends[high]:%Y-%m-%d}. The clock moved{curve}, "
                "or the marks are noisier at times.",
                verdict.through_time,
                values,
            )


def _cost(facts: BenchmarkClockFacts) -> Iterator[Statement]:
    small, large = facts.hours[0], facts.hours[-1]
    history = facts.history
    yield Statement(
        "clock.cost",
        f"One hour between fund and benchmark would add {bp(facts.cost(1.0))} a year to the tracking error of "
        f"{history.frequency} returns, {small:g} hours {bp(facts.cost(small))} and {large:g} hours "
        f"{bp(facts.cost(large))}; over 21 {history.period}s {large:g} hours are {bp(facts.cost(large, 21))}, since an "
        "offset comes back the next day.",
        values={"one_hour_bp": facts.cost(1.0) / BASIS_POINT},
    )


def _attribution(facts: BenchmarkClockFacts) -> Iterator[Statement]:
    part, measures = facts.clock, facts.measures
    if part is None or measures is None:
        return
    longest = max(measures.horizons)
    within = "" if measures.interval is None else f" ({both_intervals(measures.interval)})"
    yield Statement(
        "clock.driver",
        f"Against the series at the other clock the tracking error is {bp(measures.daily)} a year from "
        f"{facts.history.frequency} returns{within} and {bp(measures.horizons[longest])} over {longest} "
        f"{measures.period}s; the clock, as a driver, makes "
        f"{percent(facts.clock_share)} of its daily variance (coefficient {number(part.coefficient, part.std_error)}) "
        f"and {bp(part.contribution, signed=True)} a year of tracking difference.",
        values={
            "clock_share": facts.clock_share,
            "coefficient": part.coefficient,
            "std_error": part.std_error,
            "contribution_bp": part.contribution / BASIS_POINT,
        },
    )


def _average(facts: BenchmarkClockFacts) -> Iterator[Statement]:
    yield Statement(
        "clock.average",
        f"An offset is a mean over {facts.pairs[0].offset.nobs} sessions: daylight saving moves one clock and not the "
        "other, and a named clock that fits is consistent with the data, not shown by them.",
        values={"intervals": facts.pairs[0].offset.nobs},
    )


def _bars(facts: BenchmarkClockFacts) -> Iterator[Statement]:
    told = any(verdict.moment not in ("same moment",) for verdict in facts.verdicts)
    if facts.has_bars or not told or any(pair.offset.method == "variance" for pair in facts.pairs):
        return
    yield Statement(
        "clock.bars",
        f"From daily levels these are hours with an interval of hours. A file of hourly prices of "
        f"{facts.history.fund.asset} (inputs.asset_bars in the fund's entry) would place both series to about a "
        "quarter of an hour, and say which came first.",
        "none at hand",
    )


def _ambiguous(facts: BenchmarkClockFacts) -> Iterator[Statement]:
    for pair in facts.unclear:
        yield Statement(
            "clock.side",
            f"{_capital(pair.name)}: after has a chance of {percent(pair.offset.side_probability)}. Regressions for "
            "after and for before both find an offset: a clock that changes inside the sample, an average over some "
            "hours, or noisy marks do that.",
            "unclear",
            {"pair": pair.name, "side_probability": pair.offset.side_probability},
        )


def _mismatch(facts: BenchmarkClockFacts) -> Iterator[Statement]:
    if facts.result is not None:
        yield Statement(
            "clock.other_series",
            "The clock as a driver is the fund's own benchmark less the other series. Where the two are made from "
            "other exchanges or rules, that difference is in it too.",
        )


def _labels(facts: BenchmarkClockFacts) -> Iterator[Statement]:
    clocks = ", ".join(f"{role} {label}" for role, label in facts.history.clocks.items() if role != "assets")
    yield Statement(
        "clock.labels",
        f"Labels ({clocks}) are what the publishers say. A price that averages an hour has no single moment; its "
        "offset is that of the average.",
    )

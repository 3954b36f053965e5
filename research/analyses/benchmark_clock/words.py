"""What a report on clocks says in sentences, generated from its numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from research.analyses.benchmark_clock.pairs import ClockPair
from research.analyses.phrases import bp, hours_text, number, p_text, percent, simulated_note

if TYPE_CHECKING:
    from research.analyses.benchmark_clock.facts import ClockReport

__all__ = ["clock_conclusions", "clock_limits"]

_SAME = 0.05
"""Hours below which two moments are one for every purpose here: three minutes."""

_CHANGED = 0.01


def clock_conclusions(report: ClockReport) -> tuple[str, ...]:
    """Return what follows about the clocks, the most important first."""
    parts = (_pairs, _periods, _cost, _attribution)
    return (*simulated_note(report.history.fund), *(sentence for part in parts for sentence in part(report)))


def clock_limits(report: ClockReport) -> tuple[str, ...]:
    """Return what the numbers cannot say of the clocks."""
    parts = (_average, _ambiguous, _mismatch, _labels)
    return tuple(sentence for part in parts for sentence in part(report))


def _pairs(report: ClockReport) -> Iterator[str]:
    for pair in report.pairs:
        offset = pair.offset
        low, high = offset.interval(report.confidence)
        truth = "" if pair.truth is None else f" The truth is {pair.truth:g} hours."
        if max(abs(low), abs(high)) < _SAME:
            found = hours_text(offset.hours, offset.std_error)
            yield f"{_capital(pair.first)} and {pair.second}: seen at the same moment, the offset is {found}.{truth}"
            continue
        ends = f"{percent(report.confidence)} interval {low:+.2f} to {high:+.2f} hours"
        if low <= 0.0 <= high:
            found = hours_text(offset.hours, offset.std_error)
            said = f"{_capital(pair.first)} and {pair.second}: no offset can be told from zero, {found} ({ends})."
        else:
            side = "after" if offset.hours > 0 else "before"
            found = hours_text(abs(offset.hours), offset.std_error).lstrip("+")
            said = f"{_capital(pair.second)}: seen {found} {side} {pair.first} ({ends})."
        yield said + _against_label(pair, low, high) + truth


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _against_label(pair: ClockPair, low: float, high: float) -> str:
    if math.isnan(pair.expected):
        return ""
    relation = "which the interval holds" if low <= pair.expected <= high else "which the interval does not hold"
    said = "the same moment" if abs(pair.expected) < _SAME else f"{pair.expected:+.2f} hours"
    return f" Their labels say {said}, {relation}."


def _periods(report: ClockReport) -> Iterator[str]:
    for pair in report.pairs:
        if len(pair.periods) < 2:
            continue
        hours = pair.periods["hours"].to_numpy(dtype=float)
        if pair.spread < 2.0 * _SAME:
            most = hours_text(float(abs(hours).max())).lstrip("+")
            yield f"In none of {len(hours)} periods were {pair.name} more than {most} apart."
        elif pair.p_value_constant < _CHANGED:
            ends = pair.periods.index
            low, high = int(hours.argmin()), int(hours.argmax())
            yield (
                f"Between {pair.name} the offset differs by period more than its errors say (p "
                f"{p_text(pair.p_value_constant)}): "
                f"{hours[low]:+.1f} hours in the period to {ends[low]:%Y-%m-%d}, {hours[high]:+.1f} in that to "
                f"{ends[high]:%Y-%m-%d}. The clock moved, or the marks are noisier at times."
            )


def _cost(report: ClockReport) -> Iterator[str]:
    small, large = report.hours[0], report.hours[-1]
    yield (
        f"One hour between fund and benchmark would add {bp(report.cost(1.0))} a year to the tracking error of daily "
        f"returns, {small:g} hours {bp(report.cost(small))} and {large:g} hours {bp(report.cost(large))}; over 21 "
        "sessions "
        f"{large:g} hours are {bp(report.cost(large, 21))}, since an offset comes back the next day."
    )


def _attribution(report: ClockReport) -> Iterator[str]:
    if report.result is None or report.measures is None:
        return
    part = next((part for part in report.result.drivers if part.name == "clock"), None)
    if part is None:
        return
    horizons = report.measures.horizons
    longest = max(horizons)
    yield (
        f"Against the series at the other clock the tracking error is {bp(report.measures.daily)} a year from daily "
        "returns "
        f"and {bp(horizons[longest])} over {longest} sessions; the clock, as a driver, makes "
        f"{percent(report.clock_share)} of "
        f"its daily variance (coefficient {number(part.coefficient, part.std_error)}) and "
        f"{bp(part.contribution, signed=True)} "
        "a year of tracking difference."
    )


def _average(report: ClockReport) -> Iterator[str]:
    yield (
        f"An offset is a mean over {report.pairs[0].offset.nobs} intervals and over the hours of the day: where the "
        "market "
        "moves less between the two clocks than on average, the estimate is too small, and daylight saving moves one "
        "clock "
        "and not the other."
    )


def _ambiguous(report: ClockReport) -> Iterator[str]:
    for pair in report.pairs:
        low, high = pair.offset.interval(report.confidence)
        if pair.offset.ambiguous and max(abs(low), abs(high)) >= _SAME:
            yield (
                f"{pair.name[0].upper()}{pair.name[1:]}: both regressions find an offset, for after and for before, "
                "so the "
                "sign is less certain than the error tells. A clock that changes inside the sample, an average over "
                "some "
                "hours, or noisy marks do that."
            )


def _mismatch(report: ClockReport) -> Iterator[str]:
    if report.result is not None:
        yield (
            "The clock as a driver is the fund's own benchmark less the other series. Where the two are made from "
            "other "
            "exchanges or rules, that difference is in it too."
        )


def _labels(report: ClockReport) -> Iterator[str]:
    clocks = report.history.clocks
    yield (
        f"Labels ({', '.join(f'{role} {label}' for role, label in clocks.items() if role != 'assets')}) are what the "
        "publishers say. A price that averages an hour has no single moment; its offset is that of the average."
    )

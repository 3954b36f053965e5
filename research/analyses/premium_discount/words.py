"""What a report on the premium says in sentences, generated from its numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from research.analyses.phrases import (
    bp,
    fund_name,
    interval_text,
    number,
    p_text,
    percent,
    plus_minus_bp,
    simulated_note,
)
from research.metrics import PremiumReversion

if TYPE_CHECKING:
    from research.analyses.premium_discount.clock import ClockGroup
    from research.analyses.premium_discount.facts import PremiumReport

__all__ = ["half_life_text", "premium_conclusions", "premium_limits"]

_DOUBT = 0.05


def half_life_text(fit: PremiumReversion) -> str:
    """Return a half-life with what its interval allows.

    Examples
    --------
    >>> fit = PremiumReversion(-0.1, -0.1, 0.04, (-0.18, 0.01), 0.0, (0.0, 0.15), 0.95, 500)
    >>> half_life_text(fit)
    'gone by the next close (at most 0.15 sessions)'
    """
    low, high = fit.half_life_interval
    if fit.half_life == 0.0:
        return (
            f"gone by the next close (at most {high:.2f} sessions)"
            if 0.0 < high < math.inf
            else "gone by the next close"
        )
    if math.isinf(fit.half_life):
        return f"not seen to close (at least {low:.1f} sessions)"
    ends = f"{low:.2f} to {high:.2f}" if math.isfinite(high) else f"{low:.2f} or more"
    return f"{fit.half_life:.2f} sessions ({ends})"


def premium_conclusions(report: PremiumReport) -> tuple[str, ...]:
    """Return what follows about the premium, the most important first."""
    parts = (_level, _reversion, _truth, _closing, _sides, _kinds, _bands, _holding)
    return (*simulated_note(report.history.fund), *(sentence for part in parts for sentence in part(report)))


def premium_limits(report: PremiumReport) -> tuple[str, ...]:
    """Return what the numbers cannot say of the premium."""
    parts = (_once_a_day, _close, _blunt, _few)
    return tuple(sentence for part in parts for sentence in part(report))


def _level(report: PremiumReport) -> Iterator[str]:
    mean, error = report.mean
    premium = report.history.premium.dropna()
    usual = float(report.usual.std())
    verdict = "which is nothing within its error"
    if abs(mean) > 2.0 * error:
        verdict = f"a {'lasting' if abs(mean) > usual else 'small'} {'premium' if mean > 0 else 'discount'}"
    yield (
        f"At {len(premium)} closes {fund_name(report.history.fund)} stood {plus_minus_bp(mean, error)} from net asset "
        f"value on average, {verdict}; it strays by {bp(usual)} (standard deviation) from session to session, "
        f"{bp(float(premium.std()))} with stale and early closes."
    )


def _reversion(report: PremiumReport) -> Iterator[str]:
    fit = report.reversion
    ends = interval_text(fit.interval)
    left = (
        f"{number(fit.coefficient, fit.std_error)} of a premium is left one session later ({percent(fit.confidence)} "
        f"interval {ends})"
    )
    low, high = fit.half_life_interval
    if fit.interval[1] < 0.0:
        yield f"A premium is gone by the next close, even slightly overshot: {left}. Daily closes show no half-life."
    elif fit.half_life == 0.0 or fit.interval[0] <= 0.0:
        bound = f"a half-life above {high:.2f} sessions is ruled out" if math.isfinite(high) else "nothing is ruled out"
        yield f"A premium is not seen to last until the next close: {left}, and {bound}."
    elif math.isinf(fit.half_life):
        yield f"The premium is not seen to close: {left}, with a half-life of {low:.1f} sessions or more."
    else:
        yield f"Half of a premium is gone after {half_life_text(fit)}: {left}, small-sample bias corrected."


def _truth(report: PremiumReport) -> Iterator[str]:
    if report.truth is None:
        return
    apart = abs(report.reversion.coefficient - report.truth) / report.reversion.std_error
    yield (
        f"The truth is {report.truth:.3f}, {apart:.1f} standard errors away (what reverts and what lasts one session "
        "only, taken together)."
    )


def _closing(report: PremiumReport) -> Iterator[str]:
    one, error = report.closing, report.closing.std_errors[0]
    low, high = one.interval(one.nav_catches_up, error, report.confidence)
    share = f"the NAV gains {number(one.nav_catches_up, error)} of a premium in the session after it"
    if low > 0.0:
        yield (
            f"At least {percent(min(low, 1.0))} of the variance of ordinary premiums is a clock, no premium: {share}, "
            "so the price knew what the NAV did not yet. The close is observed later than the prices in the NAV (as "
            "where an index averages the hour before it), and nobody can trade against that."
        )
    elif high < 0.5:
        yield f"Premium, not clock: {share}; at most {percent(max(high, 0.0))} of its variance can be a NAV that lags."
    else:
        yield f"Whether ordinary premiums are clock or premium cannot be told from daily data: {share}."
    missed_low, _ = one.interval(one.missed_by_close, one.missed_std_error, report.confidence)
    if missed_low > 0.0:
        yield (
            f"Closes are stale on ordinary sessions too: they miss "
            f"{number(one.missed_by_close, one.missed_std_error)} of the premium's variance in moves that "
            "the NAV has already made."
        )


def _sides(report: PremiumReport) -> Iterator[str]:
    one = report.sides
    left = (
        f"{number(one.premium, one.premium_std_error)} of a premium and "
        f"{number(one.discount, one.discount_std_error)} of a discount are left a session later"
    )
    if one.p_value_equal < _DOUBT:
        slower = "premium" if one.premium > one.discount else "discount"
        yield f"The two sides differ: {left} (p of equal {p_text(one.p_value_equal)}); a {slower} closes more slowly."
    else:
        yield f"Premiums and discounts close alike: {left} (p of equal {p_text(one.p_value_equal)})."


def _kinds(report: PremiumReport) -> Iterator[str]:
    kinds = {one.name: one for one in report.groups}
    stale, early, rest = (kinds.get(name) for name in ("stale close", "early close", "other closes"))
    if stale is not None:
        closes = "1 stale close makes" if stale.sessions == 1 else f"{stale.sessions} stale closes make"
        yield (
            f"{closes} {percent(stale.square_share)} of all squared premiums and {percent(stale.absolute_share, 1)} of "
            "all absolute ones."
        )
    if early is not None and rest is not None:
        yield (
            f"On {early.sessions} early-close sessions the mean absolute premium is {bp(early.mean_absolute)} against "
            f"{bp(rest.mean_absolute)} on ordinary ones; the hours from that close to the NAV usually move the "
            f"benchmark by {bp(early.expected)} ({_enough(early)}, p {p_text(early.p_value)}). They make "
            f"{percent(early.square_share, 1)} of all squared premiums."
        )


def _enough(early: ClockGroup) -> str:
    if early.p_value >= _DOUBT:
        return "which is enough to explain it"
    if early.mean_absolute < early.expected:
        return "more than is seen, so those closes are not that old or those hours were quiet"
    return "less than is seen, so something else parts price and NAV there"


def _bands(report: PremiumReport) -> Iterator[str]:
    known = report.history.premium.dropna().abs()
    counted = [
        f"±{bp(band)} on {int((known > band).sum())} sessions ({percent(float((known > band).mean()), 1)})"
        for band in report.bands
    ]
    yield f"The premium lay outside {', '.join(counted)}."


def _holding(report: PremiumReport) -> Iterator[str]:
    held = report.holding()
    if len(held) < 2:
        return
    first, last = held.index[0], held.index[-1]
    yield (
        f"What the premium adds to a holder's return has a standard deviation of {bp(float(held['sd'].iloc[0]))} over "
        f"{first} session{'s' if first > 1 else ''} and {bp(float(held['sd'].iloc[-1]))} over {last}: it is a cost of "
        + ("entry and exit, not of holding." if held["sd"].iloc[-1] < 1.5 * held["sd"].iloc[0] else "holding too.")
    )


def _once_a_day(report: PremiumReport) -> Iterator[str]:
    yield (
        f"Prices of {report.history.fund.ticker} are seen once a day. How fast arbitrage closes a premium within the "
        "session is not in these data; a coefficient near zero says that it is faster than a session, not how fast."
    )


def _close(report: PremiumReport) -> Iterator[str]:
    clocks = report.history.clocks
    yield (
        f"Close and NAV are both labelled {clocks.get('close', 'with the same clock')}, but a label says neither when "
        "the last trade was nor over which minutes an index averages. A close is one trade or auction, with half a "
        "spread in it."
    )


def _blunt(report: PremiumReport) -> Iterator[str]:
    move, strays = float(report.history.nav_returns.std()), float(report.usual.std())
    yield (
        f"Who closes a premium is told from the next session's return, which is {move / strays:.0f} times a premium: "
        "hence the wide interval. Prices of the benchmark's asset around the close would settle it."
    )


def _few(report: PremiumReport) -> Iterator[str]:
    for one in report.groups:
        if one.name == "early close":
            yield (
                f"{one.sessions} early closes are few, and their afternoons before holidays may be quieter than usual "
                "ones."
            )

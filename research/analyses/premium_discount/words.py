"""What the facts about a premium say in sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator

from research.analyses.phrases import (
    bp,
    ends_bp,
    fund_name,
    interval_text,
    number,
    p_text,
    percent,
    simulated,
)
from research.analyses.premium_discount.facts import PremiumDiscountFacts
from research.analyses.statement import Statement, Statements
from research.conventions import BASIS_POINT
from research.metrics import PremiumReversion

__all__ = ["conclusions", "half_life_text", "limits"]


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


def conclusions(facts: PremiumDiscountFacts) -> Statements:
    """Return what follows about the premium, the most important first."""
    parts = (_level, _reversion, _truth, _closing, _sides, _kinds, _bands, _holding)
    said = (statement for part in parts for statement in part(facts))
    return Statements((*simulated(facts.history.fund), *said))


def limits(facts: PremiumDiscountFacts) -> Statements:
    """Return what the numbers cannot say of the premium."""
    parts = (_once_a_day, _close, _blunt, _few)
    return Statements(statement for part in parts for statement in part(facts))


def _level(facts: PremiumDiscountFacts) -> Iterator[Statement]:
    premium, usual = facts.history.premium.dropna(), float(facts.usual.std())
    verdict = facts.level
    said = f"which is {verdict}" if verdict.startswith("nothing") else f"a {verdict}"
    yield Statement(
        "premium_discount.level",
        f"At {len(premium)} closes {fund_name(facts.history.fund)} stood {bp(facts.mean, signed=True)} from net asset "
        f"value on average ({ends_bp(facts.mean_interval)}), {said}; it strays by {bp(usual)} (standard deviation) "
        f"from session to session ({ends_bp(facts.usual_intervals['sd'])}), {bp(float(premium.std()))} with stale and "
        f"early closes ({ends_bp(facts.intervals['sd'])}).",
        verdict,
        {
            "mean_bp": facts.mean / BASIS_POINT,
            "std_error_bp": facts.mean_error / BASIS_POINT,
            "mean_interval_bp": [end / BASIS_POINT for end in facts.mean_interval],
            "usual_sd_bp": usual / BASIS_POINT,
        },
    )


def _reversion(facts: PremiumDiscountFacts) -> Iterator[Statement]:
    fit = facts.reversion
    left = (
        f"{number(fit.coefficient, fit.std_error)} of a premium is left one session later "
        f"({percent(facts.confidence)} interval {interval_text(fit.interval)})"
    )
    low, high = fit.half_life_interval
    bound = f"a half-life above {high:.2f} sessions is ruled out" if math.isfinite(high) else "nothing is ruled out"
    text = {
        "overshoots": f"A premium is gone by the next close, even slightly overshot: {left}. Daily closes show no "
        "half-life.",
        "gone by the next close": f"A premium is not seen to last until the next close: {left}, and {bound}.",
        "not seen to close": f"The premium is not seen to close: {left}, with a half-life of {low:.1f} sessions or "
        "more.",
        "closes": f"Half of a premium is gone after {half_life_text(fit)}: {left}, small-sample bias corrected.",
    }[facts.closes]
    values = {"coefficient": fit.coefficient, "std_error": fit.std_error, "half_life_sessions": _known(fit.half_life)}
    yield Statement("premium_discount.closes", text, facts.closes, values)


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _truth(facts: PremiumDiscountFacts) -> Iterator[Statement]:
    if facts.truth is None:
        return
    yield Statement(
        "premium_discount.truth",
        f"The truth is {facts.truth:.3f}, {facts.errors_from_truth:.1f} standard errors away (what reverts and what "
        "lasts one session only, taken together).",
        values={"truth": facts.truth, "errors_away": facts.errors_from_truth},
    )


def _closing(facts: PremiumDiscountFacts) -> Iterator[Statement]:
    one, error = facts.closing, facts.closing.std_errors[0]
    low, high = facts.nav_interval
    share = f"the NAV gains {number(one.nav_catches_up, error)} of a premium in the session after it"
    text = {
        "clock": f"At least {percent(min(low, 1.0))} of the variance of ordinary premiums is a clock, no premium: "
        f"{share}, so the price knew what the NAV did not yet. The close is observed later than the prices in the NAV "
        "(as where an index averages the hour before it), and nobody can trade against that.",
        "premium": f"Premium, not clock: {share}; at most {percent(max(high, 0.0))} of its variance can be a NAV that "
        "lags.",
        "cannot be told": f"Whether ordinary premiums are clock or premium cannot be told from daily data: {share}.",
    }[facts.origin]
    values = {"nav_catches_up": one.nav_catches_up, "std_error": error, "interval": [low, high]}
    yield Statement("premium_discount.origin", text, facts.origin, values)
    if facts.closes_are_stale:
        yield Statement(
            "premium_discount.stale_closes",
            f"Closes are stale on ordinary sessions too: they miss "
            f"{number(one.missed_by_close, one.missed_std_error)} of the premium's variance in moves that "
            "the NAV has already made.",
            "stale",
            {"missed_by_close": one.missed_by_close, "std_error": one.missed_std_error},
        )


def _sides(facts: PremiumDiscountFacts) -> Iterator[Statement]:
    one = facts.sides
    left = (
        f"{number(one.premium, one.premium_std_error)} of a premium and "
        f"{number(one.discount, one.discount_std_error)} of a discount are left a session later"
    )
    if facts.sides_verdict == "differ":
        slower = facts.slower_side
        text = f"The two sides differ: {left} (p of equal {p_text(one.p_value_equal)}); a {slower} closes more slowly."
    else:
        text = (
            f"No difference between premiums and discounts is found: {left} (p of equal {p_text(one.p_value_equal)})."
        )
    yield Statement("premium_discount.sides", text, facts.sides_verdict, {"p_value_equal": one.p_value_equal})


def _kinds(facts: PremiumDiscountFacts) -> Iterator[Statement]:
    stale, early, rest = (facts.group(name) for name in ("stale close", "early close", "other closes"))
    if stale is not None:
        closes = "1 stale close makes" if stale.sessions == 1 else f"{stale.sessions} stale closes make"
        yield Statement(
            "premium_discount.stale",
            f"{closes} {percent(stale.square_share)} of all squared premiums and {percent(stale.absolute_share, 1)} of "
            "all absolute ones.",
            values={"sessions": stale.sessions, "square_share": stale.square_share},
        )
    if early is None or rest is None:
        return
    enough = {
        "explained": "which is enough to explain it",
        "more than is seen": "more than is seen, so those closes are not that old or those hours were quiet",
        "less than is seen": "less than is seen, so something else parts price and NAV there",
    }.get(facts.early_verdict, "")
    yield Statement(
        "premium_discount.early_closes",
        f"On {early.sessions} early-close sessions the mean absolute premium is {bp(early.mean_absolute)} against "
        f"{bp(rest.mean_absolute)} on ordinary ones; the hours from that close to the NAV usually move the "
        f"benchmark by {bp(early.expected)} ({enough}, p {p_text(early.p_value)}). They make "
        f"{percent(early.square_share, 1)} of all squared premiums.",
        facts.early_verdict,
        {"sessions": early.sessions, "mean_absolute_bp": early.mean_absolute / BASIS_POINT, "p_value": early.p_value},
    )


def _bands(facts: PremiumDiscountFacts) -> Iterator[Statement]:
    found = {band: facts.outside(band) for band in facts.bands}
    counted = [f"±{bp(band)} on {count} sessions ({percent(share, 1)})" for band, (count, share) in found.items()]
    yield Statement(
        "premium_discount.bands",
        f"The premium lay outside {', '.join(counted)}.",
        values={f"outside_{band / BASIS_POINT:g}_bp": count for band, (count, _) in found.items()},
    )


def _holding(facts: PremiumDiscountFacts) -> Iterator[Statement]:
    held = facts.holding
    if facts.cost_of == "not known":
        return
    first, last = held.index[0], held.index[-1]
    spread = held["sd"]
    yield Statement(
        "premium_discount.holding",
        f"What the premium adds to a holder's return has a standard deviation of {bp(float(spread.iloc[0]))} over "
        f"{first} session{'s' if first > 1 else ''} and {bp(float(spread.iloc[-1]))} over {last}: it is a cost of "
        + ("entry and exit, not of holding." if facts.cost_of == "entry and exit" else "holding too."),
        facts.cost_of,
        {"short_sd_bp": float(spread.iloc[0]) / BASIS_POINT, "long_sd_bp": float(spread.iloc[-1]) / BASIS_POINT},
    )


def _once_a_day(facts: PremiumDiscountFacts) -> Iterator[Statement]:
    yield Statement(
        "premium_discount.once_a_day",
        f"Prices of {facts.history.fund.ticker} are seen once a day. How fast arbitrage closes a premium within the "
        "session is not in these data; a coefficient near zero says that it is faster than a session, not how fast.",
    )


def _close(facts: PremiumDiscountFacts) -> Iterator[Statement]:
    clocks = facts.history.clocks
    yield Statement(
        "clock.labels",
        f"Close and NAV are both labelled {clocks.get('close', 'with the same clock')}, but a label says neither when "
        "the last trade was nor over which minutes an index averages. A close is one trade or auction, with half a "
        "spread in it.",
    )


def _blunt(facts: PremiumDiscountFacts) -> Iterator[Statement]:
    times = float(facts.history.nav_returns.std()) / float(facts.usual.std())
    yield Statement(
        "premium_discount.blunt",
        f"Who closes a premium is told from the next session's return, which is {times:.0f} times a premium: "
        "hence the wide interval. Prices of the benchmark's asset around the close would settle it.",
        values={"times": times},
    )


def _few(facts: PremiumDiscountFacts) -> Iterator[Statement]:
    early = facts.group("early close")
    if early is not None:
        yield Statement(
            "premium_discount.few_early_closes",
            f"{early.sessions} early closes are few, and their afternoons before holidays may be quieter than usual "
            "ones.",
            values={"sessions": early.sessions},
        )

"""What the facts about a fund's data say in sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from research.alignment.findings import Finding
from research.analyses.data_quality.facts import DataQualityFacts
from research.analyses.phrases import percent, simulated
from research.analyses.statement import Statement, Statements

__all__ = ["conclusions", "limits"]


def conclusions(facts: DataQualityFacts) -> Statements:
    """Return what follows from losses, screens and the cost of not looking."""
    parts = (_losses, _screens, _acknowledged, _calendar, _mismatch, _advice)
    said = (statement for part in parts for statement in part(facts))
    return Statements((*simulated(facts.history.fund), *said))


def limits(facts: DataQualityFacts) -> Statements:  # noqa: ARG001 - every analysis has the same two functions
    """Return what a check cannot see."""
    return Statements(
        (
            Statement(
                "screens.blind",
                "Screens find what does not fit together. A value that is wrong in every file alike, or wrong by less "
                "than the noise, passes.",
            ),
            Statement(
                "screens.silence",
                "That clocks and units are as the entry states is not proved by a silent screen, only not "
                "contradicted.",
            ),
        )
    )


def _losses(facts: DataQualityFacts) -> Iterator[Statement]:
    losses = facts.history.losses
    yield Statement(
        "losses",
        f"Of {losses.rows_in:,} days in the files of {facts.history.fund.ticker}, {losses.rows_out:,} are sessions "
        f"with net asset value and benchmark; {losses.sessions_lost} of {losses.sessions:,} sessions of the exchange "
        "are lost" + (f", {percent(facts.lost_share)} of them." if losses.sessions_lost else "."),
        values={"rows_in": losses.rows_in, "rows_out": losses.rows_out, "sessions_lost": losses.sessions_lost},
    )


def _screens(facts: DataQualityFacts) -> Iterator[Statement]:
    worst = facts.worth_a_look
    if not worst:
        told = "or a warning that nobody has acknowledged" if facts.acknowledged else "or something to look at"
        yield Statement("screens", f"No screen finds an error {told}.", "silent")
        return
    rules = Counter(item.rule.replace("_", " ") for item in worst)
    told = ", ".join(f"{rule}{f' ({count} times)' if count > 1 else ''}" for rule, count in rules.items())
    values = dict(Counter(item.rule for item in worst))
    yield Statement("screens", f"Screens name {told}: {worst[0].message}.", worst[0].severity, values)


def _acknowledged(facts: DataQualityFacts) -> Iterator[Statement]:
    """Say each rule and reason once: a reason may answer many sessions."""
    grouped: dict[tuple[str, str], list[Finding]] = {}
    for item in facts.acknowledged:
        grouped.setdefault((item.rule, item.acknowledged), []).append(item)
    for (rule, why), items in grouped.items():
        told = f"{rule.replace('_', ' ')}{f' ({len(items)} times)' if len(items) > 1 else ''}"
        yield Statement(
            "screens.acknowledged",
            f"Acknowledged is {told}: {items[0].message}. The reason given: {why.rstrip('.')}.",
            "acknowledged",
            {rule: len(items)},
        )


def _calendar(facts: DataQualityFacts) -> Iterator[Statement]:
    naive = facts.history.naive
    if naive is not None and facts.calendar_matters:
        yield Statement(
            "calendar",
            f"Read without an exchange calendar, the same rows would show a tracking error of "
            f"{naive.all_rows_bp:,.0f} bp a year instead of {naive.sessions_bp:,.1f} bp.",
            values={"all_rows_bp": naive.all_rows_bp, "sessions_bp": naive.sessions_bp},
        )


def _mismatch(facts: DataQualityFacts) -> Iterator[Statement]:
    mismatch = facts.history.fund.benchmark_mismatch
    if mismatch is not None:
        yield Statement("benchmark_mismatch", mismatch, "mismatch")


def _advice(facts: DataQualityFacts) -> Iterator[Statement]:
    why = (
        "a screen reports an error"
        if facts.counts["error"]
        else f"{facts.failing[0].analysis} would fail, {facts.failing[0].reason}"
        if facts.failing
        else f"{percent(facts.lost_share)} of the sessions are lost"
    )
    where = "what the screens name" if facts.worth_a_look else "the sessions that are lost"
    text = {
        "usable": "The data can be used as they are.",
        "look first": f"The data can be used; look at {where} before a figure rests on those sessions.",
        "not usable": f"The data should not be used as they are: {why}. Repair the file, or choose another sample.",
    }[facts.verdict]
    yield Statement("data_quality", text, facts.verdict)

"""A fund as text and as a table: what is known, how well, and from where."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from research.funds.fact import STATUS_MEANING, Fact
from research.tables import Table

if TYPE_CHECKING:
    from research.funds.fund import Fund

__all__ = ["as_table", "as_text"]

WIDTH = 118


class Line(NamedTuple):
    """One known thing."""

    label: str
    value: str
    status: str
    source: str


def as_text(fund: Fund) -> str:
    """Return what is known of `fund`, one thing per paragraph, sources and status tags included."""
    lines = _lines(fund)
    margin = max(len(line.label) for line in lines) + 4
    blocks = [_title(fund)]
    for line in lines:
        tag = f" [{line.status}]" if line.status else ""
        source = f" {line.source}" if line.source and line.status else f" ({line.source})" if line.source else ""
        blocks.append(
            textwrap.fill(
                f"{line.value}{tag}{source}",
                WIDTH,
                initial_indent=f"  {line.label}".ljust(margin),
                subsequent_indent=" " * margin,
                break_long_words=False,
                break_on_hyphens=False,
            )
        )
    blocks += [textwrap.fill(note, WIDTH, initial_indent="  ", subsequent_indent="  ") for note in _notes(fund)]
    return "\n".join(blocks)


def as_table(fund: Fund) -> Table:
    """Return what is known of `fund` as a table with the columns value, status and source."""
    lines = _lines(fund)
    frame = pd.DataFrame(
        {
            "value": [line.value for line in lines],
            "status": [line.status for line in lines],
            "source": [line.source for line in lines],
        },
        index=[line.label for line in lines],
    )
    return Table(frame, _title(fund), notes=tuple(_notes(fund)))


def _title(fund: Fund) -> str:
    simulated = ", simulated" if fund.simulated else ""
    return f"{fund.ticker}: {fund.name} ({fund.issuer}, {fund.kind}, {fund.asset}{simulated})"


def _lines(fund: Fund) -> list[Line]:
    stated = {
        "listed": fund.listed,
        "inception": fund.inception,
        "benchmark": fund.benchmark,
        "custodian": fund.custodian,
        "assets below": fund.assets_below,
    }
    lines = [_fact(label, fact) for label, fact in stated.items() if fact is not None]
    lines[1:1] = [Line("calendar", fund.calendar, "", "")]
    return [*lines, *_fee(fund), *_terms(fund), *_facts(fund), *_series(fund)]


def _fact(label: str, fact: Fact) -> Line:
    if label == "assets below" and isinstance(fact.value, (int, float)):
        return Line(label, f"${fact.value:,.0f}", fact.status, fact.source)
    return Line(label, fact.text, fact.status, fact.source)


def _fee(fund: Fund) -> list[Line]:
    schedule = fund.fee
    if schedule is None:
        return [Line("fee", "unknown", "", "")]
    lines = [Line("fee", f"{schedule.headline * 100:.2f} % a year", schedule.status, schedule.source)]
    for period in schedule.periods:
        note = "; ".join(part for part in (period.note, period.source) if part)
        lines.append(Line("", str(period), schedule.status_of(period), note))
    return lines


def _terms(fund: Fund) -> list[Line]:
    lines = []
    if fund.staking is not None:
        terms = {
            "stakes since": fund.staking.since,
            "staking fee": fund.staking.fee_share,
            "staked share": fund.staking.staked_share,
            "staking target": fund.staking.target,
            "validators": fund.staking.providers,
        }
        for label, fact in terms.items():
            if fact is None:
                continue
            text = f"{fact.value:.1%}".replace("%", " %") if isinstance(fact.value, float) else fact.text
            lines.append(Line(label, text, fact.status, fact.source))
    if fund.leverage is not None:
        terms_of = fund.leverage
        lines.append(Line("leverage", f"{terms_of.multiple:g}x, {terms_of.reset}", terms_of.status, terms_of.source))
    return lines


def _facts(fund: Fund) -> list[Line]:
    return [Line(label.replace("_", " "), fact.text, fact.status, fact.source) for label, fact in fund.facts.items()]


def _series(fund: Fund) -> list[Line]:
    lines = []
    for role, source in fund.series.items():
        tick = f", printed to {np.format_float_positional(source.tick, trim='-')}" if source.tick else ""
        what = f": {source.measures}" if source.measures else ""
        value = f"{source.provider}{what}, {source.clock}, {source.unit}{tick}"
        lines.append(Line(f"series {role.replace('_', ' ')}", value, "", source.where))
    return lines


def _notes(fund: Fund) -> list[str]:
    lines = _lines(fund)
    used = {line.status for line in lines}
    meaning = "; ".join(f"{tag}: {text}" for tag, text in STATUS_MEANING.items() if tag in used)
    mismatch = [fund.benchmark_mismatch] if fund.benchmark_mismatch else []
    series = [] if fund.series else ["No series: nothing can be computed until a funds.toml of your own names files."]
    return [*mismatch, *series, *([meaning + "."] if meaning else [])]

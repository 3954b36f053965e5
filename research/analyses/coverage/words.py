"""What the facts about coverage say in sentences."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from research.analyses.coverage.facts import CoverageFacts
from research.analyses.phrases import simulated
from research.analyses.statement import Statement, Statements

__all__ = ["conclusions", "limits"]


def conclusions(facts: CoverageFacts) -> Statements:
    """Return what the study shows."""
    parts = (_count, _outside, _bias)
    said = (statement for part in parts for statement in part(facts))
    return Statements((*simulated(facts.history.fund), *said))


def limits(facts: CoverageFacts) -> Statements:
    """Return what the study cannot say."""
    draws = facts.study.draws
    error = 100 * (0.95 * 0.05 / draws) ** 0.5
    return Statements(
        (
            Statement(
                "coverage.simulated",
                "The funds are simulated: coverage holds for noise of these kinds and for a model whose drivers are "
                "right. A driver that is measured wrongly, or left out, is not in this study.",
            ),
            Statement(
                "coverage.monte_carlo",
                f"{draws} funds a kind leave a Monte-Carlo error of {error:.1f} points on a coverage of 95 %.",
                values={"draws": draws, "monte_carlo_error_points": error},
            ),
        )
    )


def _count(facts: CoverageFacts) -> Iterator[Statement]:
    study, count = facts.study, len(facts.estimated)
    right = count - len(facts.outside)
    yield Statement(
        "coverage",
        f"{study.draws} {facts.history.fund.kind} funds were made for each of {len(study.worlds)} kinds of noise; "
        f"{right} of {count} intervals cover within three points of {study.confidence:.0%}, Monte-Carlo error allowed "
        "for.",
        "all" if not facts.outside else "some do not",
        {"intervals": count, "as_stated": right},
    )


def _outside(facts: CoverageFacts) -> Iterator[Statement]:
    for one in facts.outside:
        yield Statement(
            "coverage.outside",
            f"Under {one.noise.replace('_', ' ')} noise the interval of {one.driver.replace('_', ' ')} on {one.basis} "
            f"basis covers {100 * one.coverage:.1f} % ({100 * one.lower:.1f} to {100 * one.upper:.1f}): it is "
            f"{one.side}.",
            one.side,
            {"noise": one.noise, "driver": one.driver, "basis": one.basis, "coverage": one.coverage},
        )


def _bias(facts: CoverageFacts) -> Iterator[Statement]:
    text = (
        "No coefficient is biased by more than a tenth of its standard error, Monte-Carlo error allowed for."
        if facts.bias == "none found"
        else f"Biased by more than a tenth of its standard error: {_named(facts.biased)}."
    )
    yield Statement("coverage.bias", text, facts.bias)


def _named(frame: pd.DataFrame) -> str:
    rows = frame[["driver", "noise", "bias_share"]].itertuples(index=False, name=None)
    return "; ".join(f"{driver} under {noise} ({share:+.2f})" for driver, noise, share in rows)

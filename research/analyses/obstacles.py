"""What would keep a report on a history from being made, found by making the parts that can fail."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

from research.alignment.history import Basis, History
from research.analyses.registry import ANALYSES, analysis
from research.decomposition import decompose
from research.decomposition.identification import identify_drivers
from research.drivers import measure
from research.errors import ResearchError, ResearchWarning

__all__ = ["Obstacle", "obstacles"]


@dataclass(frozen=True)
class Obstacle:
    """Why one analysis cannot be made of a history.

    Parameters
    ----------
    analysis : str
        Its name.
    reason : str
        What would be said, in one line.
    applies : bool
        False where the analysis is not one for such a fund, so that nothing is wrong.
    """

    analysis: str
    reason: str
    applies: bool


def obstacles(history: History) -> tuple[Obstacle, ...]:
    """Return what keeps the analyses from being made of a history.

    Parameters
    ----------
    history : History
        Aligned history.

    Returns
    -------
    tuple of Obstacle
        Those of the decomposition, which every report rests on, first: its drivers are measured and identified and the
        divergence is decomposed on each basis. Then the analyses that say that the fund is not one for them.

    Examples
    --------
    >>> from research.opening import load
    >>> [(found.analysis, found.applies) for found in obstacles(load("ETHV"))]
    [('futures_roll', False), ('staking', False), ('coverage', False)]
    """
    with warnings.catch_warnings():
        # A report shows them in their place.
        warnings.simplefilter("ignore", ResearchWarning)
        failing = [found for basis in history.bases if (found := _decomposition(history, basis)) is not None]
        return (*failing, *_refusals(history))


def _decomposition(history: History, basis: Basis) -> Obstacle | None:
    step = "measuring the drivers"
    try:
        drivers = measure(history, basis)
        step = "identifying the drivers"
        identified = identify_drivers(history, drivers, basis)
        step = "decomposing the divergence"
        decompose(history, basis, identified=identified)
    except ResearchError as error:
        return Obstacle("decomposition", f"{step} on {basis} basis: {error}", applies=True)
    except Exception as error:  # noqa: BLE001 - a report that ends in a traceback is not made either
        return Obstacle("decomposition", f"{step} on {basis} basis: {type(error).__name__}: {error}", applies=True)
    return None


def _refusals(history: History) -> list[Obstacle]:
    refused = []
    for name in ANALYSES:
        report = analysis(name)
        assert report is not None
        try:
            report.require(history, {})
        except ResearchError as error:
            refused.append(Obstacle(name, str(error), applies=False))
    return refused

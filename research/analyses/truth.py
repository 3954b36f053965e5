"""Estimate beside truth, for funds that were made."""

from __future__ import annotations

import math

import pandas as pd

from research.conventions import BASIS_POINT
from research.decomposition import Decomposition
from research.tables import Format, Table, plus_minus

__all__ = ["truth_table"]


def truth_table(result: Decomposition) -> Table | None:
    """Return what each driver contributed as estimated and as built in, or None for a real fund.

    Parameters
    ----------
    result : Decomposition
        Of a simulated fund.
    """
    if not result.simulated:
        return None
    rows: dict[str, list[object]] = {}
    for part in result.drivers:
        if part.truth is None:
            continue
        true, error = part.truth * part.stated, part.contribution_std_error
        away = (part.contribution - true) / error if error > 0 else math.nan
        shown = plus_minus(part.contribution / BASIS_POINT, error / BASIS_POINT, 2)
        rows[part.title] = [shown, true / BASIS_POINT, away]
    columns = ["estimate ± se", "truth", "standard errors away"]
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    formats: dict[str, Format] = {"truth": "+.2f", "standard errors away": "+.1f"}
    notes = ("A driver that is imposed has no error: it is set to what is stated, which is true of a simulated fund.",)
    return Table(frame, f"{result.ticker} is simulated: estimate beside truth, bp a year", formats, notes)

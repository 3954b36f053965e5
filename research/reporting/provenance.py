"""What numbers were computed with and from: versions and hashes; no wall clock, so equal runs leave equal bytes."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from research.alignment.history import History
from research.reporting.versions import versions
from research.tables import Table

__all__ = ["parameters_table", "provenance", "provenance_table"]


def provenance(history: History, seed: int | None) -> dict[str, object]:
    """Return versions, data hashes and seed in the layout of ``research.result/1``.

    Parameters
    ----------
    history : History
        Whose sources are named.
    seed : int or None
        What seeded the random numbers; None where none were drawn.
    """
    # Several columns of one table share its file, and so its hash.
    data = {source.name.split(",")[0]: source.sha256 for source in history.sources}
    return {"versions": versions(), "data": data, "seed": seed}


def provenance_table(record: dict[str, object]) -> Table:
    """Return a provenance record as a table."""
    numbers, data = record["versions"], record["data"]
    assert isinstance(numbers, dict)
    assert isinstance(data, dict)
    rows = {name: [number] for name, number in numbers.items()}
    rows |= {f"SHA-256 of {name}": [digest] for name, digest in data.items()}
    rows["seed"] = ["none" if record["seed"] is None else str(record["seed"])]
    return Table(pd.DataFrame.from_dict(rows, orient="index", columns=["value"]), "Versions, data and seed")


def parameters_table(parameters: Mapping[str, object]) -> Table:
    """Return the parameters that a report ran with as a table."""
    shown = {name: "(empty)" if value == "" else str(value) for name, value in parameters.items()}
    return Table(pd.DataFrame({"value": shown}), "Parameters")

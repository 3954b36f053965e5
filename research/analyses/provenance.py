"""What numbers were computed with and from: versions and hashes; no wall clock, so equal runs leave equal bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from research.versions import versions

if TYPE_CHECKING:
    from research.alignment.history import History
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
    import pandas as pd  # noqa: PLC0415 - whoever runs reports needs no tables

    from research.tables import Table  # noqa: PLC0415 - as above

    numbers, data = record["versions"], record["data"]
    assert isinstance(numbers, dict)
    assert isinstance(data, dict)
    rows = {name: [number] for name, number in numbers.items()}
    rows |= {f"SHA-256 of {name}": [digest] for name, digest in data.items()}
    rows["seed"] = ["none" if record["seed"] is None else str(record["seed"])]
    return Table(pd.DataFrame.from_dict(rows, orient="index", columns=["value"]), "Versions, data and seed")


def parameters_table(parameters: Mapping[str, object]) -> Table:
    """Return the parameters that a report ran with as a table."""
    import pandas as pd  # noqa: PLC0415 - see above

    from research.tables import Table  # noqa: PLC0415 - see above

    shown = {name: "(empty)" if value == "" else str(value) for name, value in parameters.items()}
    return Table(pd.DataFrame({"value": shown}), "Parameters")

"""The end of a notebook: what it ran with and from, shown, and its result written where the run asked for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from research.reporting.result import write_result

if TYPE_CHECKING:
    from research.tables import Table

__all__ = ["Recorded", "parameters_table", "provenance_table", "record"]


class Recorded(Protocol):
    """What can be recorded: an analysis, or anything of your own with these three."""

    @property
    def name(self) -> str:
        """Name of the notebook."""

    @property
    def provenance(self) -> Mapping[str, Any]:
        """``versions``, ``data`` and ``seed``."""

    def to_dict(self) -> dict[str, Any]:
        """Return the result in the layout of ``research.result/1``, without notebook and parameters."""


def record(report: Recorded, parameters: Mapping[str, object], result_path: str = "") -> None:
    """Show parameters, versions and data of a report and write its result: the last cell of a notebook.

    Parameters
    ----------
    report : Recorded
        Such as `research.explain` returns.
    parameters : mapping of str to JSON value
        Every parameter of the notebook but `result_path`, with the value that it ran with.
    result_path : str
        File for the result as JSON, the notebook's parameter of that name; empty writes none.

    Raises
    ------
    DataError
        If the result does not fit its schema.
    """
    from IPython.display import display  # noqa: PLC0415 - only a notebook has it loaded

    for table in (parameters_table(parameters), provenance_table(report.provenance)):
        display(table)  # type: ignore[no-untyped-call]
    if result_path:
        write_result(result_path, {**report.to_dict(), "notebook": report.name, "parameters": dict(parameters)})


def parameters_table(parameters: Mapping[str, object]) -> Table:
    """Return the parameters that a report ran with as a table."""
    import pandas as pd  # noqa: PLC0415 - whoever runs reports needs no tables

    from research.tables import Table  # noqa: PLC0415 - as above

    shown = {name: "(empty)" if value == "" else str(value) for name, value in parameters.items()}
    return Table(pd.DataFrame({"value": shown}), "Parameters")


def provenance_table(provenance: Mapping[str, Any]) -> Table:
    """Return versions, data hashes and seed as a table."""
    import pandas as pd  # noqa: PLC0415 - see above

    from research.tables import Table  # noqa: PLC0415 - see above

    rows = {name: [number] for name, number in provenance["versions"].items()}
    rows |= {f"SHA-256 of {name}": [digest] for name, digest in provenance["data"].items()}
    rows["seed"] = ["none" if provenance["seed"] is None else str(provenance["seed"])]
    return Table(pd.DataFrame.from_dict(rows, orient="index", columns=["value"]), "Versions, data and seed")

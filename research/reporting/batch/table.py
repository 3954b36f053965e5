"""``results.parquet``: every number and text of every result of a batch in one long table."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from research.reporting.batch.store import write_whole

__all__ = ["TABLE", "quantities", "write_table"]

TABLE: Final = "results.parquet"
_COLUMNS: Final = ("run", "fund", "notebook", "basis", "quantity", "value", "text")
# Columns of their own, or the same for all.
_APART: Final = frozenset({"schema", "status", "fund", "notebook"})


def quantities(result: Mapping[str, Any]) -> Iterator[tuple[str, float | None, str | None]]:
    """Yield path, value and text of every number and text in a result.

    Parameters
    ----------
    result : mapping
        The content of a result file.

    Yields
    ------
    tuple of (str, float or None, str or None)
        Keys joined by dots; an item of a list goes by its ``name``, else by its position from 0. A number has a value,
        a text has a text, true and false have both, null has neither.

    Examples
    --------
    >>> list(quantities({"bases": {"nav": {"drivers": [{"name": "expense_ratio", "contribution_bp": -10.8}]}}}))
    [('bases.nav.drivers.expense_ratio.contribution_bp', -10.8, None)]
    """
    for key, value in result.items():
        if key not in _APART:
            yield from _flat(value, key)


def _flat(value: object, path: str) -> Iterator[tuple[str, float | None, str | None]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(inner, f"{path}.{key}")
    elif isinstance(value, list):
        names = [item.get("name") if isinstance(item, Mapping) else None for item in value]
        has_names = all(isinstance(name, str) for name in names) and len(set(names)) == len(names)
        for number, (name, item) in enumerate(zip(names, value, strict=True)):
            if has_names:
                rest = {key: inner for key, inner in item.items() if key != "name"}
                yield from _flat(rest, f"{path}.{name}")
            else:
                yield from _flat(item, f"{path}.{number}")
    elif isinstance(value, bool):
        yield path, float(value), str(value).lower()
    elif isinstance(value, (int, float)):
        yield path, float(value), None
    else:
        yield path, None, None if value is None else str(value)


def write_table(folder: Path, entries: Iterable[Mapping[str, Any]]) -> Path:
    """Write the results of the runs that succeeded as ``results.parquet`` and return its path.

    Parameters
    ----------
    folder : pathlib.Path
        Of the batch.
    entries : iterable of mapping
        What the manifest says of each run, in its order.

    Notes
    -----
    Columns: run, fund, notebook, basis (nav, price or null), quantity, value (float), text. NaN does not occur: a
    number that does not exist is null.
    """
    import pyarrow as pa  # noqa: PLC0415 - loads in a tenth of a second, and only where a batch ends
    from pyarrow import parquet  # noqa: PLC0415

    columns: dict[str, list[Any]] = {name: [] for name in _COLUMNS}
    for entry in entries:
        if entry["status"] == "ok":
            _add(columns, entry, json.loads((folder / entry["files"]["json"]["path"]).read_bytes()))
    schema = pa.schema([(name, pa.float64() if name == "value" else pa.string()) for name in _COLUMNS])
    buffer = io.BytesIO()
    parquet.write_table(pa.table(columns, schema=schema), buffer, compression="zstd")
    return write_whole(folder / TABLE, buffer.getvalue())


def _add(columns: dict[str, list[Any]], entry: Mapping[str, Any], result: Mapping[str, Any]) -> None:
    for path, value, text in quantities(result):
        parts = path.split(".", 2)
        basis = parts[1] if parts[0] == "bases" and len(parts) > 1 else None
        row = (entry["id"], entry["fund"], entry["notebook"], basis, path, value, text)
        for name, cell in zip(_COLUMNS, row, strict=True):
            columns[name].append(cell)

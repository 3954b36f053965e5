"""A run's key: one hash over all that its result depends on. The same key, the same result: no need to run again."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from research.errors import ResearchError
from research.reporting.result import RESULT_SCHEMA
from research.versions import code_fingerprint

__all__ = ["DataHashes", "run_key"]


def run_key(
    name: str,
    notebook: bytes,
    parameters: Mapping[str, Any],
    data: Mapping[str, Any],
    code: Mapping[str, Any] | None = None,
) -> str:
    """Return the key of a run.

    Parameters
    ----------
    name : str
        The notebook's name.
    notebook : bytes
        Its file.
    parameters : mapping of str to JSON value
        Every parameter, given or default.
    data : mapping
        Hashes of the files that it will read; see `DataHashes`.
    code : mapping, optional
        Fingerprint of the code; by default of the code that is installed now.

    Returns
    -------
    str
        A SHA-256 in hexadecimal digits.

    Examples
    --------
    >>> run_key("a", b"{}", {"x": 1}, {}) == run_key("a", b"{}", {"x": 1}, {})
    True
    >>> run_key("a", b"{}", {"x": 1}, {}) == run_key("a", b"{}", {"x": 2}, {})
    False
    """
    content = {
        **(code or code_fingerprint()),
        "name": name,
        "notebook": _digest(notebook),
        "parameters": dict(parameters),
        "data": dict(data),
        "schema": RESULT_SCHEMA,
    }
    return _digest(json.dumps(content, sort_keys=True, allow_nan=False).encode())


class DataHashes:
    """Hashes of the data files that runs will read; every file is read once.

    Bundled tables belong to the package and are in its hash.
    """

    def __init__(self) -> None:
        self.of_file = cache(_file_hash)
        self.ticker = cache(self._ticker)

    def of_run(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return the hashes for one run, None for a file that is not there.

        Parameters
        ----------
        parameters : mapping of str to JSON value
            Every parameter. ``fund`` and ``data`` lead to the fund's files; a text that names a file is one that the
            notebook may read.
        """
        found: dict[str, Any] = {}
        if isinstance(parameters.get("fund"), str):
            found["fund"] = self._of_fund(parameters["fund"], str(parameters.get("data", "")))
        named = {name: self.of_file(Path(text)) for name, text in _texts(parameters) if _is_file(text)}
        return {**found, "named": named}

    def _of_fund(self, ticker: str, data: str) -> dict[str, Any]:
        from research.funds.registry import FILE_NAME, data_folder  # noqa: PLC0415

        folder = data_folder(data or None)
        hashes: dict[str, Any] = {} if folder is None else {FILE_NAME: self.of_file(folder / FILE_NAME)}
        fund = self.ticker(ticker, data)[1]
        if fund is not None and fund.root is not None:
            # Tables that series share, inputs and futures too: whatever the run will read.
            for where, source in fund.files.items():
                if source.file is not None:
                    hashes[where] = self.of_file(fund.root / source.file)
                    if source.format == "sql":
                        hashes[f"{where} log"] = self._of_logs(fund.root / source.file)
                elif source.is_query:
                    # Nobody knows what a server holds without asking it: such a run is never like the last.
                    hashes[where] = secrets.token_hex(16)
        return hashes

    def _of_logs(self, database: Path) -> list[str | None]:
        """Return the hashes of what lies beside a database because it was written last: SQLite's log, DuckDB's."""
        found = [self.of_file(database.with_name(database.name + ending)) for ending in ("-wal", ".wal")]
        # To read one may leave an empty log behind, which is as good as none.
        return [None if one == _digest(b"") else one for one in found]

    def _ticker(self, ticker: str, data: str) -> tuple[str, Any]:
        """Return a ticker as it is spelt, and the fund that a registry describes under it, None where there is none."""
        from research.funds.registry import SIMULATED_PREFIX, described  # noqa: PLC0415

        try:
            fund = described(ticker, data or None)
        except ResearchError:
            # The run will say so, in its place: the others of the batch are none the worse.
            return ticker, None
        if fund is not None:
            return fund.ticker, fund
        # A simulated fund has no files, and nothing is simulated only to learn its name.
        name = ticker.strip().upper()
        return (name if name.startswith(SIMULATED_PREFIX) else ticker), None


def _texts(parameters: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for name, value in parameters.items():
        for number, item in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(item, str) and item:
                yield f"{name}.{number}", item


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):
        return False


def _file_hash(path: Path) -> str | None:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except (OSError, ValueError):
        return None


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()

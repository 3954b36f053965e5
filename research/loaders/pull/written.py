"""The file of a data folder that a pull writes: whole, inside the folder, and never over something it did not write."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from research.errors import DataFileError, ParameterError, PullError
from research.funds import ROLES
from research.loaders.published import PublishedTable
from research.loaders.pull.vintage import replace_whole

if TYPE_CHECKING:
    import pandas as pd

    from research.funds import Fund
    from research.funds.pull import PullSource
    from research.funds.series import FileSource

__all__ = ["Changes", "Target", "target_of", "tidy_bytes", "write_target"]

_INDEX: Final = {"daily": "date", "bars": "time"}


@dataclass(frozen=True)
class Target:
    """The file that one pull entry writes.

    Parameters
    ----------
    file : str
        Relative to the data folder.
    as_published : bool
        True where the fund's series reads the publisher's own format: then the bytes are copied as they came.
    columns : tuple of str
        Columns that the fund's series wants to find in a tidy file.
    hint : str
        What to add to funds.toml, where no series of the fund reads the file yet.
    """

    file: str
    as_published: bool
    columns: tuple[str, ...]
    hint: str = ""


@dataclass(frozen=True)
class Changes:
    """How a file differs from the one it replaced.

    Parameters
    ----------
    rows : int
        Rows now.
    new_rows : int
        Rows that were not there before.
    revised : int
        Values of old rows that are no longer the same.
    first : str
        The first of those, in words.
    """

    rows: int
    new_rows: int
    revised: int
    first: str = ""


def target_of(fund: Fund, name: str, entry: PullSource, format_name: str) -> Target:
    """Return the file that an entry writes: the one it names, else that of the fund's series of the same name.

    Raises
    ------
    ParameterError
        If the series reads that file in a format that the pull does not write.
    """
    series = {str(key): item for key, item in (*fund.inputs.items(), *fund.series.items())}.get(name)
    place: FileSource | None = series
    if series is not None and series.table is not None:
        place = fund.tables.get(series.table)  # None for a bundled table, which nobody writes to
    file = entry.file or (place.file if place is not None else None) or f"pulled/{fund.ticker}-{name}.csv"
    if series is None or place is None or place.file != file:
        room = "series" if name in ROLES else "inputs"
        return Target(file, as_published=False, columns=(), hint=f'[fund.{fund.ticker}.{room}.{name}]: file = "{file}"')
    plain = place.format == "csv" and not place.options
    if not plain and place.format != format_name:
        how = f"{place.format!r} with options" if place.options else repr(place.format)
        raise ParameterError(
            f"{fund.ticker} {name}: {file} is read as {how}, and {entry.source} gives {format_name!r}: name another "
            "file in the pull entry"
        )
    columns = (series.date_column, series.column) if plain else ()
    return Target(file, as_published=not plain, columns=columns)


def tidy_bytes(table: PublishedTable, columns: tuple[str, ...]) -> bytes:
    r"""Return a table as plain CSV: ISO dates, the toolkit's column names, an empty cell where there is no value.

    Raises
    ------
    PullError
        If a column that the fund's series reads is not in it, or the table is not one by day or bar.

    Examples
    --------
    >>> from research.loaders.fred import load_fred
    >>> from research.loaders.raw import RawFile
    >>> tidy_bytes(load_fred(RawFile("x.csv", b"DATE,DTB3\n2024-07-04,.\n2024-07-05,5.22\n")), ())
    b'date,dtb3\n2024-07-04,\n2024-07-05,5.22\n'
    """
    if table.kind not in _INDEX:
        raise PullError(f"{table.name}: a table of kind {table.kind!r} has no tidy form: read the vintage itself")
    index = _INDEX[table.kind]
    there = (index, *table.frame.columns)
    for column in columns:
        if column not in there:
            raise PullError(
                f"{table.name}: the fund's series reads column {column!r}, which a pull does not write (columns: "
                f"{', '.join(there)}): correct it in funds.toml"
            )
    import pandas as pd  # noqa: PLC0415

    stamps = pd.DatetimeIndex(table.frame.index).strftime("%Y-%m-%d" if index == "date" else "%Y-%m-%dT%H:%M:%SZ")
    frame = table.frame.set_axis(stamps.rename(index), axis=0)
    return str(frame.to_csv(lineterminator="\n")).encode()


def write_target(data: Path, target: Target, content: bytes, *, dry_run: bool = False) -> Changes | None:
    """Write the file, if what is there was written by a pull. Call with the folder's lock held.

    Returns
    -------
    Changes or None
        None where nothing was different, or the bytes are not a tidy table.

    Raises
    ------
    DataFileError
        If the file would lie outside the data folder, was not written by a pull, or rows of it would be lost.
    """
    path = _inside(data, target.file)
    register = data / "vintages" / "written.json"
    own = _own(register)
    before = path.read_bytes() if path.is_file() else None
    if before is not None:
        if hashlib.sha256(before).hexdigest() not in own.get(target.file, ()):
            raise DataFileError(
                f"{path}: was not written by a pull, or was changed since: move it away, or name another file in the "
                "pull entry"
            )
        if before == content:
            return None
    changes = None if target.as_published else _changes(before, content, path)
    if dry_run:
        return changes
    # Both hashes first: killed between the two writes, the next pull still knows either file as its own.
    hashes = [hashlib.sha256(part).hexdigest() for part in (before, content) if part is not None]
    replace_whole(register, (json.dumps({**own, target.file: hashes}, indent=1, sort_keys=True) + "\n").encode())
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_whole(path, content)
    return changes


def _inside(data: Path, file: str) -> Path:
    root = data.resolve()
    path = root / file
    if not path.resolve().is_relative_to(root) or path.is_dir():
        raise DataFileError(f"{file!r} leads out of {root}, or is a folder: name a file inside it")
    if path.resolve().is_relative_to(root / "vintages"):
        raise DataFileError(f"{file!r} lies among the vintages, which are never overwritten: name another file")
    if path.name == "funds.toml":
        raise DataFileError(f"{file!r} describes the funds: name another file")
    return path.resolve()


def _own(register: Path) -> dict[str, list[str]]:
    try:
        found = json.loads(register.read_bytes())
        return {str(file): [str(item) for item in hashes] for file, hashes in found.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError):
        raise DataFileError(f"{register}: cannot be read: move it away, and the files that pulls wrote too") from None


def _changes(before: bytes | None, content: bytes, path: Path) -> Changes:
    new = _frame(content)
    if before is None:
        return Changes(len(new), len(new), 0)
    old = _frame(before)
    lost = old.index.difference(new.index)
    if len(lost):
        raise DataFileError(
            f"{path}: {len(lost)} rows would be lost, the first of {lost[0]}: pull from an earlier day (--since), or "
            "move the file away"
        )
    # An adjusted price changes backwards with every distribution, which is no news.
    common = [column for column in old.columns if column in new.columns and not column.startswith("adjusted")]
    was, now = old[common].to_numpy(), new.loc[old.index, common].to_numpy()
    differs = (was != now) & ~((was != was) & (now != now))  # noqa: PLR0124 - NaN
    first = ""
    if differs.any():
        row, column = (int(place[0]) for place in differs.nonzero())
        first = f"{common[column]} of {old.index[row]} was {was[row, column]}, is {now[row, column]}"
    return Changes(len(new), len(new) - len(old), int(differs.sum()), first)


def _frame(content: bytes) -> pd.DataFrame:
    import io  # noqa: PLC0415

    import pandas as pd  # noqa: PLC0415

    return pd.read_csv(io.BytesIO(content), index_col=0)

"""``runs.toml``: a matrix of runs, read strictly.

Every key of ``[matrix]`` is a list; the runs are all combinations. An ``[[exclude]]`` table takes out the runs that
match all its keys, an ``[[include]]`` table adds one run, and ``[defaults]`` holds what every run gets that does not
say otherwise.
"""

from __future__ import annotations

import hashlib
import itertools
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, ValidationError

from research.errors import DataFileError
from research.strict_toml import KeyPath, TomlFile, read_toml

__all__ = ["MOST_RUNS", "BatchSpec", "RequestedRun", "is_folder_name", "read_spec", "safe_name", "same_value"]

MOST_RUNS: Final = 10_000
"""Runs of the largest batch; a matrix of a few long lists is past it before its author notices."""

_SAFE: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9_-])?")
_OTHER: Final = re.compile(r"[^A-Za-z0-9._-]+")
_DEVICE: Final = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)
_LONGEST: Final = 64
_DIGITS: Final = 8
_TAKEN: Final = frozenset({"manifest", "index", "results", "events"})
"""What a batch calls its own files, without the ending."""

_ADVICE: Final = {
    "name": 'write a folder name of letters, digits, ".", "_" and "-"',
    "matrix": 'write lists, such as fund = ["ETHV", "ETHA"]',
    "exclude": "write [[exclude]] tables",
    "include": "write [[include]] tables",
    "defaults": "write a [defaults] table of single values",
}


def _json_value(value: object) -> object:
    """Return a value that JSON can hold: a scalar or a list of scalars."""
    if isinstance(value, list):
        if any(isinstance(item, list) for item in value):
            raise ValueError("is a list in a list in a list: a parameter holds a value or a flat list")
        return [_json_value(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"is {value}: a parameter is a finite number")
    if not isinstance(value, (str, int, float, bool)):
        what = f"a {type(value).__name__}" if isinstance(value, dict) else f"{value} without quotes"
        # pydantic takes a ValueError for a complaint, and a TypeError for a fault of ours
        raise ValueError(  # noqa: TRY004
            f'is {what}: write a text, a number, true or false; a date in quotes, as in "2025-07-23"'
        )
    return value


_Value = Annotated[Any, PlainValidator(_json_value)]


class _File(BaseModel):
    """The layout of the file."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str | None = None
    matrix: dict[str, Annotated[list[_Value], Field(min_length=1)]] = Field(default_factory=dict)
    exclude: list[dict[str, _Value]] = Field(default_factory=list)
    include: list[dict[str, _Value]] = Field(default_factory=list)
    defaults: dict[str, _Value] = Field(default_factory=dict)


@dataclass(frozen=True)
class RequestedRun:
    """One run as the file asks for it, not yet compared with its notebook.

    Parameters
    ----------
    values : mapping of str to JSON value
        ``notebook``, ``fund`` and further parameters.
    origins : mapping of str to tuple
        Where in the file each value stands.
    at : tuple
        Where the run as a whole comes from.
    """

    values: Mapping[str, Any]
    origins: Mapping[str, KeyPath]
    at: KeyPath


@dataclass(frozen=True)
class BatchSpec:
    """A batch as its file asks for it.

    Parameters
    ----------
    name : str
        Name of the batch and of its folder.
    runs : tuple of RequestedRun
        In the order of the file, the last key of the matrix going round first.
    file : TomlFile
        What messages point into.
    """

    name: str
    runs: tuple[RequestedRun, ...]
    file: TomlFile


def read_spec(path: str | Path) -> BatchSpec:
    r"""Read a ``runs.toml``.

    Parameters
    ----------
    path : str or pathlib.Path
        The file.

    Raises
    ------
    DataFileError
        If the file cannot be read, or does not describe a batch; the message names file, line and key.

    Examples
    --------
    >>> import tempfile
    >>> place = Path(tempfile.mkdtemp()) / "nightly.toml"
    >>> _ = place.write_text('[matrix]\nfund = ["ETHV", "ETHA"]\nnotebook = ["decomposition"]')
    >>> spec = read_spec(place)
    >>> spec.name, [run.values["fund"] for run in spec.runs]
    ('nightly', ['ETHV', 'ETHA'])
    """
    place = Path(path)
    try:
        raw = place.read_bytes()
    except OSError as error:
        raise DataFileError(f"{path}: cannot be read ({error.strerror}): name a file such as runs.toml") from None
    file = read_toml(raw, str(path))
    try:
        layout = _File.model_validate(file.content)
    except ValidationError as error:
        raise DataFileError(file.complaint(error, (), tuple(_File.model_fields), _advice(file.content))) from None
    name = place.stem if layout.name is None else layout.name
    if not is_folder_name(name):
        where = file.at(("name",)) if layout.name is not None else str(path)
        raise DataFileError(
            f"{where}: {name!r} cannot name a folder of reports: give name = with {_ADVICE['name'][6:]}"
        )
    return BatchSpec(name, tuple(_expand(layout, file)), file)


def _advice(content: Mapping[str, Any]) -> dict[str, str]:
    matrix = content.get("matrix")
    lists = dict.fromkeys(matrix, "write a list, of one value if need be") if isinstance(matrix, dict) else {}
    return {**lists, **_ADVICE}


def _expand(layout: _File, file: TomlFile) -> list[RequestedRun]:
    defaults = {key: (value, ("defaults", key)) for key, value in layout.defaults.items()}
    runs = [_run({**defaults, **combined}, ("matrix",)) for combined in _product(layout.matrix, file)]
    runs = _without(runs, layout, file)
    for number, added in enumerate(layout.include):
        if not added:
            raise file.refusal(("include", number), "is empty: name a notebook and what it shall run with")
        given = {key: (value, ("include", number, key)) for key, value in added.items()}
        runs.append(_run({**defaults, **given}, ("include", number)))
    if not runs:
        raise DataFileError(f"{file.name}: describes no run: fill [matrix], or add an [[include]] table")
    return runs


_Placed = dict[str, tuple[Any, KeyPath]]


def _run(placed: _Placed, at: KeyPath) -> RequestedRun:
    return RequestedRun({key: value for key, (value, _) in placed.items()}, {k: w for k, (_, w) in placed.items()}, at)


def _product(matrix: Mapping[str, list[Any]], file: TomlFile) -> Iterable[_Placed]:
    count = math.prod(len(values) for values in matrix.values()) if matrix else 0
    if count > MOST_RUNS:
        raise file.refusal(("matrix",), f"makes {count} runs, more than {MOST_RUNS}: split the batch")
    for key, values in matrix.items():
        for number, value in enumerate(values):
            if any(same_value(value, earlier) for earlier in values[:number]):
                raise file.refusal(("matrix", key), f"holds {value!r} twice: remove one")
    if not matrix:
        return
    for combination in itertools.product(*matrix.values()):
        yield {key: (value, ("matrix", key)) for key, value in zip(matrix, combination, strict=True)}


def _without(runs: list[RequestedRun], layout: _File, file: TomlFile) -> list[RequestedRun]:
    """Return the runs that no exclusion matches; an exclusion that matches nothing is a slip."""
    kept = runs
    for number, table in enumerate(layout.exclude):
        at: KeyPath = ("exclude", number)
        if not table:
            raise file.refusal(at, "is empty and would take out every run: name what shall not run")
        for key in table:
            if key not in layout.matrix:
                known = ", ".join(layout.matrix) or "none"
                raise file.refusal((*at, key), f"is no key of the matrix (keys: {known}): exclude by one of them")
        matched = [run for run in runs if all(same_value(run.values[key], value) for key, value in table.items())]
        if not matched:
            raise file.refusal(at, "matches no run of the matrix: correct or remove it")
        gone = {id(run) for run in matched}
        kept = [run for run in kept if id(run) not in gone]
    return kept


def same_value(one: object, other: object) -> bool:
    """Whether two JSON values are the same: 1 is 1.0, but neither is true.

    Examples
    --------
    >>> same_value(1, 1.0), same_value(1, True), same_value([60], [60])
    (True, False, True)
    """
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same_value, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def is_folder_name(name: str) -> bool:
    """Whether a name can be a folder's on every file system.

    Examples
    --------
    >>> is_folder_name("nightly-1"), is_folder_name("../x"), is_folder_name("NUL"), is_folder_name("a.")
    (True, False, False, False)
    """
    return _SAFE.fullmatch(name) is not None and _DEVICE.fullmatch(name) is None


def safe_name(name: str, *, always: bool = False, distinct: str = "") -> str:
    """Return `name` where it can name a file, else what of it can, and a hash that keeps two such names apart.

    Parameters
    ----------
    name : str
        Any text.
    always : bool
        Append the hash in any case.
    distinct : str
        What else the hash is of.

    Examples
    --------
    >>> safe_name("ETHV")
    'ETHV'
    >>> safe_name("../x"), safe_name("<script>")
    ('x-198ed126', 'script-bdc50105')
    """
    fits = is_folder_name(name) and name.partition(".")[0].casefold() not in _TAKEN
    if fits and not always:
        return name
    digest = hashlib.sha256(f"{name}\0{distinct}".encode("utf-8", "backslashreplace")).hexdigest()[:_DIGITS]
    kept = _OTHER.sub("-", name).strip("-._")[: _LONGEST - _DIGITS - 1].rstrip("-._")
    # A device's name stays one whatever follows its first dot.
    return f"{kept.replace('.', '_') if _DEVICE.fullmatch(kept) else kept or 'x'}-{digest}"

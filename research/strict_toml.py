"""TOML files that people write, read strictly: every complaint names file, line, key and what to do."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from research.errors import DataFileError, nearest

if TYPE_CHECKING:
    from pydantic import ValidationError

__all__ = ["KeyPath", "TomlFile", "dotted", "read_toml"]

_TABLE: Final = re.compile(r"^\s*\[(\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY: Final = re.compile(r"^\s*([A-Za-z0-9_\-.\"' ]+?)\s*=")

KeyPath = tuple[str | int, ...]
"""Keys, and positions in arrays, from the root of a document to a value."""


@dataclass(frozen=True)
class TomlFile:
    """A parsed document and the line on which each of its keys stands.

    Parameters
    ----------
    name : str
        What messages call the file.
    content : dict
        As `tomllib` gives it.
    lines : mapping of tuple to int
        Line of each table and key, counted from 1, as far as a plain scan can tell.
    """

    name: str
    content: dict[str, Any]
    lines: Mapping[KeyPath, int]

    def at(self, path: KeyPath) -> str:
        """Return the file with the line of the longest part of `path` that has one."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.lines:
                return f"{self.name}:{self.lines[path[:length]]}"
        return self.name

    def refusal(self, path: KeyPath, message: str) -> DataFileError:
        """Return an error about one key."""
        return DataFileError(f"{self.at(path)}: {dotted(path)}: {message}")

    def complaint(
        self,
        error: ValidationError,
        inside: KeyPath,
        known: Collection[str],
        advice: Mapping[str, str],
        hidden: str = "",
    ) -> str:
        """Return one line about the first thing that a model refuses, and how many more there are.

        Parameters
        ----------
        error : pydantic.ValidationError
            What the model said.
        inside : tuple
            Where in the document the validated table stands.
        known : collection of str
            Keys that exist, to offer the nearest.
        advice : mapping of str to str
            What to write, by key.
        hidden : str
            A key of the model that the document spells as the table's name.
        """
        first, *others = error.errors(include_url=False)
        path: KeyPath = (*inside, *(part for part in first["loc"] if part != hidden))
        key = str(path[-1])
        message = first["msg"].removeprefix("Value error, ")
        told = advice.get(key, "") if first["type"] != "value_error" else ""
        if first["type"] == "extra_forbidden":
            close = nearest(key, known)
            message = "no such key"
            told = f"did you mean {close!r}?" if close and close != key else "remove it"
        elif first["type"] == "missing":
            message = "is missing"
            told = told or "add it"
        elif _is_plain(first["input"]) and first["type"] != "value_error":
            message = f"is {first['input']!r}: {message[:1].lower()}{message[1:]}"
        more = f" (and {len(others)} more)" if others else ""
        return f"{self.at(path)}: {dotted(path)}: {message}" + (f"; {told}" if told else "") + more


def _is_plain(value: object) -> bool:
    return not isinstance(value, (dict, list)) and not hasattr(value, "model_fields_set")


def read_toml(raw: bytes, name: str) -> TomlFile:
    """Return the document in the bytes of a TOML file.

    Parameters
    ----------
    raw : bytes
        Content of the file.
    name : str
        What messages call the file.

    Raises
    ------
    DataFileError
        If the bytes are not UTF-8 or not TOML.

    Examples
    --------
    >>> read_toml(b"a = 1", "x.toml").at(("a",))
    'x.toml:1'
    >>> read_toml(b"a = ", "x.toml")
    Traceback (most recent call last):
    ...
    research.errors.DataFileError: x.toml: not valid TOML: ...
    """
    try:
        text = raw.decode("utf-8-sig")
        document = tomllib.loads(text.replace("\r\n", "\n"))
    except UnicodeDecodeError as error:
        raise DataFileError(f"{name}: not UTF-8 text at byte {error.start}: save the file as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise DataFileError(f"{name}: not valid TOML: {error}: correct that line") from None
    except RecursionError:
        raise DataFileError(f"{name}: not valid TOML: brackets are nested too deeply: write it flat") from None
    return TomlFile(name, document, _line_numbers(text))


def dotted(path: KeyPath) -> str:
    """Return a path as it is written in TOML.

    Examples
    --------
    >>> dotted(("include", 0, "fund"))
    'include[0].fund'
    """
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _line_numbers(text: str) -> dict[KeyPath, int]:
    """Return the line on which each table and key of a TOML text stands, as far as a plain scan can tell.

    tomllib keeps no positions. The scan knows table headers, arrays of tables and keys at the start of a line, which
    is how such files are written; what it does not find only costs the message its line number.
    """
    lines: dict[KeyPath, int] = {}
    counts: dict[KeyPath, int] = {}
    table: KeyPath = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _TABLE.match(line):
            table = _split(header[2], counts)
            if header[1]:
                counts[table] = counts.get(table, -1) + 1
                table = (*table, counts[table])
            for length in range(1, len(table) + 1):
                lines.setdefault(table[:length], number)
        elif key := _KEY.match(line):
            lines.setdefault((*table, *_split(key[1], {})), number)
    return lines


def _split(dotted_key: str, counts: Mapping[KeyPath, int]) -> KeyPath:
    """Return the parts of a dotted key; a part that is an array of tables is followed by its current index."""
    path: KeyPath = ()
    for part in dotted_key.split("."):
        if path in counts:
            path = (*path, counts[path])
        path = (*path, part.strip().strip("\"'"))
    return path

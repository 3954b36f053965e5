"""A small reader of the JSON Schema keywords that this package's own schemas use.

The files in ``research/data`` are JSON Schema 2020-12 for everybody; this module checks documents against them without
the `jsonschema` package. Tests compare the two, and a keyword that is unknown here is an error, never ignored.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

__all__ = ["load_schema", "violations"]

_TYPES: Final[dict[str, Callable[[object], bool]]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "integer": lambda value: not isinstance(value, bool) and isinstance(value, (int, float)) and value == int(value),
}
_TYPE_NAMES: Final = {"object": "an object", "array": "an array", "integer": "an integer", "null": "null"}
_DESCRIBING: Final = {"$schema", "$id", "$defs", "title", "description", "examples", "then"}


@cache
def load_schema(name: str) -> dict[str, Any]:
    """Return a bundled schema, for example ``"result"`` or ``"failure"``."""
    text = files("research").joinpath("data", f"{name}.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def violations(value: object, schema: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with a JSON document, one sentence each; empty where it is valid.

    Parameters
    ----------
    value : JSON document
        As `json.loads` gives it.
    schema : mapping
        A whole schema; ``$ref`` reaches its ``$defs`` only.

    Examples
    --------
    >>> violations({"n": "x"}, {"type": "object", "properties": {"n": {"type": "number"}}})
    ["n is 'x', not a number"]
    """
    return list(_Checker(schema.get("$defs", {})).check(value, schema, ""))


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _inside(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key


_Problems = Iterator[str]


@dataclass(frozen=True)
class _Checker:
    """Walks a document and its schema together; one method for each keyword, called ``keyword_<name>``."""

    definitions: Mapping[str, Any]

    def check(self, value: object, schema: Mapping[str, Any], where: str) -> _Problems:
        for keyword in schema:
            if keyword in _DESCRIBING:
                continue
            method = getattr(self, f"keyword_{keyword.lstrip('$')}", None)
            if method is None:
                raise NotImplementedError(f"schema keyword {keyword!r}")
            for problem in method(value, schema, where):
                # The document itself has no name.
                yield problem if where or not problem.startswith(" ") else f"the document{problem}"

    def keyword_ref(self, value: object, schema: Mapping[str, Any], where: str) -> _Problems:
        yield from self.check(value, self.definitions[schema["$ref"].removeprefix("#/$defs/")], where)

    def keyword_type(self, value: object, schema: Mapping[str, Any], where: str) -> _Problems:
        names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        if not any(_TYPES[name](value) for name in names):
            kinds = " or ".join(_TYPE_NAMES.get(name, f"a {name}") for name in names)
            yield f"{where} is {_shown(value)}, not {kinds}"

    def keyword_const(self, value: object, schema: Mapping[str, Any], where: str) -> _Problems:
        if value != schema["const"]:
            yield f"{where} is {_shown(value)}, not {schema['const']!r}"

    def keyword_enum(self, value: object, schema: Mapping[str, Any], where: str) -> _Problems:
        if value not in schema["enum"]:
            yield f"{where} is {_shown(value)}, not one of {', '.join(map(repr, schema['enum']))}"

    def keyword_pattern(self, value: object, schema: Mapping[str, Any], where: str) -> _Problems:
        if isinstance(value, str) and not re.search(schema["pattern"], value):
            yield f"{where} is {_shown(value)}, which does not match {schema['pattern']}"

    def keyword_required(self, value: object, schema: Mapping[str, Any], where: str) -> _Problems:
        if isinstance(value, dict):
            yield from (f"{where} has no {key!r}" for key in schema["required"] if key not in value)

    def keyword_properties(self, value: object, schema: Mapping[str, Any], where: str) -> _Problems:
        if isinstance(value, dict):
            for key, inner in schema["properties"].items():
                if key in value:
                    yield from self.check(value[key], inner, _inside(where, key))

    def keyword_additionalProperties(  # noqa: N802
        self, value: object, schema: Mapping[str, Any], where: str
    ) -> _Problems:
        if isinstance(value, dict):
            known = schema.get("properties", {})
            for key in value:
                if key not in known:
                    yield from self.check(value[key], schema["additionalProperties"], _inside(where, key))

    def keyword_propertyNames(self, value: object, schema: Mapping[str, Any], where: str) -> _Problems:  # noqa: N802
        if isinstance(value, dict):
            for key in value:
                yield from self.check(key, schema["propertyNames"], f"a key of {where or 'the document'}")

    def keyword_items(self, value: object, schema: Mapping[str, Any], where: str) -> _Problems:
        if isinstance(value, list):
            for position, item in enumerate(value):
                yield from self.check(item, schema["items"], f"{where}[{position}]")

    def keyword_minItems(self, value: object, schema: Mapping[str, Any], where: str) -> _Problems:  # noqa: N802
        if isinstance(value, list) and len(value) < schema["minItems"]:
            yield f"{where} has {len(value)} items, fewer than {schema['minItems']}"

    def keyword_maxItems(self, value: object, schema: Mapping[str, Any], where: str) -> _Problems:  # noqa: N802
        if isinstance(value, list) and len(value) > schema["maxItems"]:
            yield f"{where} has {len(value)} items, more than {schema['maxItems']}"

    def keyword_allOf(self, value: object, schema: Mapping[str, Any], where: str) -> _Problems:  # noqa: N802
        for part in schema["allOf"]:
            yield from self.check(value, part, where)

    def keyword_if(self, value: object, schema: Mapping[str, Any], where: str) -> _Problems:
        if not any(self.check(value, schema["if"], where)):
            yield from self.check(value, schema.get("then", {}), where)

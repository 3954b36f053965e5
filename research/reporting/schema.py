"""The bundled JSON schemas, and what is wrong with a document by one of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any

__all__ = ["load_schema", "violation"]


@cache
def load_schema(name: str) -> dict[str, Any]:
    """Return a bundled schema, for example ``"result"`` or ``"failure"``."""
    text = files("research").joinpath("data", f"{name}.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


@cache
def _checker(name: str) -> Callable[[object], object]:
    import fastjsonschema  # noqa: PLC0415 - only who checks a document waits for it

    checker: Callable[[object], object] = fastjsonschema.compile(load_schema(name), use_default=False)
    return checker


def violation(document: object, name: str) -> str | None:
    """Return the first thing that is wrong with a JSON document, or None where it is valid.

    Parameters
    ----------
    document : JSON document
        As `json.loads` gives it.
    name : str
        Of a bundled schema.

    Examples
    --------
    >>> violation({"schema": "research.batch/1"}, "batch")
    "the document has no 'batch', 'counts', 'versions', 'runs'"
    """
    from fastjsonschema import JsonSchemaValueException  # noqa: PLC0415 - as above

    try:
        _checker(name)(document)
    except JsonSchemaValueException as error:
        return _told(error)
    return None


def _told(error: Any) -> str:  # noqa: ANN401 - the library has no types
    place = error.name.removeprefix("data").removeprefix(".") or "the document"
    if error.rule == "required":
        return f"{place} has no {', '.join(repr(key) for key in error.rule_definition if key not in error.value)}"
    shown = repr(error.value)
    # The name comes first in every message of the library.
    return f"{place} is {shown if len(shown) <= 60 else shown[:57] + '...'}: it{error.message.removeprefix(error.name)}"

"""The bundled schemas, and the small checker against the jsonschema package."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from research.reporting.schema import load_schema, violations

HORIZONS = {"1": 0.5, "21": None}
BASIS: dict[str, Any] = {
    "tracking_difference_bp": {"log": -20.0, "ratio": -20.1, "arithmetic": -25.0},
    "tracking_error_bp": {
        "daily": 1.0,
        "horizons": {"1": 1.0, "5": 0.5},
        "permanent": 0.1,
        "transitory": 0.9,
        "rounding_floor": None,
    },
    "drivers": [
        {
            "name": "expense_ratio",
            "identified": "estimated",
            "coefficient": 1.01,
            "std_error": 0.02,
            "p_value_unity": 0.6,
            "contribution_bp": -20.2,
            "std_error_bp": 0.4,
            "interval_bp": [-21.0, -19.4],
            "euler_share": HORIZONS,
            "lmg_share": HORIZONS,
        }
    ],
    "unexplained": {"contribution_bp": 0.2, "std_error_bp": 0.4, "interval_bp": None, "euler_share": HORIZONS},
    "reconciliation_gap": 0.0,
}
RESULT: dict[str, Any] = {
    "schema": "research.result/1",
    "status": "ok",
    "fund": "ETHV",
    "notebook": "decomposition",
    "parameters": {"fund": "ETHV", "horizons": [1, 5], "window": 60},
    "provenance": {"versions": {"numpy": "2.4"}, "data": {"ethv.csv": "0" * 64}, "seed": 1},
    "sample": {
        "start": "2024-07-23",
        "end": "2026-09-25",
        "sessions": 540,
        "dropped": [{"rule": "weekend", "count": 226}],
        "screens": [{"rule": "stale_value", "series": "close", "session": "2026-03-06", "value": 30.1}],
    },
    "benchmark": {"stated": "A", "used": "B", "mismatch": "A is not B"},
    "bases": {"nav": BASIS, "price": BASIS},
    "fee_regimes": [{"start": "2024-07-23", "end": None, "stated_bp": 20, "estimated_bp": 20.2, "std_error_bp": 0.4}],
    "breaks": [{"driver": "expense_ratio", "date": "2025-07-23", "interval": ["2025-07-22", "2025-07-24"]}],
    "conclusions": ["It charges what it says."],
    "limits": [],
}
FAILURE: dict[str, Any] = {
    "schema": "research.failure/1",
    "status": "failed",
    "fund": None,
    "notebook": "decomposition",
    "parameters": {},
    "cell": 3,
    "heading": None,
    "error": "ValueError",
    "message": "",
}
DOCUMENTS = {"result": RESULT, "failure": FAILURE}


def agrees(document: object, name: str) -> bool:
    """Whether both checkers say the same; return what they say."""
    valid = Draft202012Validator(load_schema(name)).is_valid(document)
    assert (violations(document, load_schema(name)) == []) is valid, violations(document, load_schema(name))
    return valid


@pytest.mark.parametrize("name", DOCUMENTS)
def test_schema_is_valid_and_documented(name: str) -> None:
    schema = load_schema(name)
    Draft202012Validator.check_schema(schema)
    assert schema["title"]
    for key, part in schema["properties"].items():
        assert part["title"], key
        assert part["description"], key
    assert agrees(DOCUMENTS[name], name)


def test_the_design_is_in_the_schema() -> None:
    schema = load_schema("result")
    assert set(RESULT) == set(schema["properties"])
    assert set(schema["required"]) | set(schema["then"]["required"]) == set(RESULT)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in children:
        yield from places(inner, (*path, key))


PLACES = [(name, path) for name, document in DOCUMENTS.items() for path in places(document) if path]
VALUES = st.sampled_from(
    [
        None,
        True,
        0,
        1.0,
        1.5,
        -3,
        "",
        "x",
        "2025-01-01",
        "nav",
        "ok",
        [],
        [1, 2],
        ["2025-01-01"] * 2,
        {},
        {"1": 1},
        {"a": 1},
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(PLACES), st.sampled_from(["replace", "delete", "add"]), VALUES)
def test_the_small_checker_agrees_with_jsonschema(
    place: tuple[str, tuple[Any, ...]], action: str, value: object
) -> None:
    name, path = place
    document = copy.deepcopy(DOCUMENTS[name])
    parent: Any = document
    for key in path[:-1]:
        parent = parent[key]
    if action == "delete":
        del parent[path[-1]]
    elif action == "replace":
        parent[path[-1]] = value
    elif isinstance(parent, dict):
        parent["unheard_of"] = value
    agrees(document, name)


@pytest.mark.parametrize("document", [None, [], "x", 1, {}])
@pytest.mark.parametrize("name", DOCUMENTS)
def test_other_documents_are_refused(document: object, name: str) -> None:
    assert not agrees(document, name)


def test_problems_name_the_place() -> None:
    broken = json.loads(json.dumps(RESULT))
    broken["bases"]["nav"]["drivers"][0]["coefficient"] = "1.0"
    del broken["sample"]["start"]
    assert violations(broken, load_schema("result")) == [
        "sample has no 'start'",
        "bases.nav.drivers[0].coefficient is '1.0', not a number or null",
    ]
    assert violations([], {"type": "object"}) == ["the document is [], not an object"]


def test_an_unknown_keyword_is_never_ignored() -> None:
    with pytest.raises(NotImplementedError, match="minimum"):
        violations(1, {"minimum": 3})

"""The bundled schemas, and the checker against the jsonschema package."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import fastjsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from research.reporting.schema import load_schema, violation

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
    "headline": [{"label": "Fee measured", "value": 19.96, "unit": "bp a year", "std_error": None}],
    "spark": {"label": "Divergence", "unit": "bp", "values": [0.0, None, -1.5]},
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
    "expense": {
        "estimators": [
            {"estimator": "local level", "period": "2024-07-23 to 2026-09-25", "rate_bp": 20.0, "std_error_bp": None}
        ],
        "detectable_change_bp": {"21": 0.6},
        "power": 0.8,
        "tiers": [
            {
                "quarter": "2025Q1",
                "days": 90,
                "mean_assets_usd": 3.3e9,
                "charged_usd": 1.2e6,
                "waived_usd": 0.8e6,
                "waived_by_average_usd": 0.8e6,
                "effective_bp": 15.3,
                "disclosed_waived_usd": None,
            }
        ],
        "coins_per_share_bp": {"2024-07-23 to 2026-09-25": 25.0},
    },
    "premium": {
        "mean_bp": 1.0,
        "std_error_bp": 1.0,
        "sd_bp": 48.0,
        "usual_sd_bp": 41.0,
        "bands": [{"band_bp": 50.0, "sessions": 95}],
        "reversion": {
            "coefficient": -0.1,
            "least_squares": -0.1,
            "std_error": 0.04,
            "interval": [-0.2, 0.0],
            "half_life_sessions": None,
            "half_life_interval": [0.0, None],
            "truth": None,
        },
        "sides": {
            "premium_left": 0.0,
            "premium_std_error": 0.1,
            "discount_left": 0.1,
            "discount_std_error": 0.1,
            "p_value_equal": 0.4,
        },
        "closing": {"nav_catches_up": 1.4, "price_comes_back": -0.4, "remains": 0.0, "std_errors": [0.5, 0.5, 0.05]},
        "closes": [
            {
                "kind": "early close",
                "sessions": 5,
                "mean_absolute_bp": 59.0,
                "expected_bp": 113.0,
                "absolute_share": 0.02,
                "square_share": 0.02,
            }
        ],
        "holding": [{"sessions": 1, "sd_bp": 60.0, "p5_bp": -90.0, "p95_bp": 105.0}],
    },
    "roll": {
        "coefficient": 0.998,
        "std_error": 0.003,
        "p_value_unity": 0.6,
        "by_horizon": [{"sessions": 1, "coefficient": 0.99, "std_error": 0.01}],
        "mean_basis_bp": 793.0,
        "contango_share": 0.97,
        "backwardation_share": 0.03,
        "rolls": 24,
        "spliced_books_bp": 772.0,
        "frozen_curve_return": 0.0,
        "maturity_days": 20.0,
        "long_dated_share": 0.15,
        "schedules": [{"schedule": "roll on expiry", "total_bp": -822.0, "maturity_days": 16.0}],
    },
    "coverage": {
        "draws": 100,
        "seed": 0,
        "confidence": 0.95,
        "rows": [{"noise": "mixed", "basis": "nav", "driver": "expense_ratio", "coverage": 0.94}],
    },
    "staking": {
        "since": "2025-03-03",
        "gross_yield": 0.029,
        "staked_share": 0.74,
        "fee_share": 0.08,
        "expense_ratio_bp": 25.0,
        "holders": 1.0,
        "scenarios": [
            {"tax_rate": 0.15, "net_yield_bp": 141.0, "against_total_return_bp": -147.0, "realised_bp": 97.0}
        ],
        "implied_tax": {"rate": 0.15, "std_error": 0.001, "interval": [0.148, 0.153], "truth": 0.15},
        "tracking_difference_bp": {"price_return": 97.0, "total_return": -188.0},
        "network_staked": 41669700.0,
        "expected_yield": 0.0254,
    },
    "clock": {
        "pairs": [
            {
                "pair": "net asset value and its benchmark",
                "hours": 0.0,
                "std_error_hours": 0.1,
                "interval_hours": [-0.2, 0.2],
                "ambiguous": False,
                "expected_hours": 0.0,
                "truth_hours": None,
                "periods": [{"end": "2025-03-31", "hours": 0.0, "std_error_hours": 0.2, "sessions": 60}],
            }
        ],
        "hour_sd_bp": 81.0,
        "cost": [{"hours": 1.0, "tracking_error_bp": 1828.0, "tracking_error_21_bp": 399.0}],
        "clock_share": None,
    },
    "quality": {
        "verdict": "look first",
        "findings": {"error": 0, "warning": 1, "note": 2},
        "rows_in": 823,
        "rows_dropped": 276,
        "sessions": 547,
        "sessions_lost": 0,
        "naive_tracking_error_bp": {"all_rows": 3181.0, "weekdays": 849.0, "sessions": 1.0},
        "remarks": [{"series": "nav", "rule": "footer", "message": "Words.", "rows_lost": 2}],
    },
    "conclusions": ["It charges what it says."],
    "limits": [],
    "figures": [{"label": "Fee measured", "value": 19.96, "unit": "bp a year", "std_error": None}],
    "bottom_line": ["The expense ratio is measured as 0.20 % a year."],
    "statements": [
        {
            "kind": "conclusion",
            "id": "expense_ratio.rate",
            "verdict": "agrees",
            "values": {"estimated_bp": 20.2},
            "text": "It charges what it says.",
        }
    ],
}
TOPICS = {
    "expense_ratio": "expense",
    "premium_discount": "premium",
    "futures_roll": "roll",
    "staking": "staking",
    "benchmark_clock": "clock",
    "data_quality": "quality",
    "coverage": "coverage",
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
OLD = {part: notebook for notebook, part in TOPICS.items() if part != notebook}
"""Parts that stand under the notebook's name, too."""
RESULT |= {notebook: RESULT[part] for part, notebook in OLD.items() if notebook != "staking"}
DOCUMENTS = {"result": RESULT, "failure": FAILURE}


def agrees(document: object, name: str) -> bool:
    """Whether both checkers say the same; return what they say."""
    valid = Draft202012Validator(load_schema(name)).is_valid(document)
    assert (violation(document, name) is None) is valid, violation(document, name)
    return valid


@pytest.mark.parametrize("name", DOCUMENTS)
def test_schema_is_valid_and_documented(name: str) -> None:
    schema = load_schema(name)
    Draft202012Validator.check_schema(schema)
    assert schema["title"]
    for key, part in schema["properties"].items():
        whole = {**schema.get("$defs", {}).get(part.get("$ref", "").removeprefix("#/$defs/"), {}), **part}
        assert whole["title"], key
        assert whole["description"], key
    assert agrees(DOCUMENTS[name], name)


def test_the_design_is_in_the_schema() -> None:
    schema = load_schema("result")
    assert set(RESULT) == set(schema["properties"])
    assert set(schema["required"]) | set(schema["then"]["required"]) | {
        "bottom_line",
        "figures",
        "statements",
        *TOPICS,
        *OLD,
    } == set(RESULT)


@pytest.mark.parametrize("notebook", TOPICS)
def test_each_notebook_must_have_its_own_part(notebook: str) -> None:
    document = {**copy.deepcopy(RESULT), "notebook": notebook}
    assert agrees(document, "result")
    del document[TOPICS[notebook]]
    assert not agrees(document, "result")
    assert violation(document, "result") == f"the document has no {TOPICS[notebook]!r}"


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


@settings(max_examples=400)
@given(st.sampled_from(PLACES), st.sampled_from(["replace", "delete", "add"]), VALUES)
def test_the_quick_checker_agrees_with_jsonschema(
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
    told = "bases.nav.drivers[0].coefficient is '1.0': it must be number or null"
    assert violation(broken, "result") == told
    del broken["sample"]["start"]
    assert violation(broken, "result") == "sample has no 'start'"
    assert violation([], "result") == "the document is []: it must be object"


def test_no_keyword_of_the_schemas_is_one_that_the_checker_passes_over() -> None:
    known = set(dir(fastjsonschema.draft07.CodeGeneratorDraft07))
    methods = {"$ref", "if", "allOf", "propertyNames", "additionalProperties", "minItems", "maxItems"}
    describing = {"$schema", "$id", "$defs", "title", "description", "examples", "then"}

    def keywords(schema: Any) -> Iterator[str]:
        for key, inner in schema.items():
            yield key
            if key in {"properties", "$defs"}:
                for part in inner.values():
                    yield from keywords(part)
            elif key in {"items", "additionalProperties", "propertyNames", "if", "then"} and isinstance(inner, dict):
                yield from keywords(inner)
            elif key == "allOf":
                for part in inner:
                    yield from keywords(part)

    for name in ("result", "failure", "batch"):
        for keyword in set(keywords(load_schema(name))) - describing - methods:
            assert f"generate_{keyword}" in known, keyword

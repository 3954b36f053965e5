"""The long table of all results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from research.reporting.batch.table import quantities, write_table

SCALARS = (
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
TREES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


def leaves(value: Any) -> int:
    if isinstance(value, dict):
        return sum(map(leaves, value.values()))
    return sum(map(leaves, value)) if isinstance(value, list) else 1


@settings(max_examples=50)
@given(st.dictionaries(st.text(min_size=9), TREES))
def test_every_leaf_has_one_row(result: dict[str, Any]) -> None:
    assert len(list(quantities(result))) <= leaves(result)
    assert len(list(quantities({"unnamed": strip(result)}))) == leaves(strip(result))


def strip(value: Any) -> Any:
    """Return a tree without the keys `name`, which go into paths."""
    if isinstance(value, dict):
        return {key: strip(inner) for key, inner in value.items() if key != "name"}
    return [strip(inner) for inner in value] if isinstance(value, list) else value


def test_items_go_by_name_where_names_tell_them_apart() -> None:
    result = {
        "a": [{"name": "x", "v": 1}, {"name": "y", "v": None}],
        "b": [{"name": "x", "v": 1}, {"name": "x", "v": True}],
    }
    assert list(quantities(result)) == [
        ("a.x.v", 1.0, None),
        ("a.y.v", None, None),
        ("b.0.name", None, "x"),
        ("b.0.v", 1.0, None),
        ("b.1.name", None, "x"),
        ("b.1.v", 1.0, "true"),
    ]


def test_the_table_reads_back_in_pandas(tmp_path: Path) -> None:
    result = {"schema": "s", "fund": "X", "bases": {"nav": {"fee_bp": -10.8}, "price": {"fee_bp": 0.1}}, "note": "é"}
    (tmp_path / "r.json").write_text(json.dumps(result))
    ok = {"id": "X/r", "fund": "<b>", "notebook": "r", "status": "ok", "files": {"json": {"path": "r.json"}}}
    path = write_table(tmp_path, [ok, {**ok, "status": "failed"}])
    frame = pd.read_parquet(path)
    assert list(frame.columns) == ["run", "fund", "notebook", "basis", "quantity", "value", "text"]
    assert frame["quantity"].tolist() == ["bases.nav.fee_bp", "bases.price.fee_bp", "note"]
    assert frame["value"].tolist()[:2] == [-10.8, 0.1]
    assert frame["basis"].tolist()[:2] == ["nav", "price"]
    assert frame["basis"].isna().tolist() == [False, False, True]
    assert set(frame["fund"]) == {"<b>"}
    assert frame["text"].iloc[2] == "é"
    before = path.read_bytes()
    assert write_table(tmp_path, [ok]).read_bytes() == before


def test_a_batch_without_a_result_has_an_empty_table(tmp_path: Path) -> None:
    frame = pd.read_parquet(write_table(tmp_path, []))
    assert frame.empty
    assert frame["value"].dtype == pytest.importorskip("numpy").float64

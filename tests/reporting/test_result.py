"""Result files: plain, ordered, exact, whole."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from research.errors import DataError, DataFileError, ParameterError
from research.reporting.result import FAILURE_SCHEMA, Failure, failure_record, read_result, write_result

BASE = {
    "notebook": "sample",
    "fund": "ETHV",
    "parameters": {"fund": "ETHV"},
    "provenance": {"versions": {}, "data": {}, "seed": 0},
}


def written(tmp_path: Path, **more: object) -> str:
    path = tmp_path / "sample.json"
    write_result(path, {**BASE, **more})
    return path.read_text()


def test_values_become_plain_json(tmp_path: Path) -> None:
    content = json.loads(
        written(
            tmp_path,
            answer={
                "float": np.float64(0.1),
                "int": np.int64(3),
                "bool": np.bool_(True),
                "nan": np.nan,
                "float32": np.float32(0.5),
                "array": np.array([1.0, np.nan]),
                "tuple": (1, 2),
                "day": pd.Timestamp("2025-07-23"),
                "date": date(2025, 7, 23),
                "nat": pd.NaT,
                "minus_zero": -0.0,
                5: 1,
            },
        )
    )
    assert content["answer"] == {
        "float": 0.1,
        "int": 3,
        "bool": True,
        "nan": None,
        "float32": 0.5,
        "array": [1.0, None],
        "tuple": [1, 2],
        "day": "2025-07-23",
        "date": "2025-07-23",
        "nat": None,
        "minus_zero": 0.0,
        "5": 1,
    }
    assert "-0.0" not in written(tmp_path, answer=-0.0)


def test_floats_are_exact(tmp_path: Path) -> None:
    values = np.random.default_rng(1).normal(size=200) * 10.0 ** np.random.default_rng(2).integers(-12, 12, 200)
    assert json.loads(written(tmp_path, answer=values))["answer"] == values.tolist()


def test_order_and_ending_are_fixed(tmp_path: Path) -> None:
    text = written(tmp_path, zeta=1, alpha=2, limits=[], conclusions=["±"])
    shuffled = tmp_path / "shuffled.json"
    write_result(shuffled, dict(reversed({**BASE, "alpha": 2, "conclusions": ["±"], "limits": [], "zeta": 1}.items())))
    assert shuffled.read_text() == text
    assert text.endswith("}\n")
    assert "±" in text
    assert list(json.loads(text)) == [
        "schema", "status", "fund", "notebook", "parameters", "provenance", "conclusions", "limits", "alpha", "zeta",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"answer": {"x": [1.0, np.inf]}}, r"answer\.x\[1\] is infinite"),
        ({"answer": {1, 2}}, "answer is a set"),
        ({"answer": Decimal(1)}, "answer is a Decimal"),
        ({"fund": 3}, "fund is 3: it must be string or null"),
        ({"schema": "research.result/2"}, "schema is 'research.result/2'"),
        ({"status": "failed"}, "status is 'failed'"),
        ({"notebook": "decomposition"}, "has no .*'sample', .*'limits'"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_written(tmp_path: Path, more: dict[str, object], words: str) -> None:
    with pytest.raises(DataError, match=words):
        written(tmp_path, **more)
    assert list(tmp_path.iterdir()) == []


def test_an_old_file_survives_a_refusal(tmp_path: Path) -> None:
    text = written(tmp_path)
    with pytest.raises(DataError):
        written(tmp_path, answer=np.inf)
    assert (tmp_path / "sample.json").read_text() == text


@pytest.mark.parametrize("content", ["", "{", '{"schema": NaN}', "\0"])
def test_reading_what_is_no_json(tmp_path: Path, content: str) -> None:
    path = tmp_path / "sample.json"
    path.write_text(content)
    with pytest.raises(DataFileError, match=r"sample\.json is not a result"):
        read_result(path)
    with pytest.raises(DataFileError):
        read_result(tmp_path / "absent.json")


def test_reading_checks_the_layout(tmp_path: Path) -> None:
    path = tmp_path / "sample.json"
    path.write_text('{"schema": "research.result/1"}')
    with pytest.raises(DataError, match="has no 'status'"):
        read_result(path)
    written(tmp_path)
    assert read_result(path)["fund"] == "ETHV"


def test_a_failure_reads_as_one_sentence() -> None:
    failure = Failure(3, "The sample", "ValueError", "first line\nsecond")
    assert str(failure) == "cell 3 (The sample) failed: ValueError: first line"
    assert str(Failure(None, None, "MissingResult", "")) == "the notebook failed: MissingResult"
    record = json.loads(failure_record("ETHV", "sample", {"window": 60}, failure))
    assert record["schema"] == FAILURE_SCHEMA
    assert record["message"] == "first line\nsecond"


def test_nothing_in_place_of_a_result_or_its_path():
    with pytest.raises(ParameterError, match="result is None: give a mapping"):
        write_result("result.json", None)
    with pytest.raises(ParameterError, match="path is None: give the file"):
        write_result(None, {})

"""Fixtures of the tests of analyses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from research.analyses.report import Report
from research.reporting.result import read_result, write_result
from research.reporting.schema import load_schema, violation


@pytest.fixture
def valid_result(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """A function that writes a report's result, reads it back, and has both readers of the schema check it."""

    def check(report: Report, notebook: str) -> dict[str, Any]:
        parameters = {"fund": report.history.fund.ticker}
        path = tmp_path / "result.json"
        write_result(path, {**report.to_dict(), "notebook": notebook, "parameters": parameters})
        document = read_result(path)
        jsonschema.Draft202012Validator(load_schema("result")).validate(document)
        assert violation(document, "result") is None
        return document

    return check

"""Fixtures of the tests of reports."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from small_notebooks import PARAMETERS, build

from research.reporting.report import Report
from research.reporting.result import read_result, write_result
from research.reporting.schema import load_schema, violations


@pytest.fixture
def make_notebook(tmp_path: Path) -> Callable[..., Path]:
    """A function that writes a notebook called ``sample`` from cells and returns its path."""

    def make(*cells: str | tuple[str, str], parameters: str = PARAMETERS, name: str = "sample") -> Path:
        return build(tmp_path / "source" / f"{name}.ipynb", list(cells), parameters)

    return make


@pytest.fixture
def valid_result(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """A function that writes a report's result, reads it back, and has both readers of the schema check it."""

    def check(report: Report, notebook: str) -> dict[str, Any]:
        parameters = {"fund": report.history.fund.ticker}
        path = tmp_path / "result.json"
        write_result(path, {**report.to_dict(), "notebook": notebook, "parameters": parameters})
        document = read_result(path)
        jsonschema.Draft202012Validator(load_schema("result")).validate(document)
        assert violations(document, load_schema("result")) == []
        return document

    return check

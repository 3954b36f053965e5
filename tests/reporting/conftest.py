"""Fixtures of the tests of reports."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from small_notebooks import PARAMETERS, build


@pytest.fixture
def make_notebook(tmp_path: Path) -> Callable[..., Path]:
    """A function that writes a notebook called ``sample`` from cells and returns its path."""

    def make(*cells: str | tuple[str, str], parameters: str = PARAMETERS, name: str = "sample") -> Path:
        return build(tmp_path / "source" / f"{name}.ipynb", list(cells), parameters)

    return make

"""A browser for each module, the real report once for all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from chromium import chromium

from research.reporting import run_report

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the report on ETHV, as ``research report ETHV`` writes it."""
    run = run_report("decomposition", {"fund": "ETHV"}, tmp_path_factory.mktemp("reports"))
    run.raise_for_failure()
    return run.html


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running

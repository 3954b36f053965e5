"""A fresh interpreter, for what a process that has run other tests can no longer show."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def interpreted(code: str, *arguments: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Return what code prints, to stdout and to stderr, in an interpreter that has imported nothing."""
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=check)

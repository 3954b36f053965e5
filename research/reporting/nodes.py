"""The parts of a notebook as this room sees them."""

from __future__ import annotations

from typing import Any

__all__ = ["Node"]

Node = Any
"""A notebook, a cell or an output: an `nbformat.NotebookNode`, a dict with attributes that carries no types."""

"""What tests of figures share: the pixels of a picture, and those that matplotlib saves."""

from __future__ import annotations

import io

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from research.plots.figure import drawing


def pixels(png: bytes) -> np.ndarray:
    """Return a picture's rows, columns and colours."""
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def saved(figure: Figure) -> np.ndarray:
    """Return the pixels that `savefig` writes for a figure of the package."""
    place = io.BytesIO()
    with drawing():
        figure.savefig(place, dpi=200)
    return pixels(place.getvalue())

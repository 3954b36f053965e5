"""Fetching what is public today: the only code of the package that touches the network.

Nothing here is imported until somebody pulls, and the libraries that do the asking are imported inside functions.
"""

from research.loaders.pull.run import Outcome, pull

__all__ = ["Outcome", "pull"]

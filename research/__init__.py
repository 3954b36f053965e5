"""Explains why an exchange-traded product did not earn what its benchmark earned.

The rooms, bottom floor first: `funds` (what a fund is), `loaders` (its files), `alignment` (clocks, sessions,
`History`), `metrics`, `drivers`, `decomposition`, `simulation`, `plots`, `reporting`, `opening` (a fund by its ticker),
`analyses` (a question, its facts and its words), `check` (a folder of files before they are used), `cli`. The names
below are the ones that an analyst needs; they load when they are first used, so importing the package costs nothing.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)

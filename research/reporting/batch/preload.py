"""Imported once by the process that workers are forked from, so that no worker imports, or compiles templates, itself.

Nothing here may start a thread or open a file that stays open: workers inherit both.
"""

import contextlib

from research.reporting.execute import quick_imports

# Workers must not be stricter than their preparation: whoever needs what failed here meets the error itself.
with contextlib.suppress(Exception):
    quick_imports()

    import IPython.lib.lexers  # noqa: F401
    import nbformat
    import papermill  # noqa: F401

    import research.reporting.kernel
    import research.reporting.run  # noqa: F401
    from research.reporting.render import render

    render(nbformat.v4.new_notebook(), name="none")

"""Imported once by the process that workers are forked from, so that no worker imports, or compiles templates, itself.

Nothing here may start a thread or open a file that stays open: workers inherit both.
"""

import contextlib
import gc
from typing import Final

from research.reporting.execute import quick_imports

_MARKDOWN: Final = "# A title\n\nSome *words*, `code` and [a link](https://example.org).\n\n- a list\n\n|a|\n|-|\n|1|\n"
_CODE: Final = 'import research as rs  # a comment\nif rs.load(f"{1.5:g}"):\n    print([None, "text"])\n'
_TABLE: Final = '<table class="t"><tbody><tr><th>a</th><td style="text-align: right">1</td></tr></tbody></table>'


def _page() -> None:
    """Do once what every report does: its lexer, its sanitiser and its schema compile when they are first used."""
    import nbformat  # noqa: PLC0415

    from research.reporting.render import render  # noqa: PLC0415

    node = nbformat.v4
    output = node.new_output("display_data", {"text/html": _TABLE, "text/plain": "a"})
    cells = [node.new_markdown_cell(_MARKDOWN), node.new_code_cell(_CODE, outputs=[output])]
    language = {"name": "python", "pygments_lexer": "ipython3"}
    notebook = node.new_notebook(cells=cells, metadata={"language_info": language})
    render(notebook, name="none")
    nbformat.writes(notebook)


# Workers must not be stricter than their preparation: whoever needs what failed here meets the error itself.
with contextlib.suppress(Exception):
    quick_imports()

    import IPython.lib.lexers  # noqa: F401

    import research.reporting.kernel
    import research.reporting.kernels.provisioner
    import research.reporting.run  # noqa: F401

    _page()
    gc.freeze()

"""The command ``research``: reports, funds and notebooks from a terminal.

Exit codes: 0 done, 1 something failed, 2 the request was wrong, 3 done with findings that nobody has acknowledged, 130
interrupted. Answers go to stdout, messages to stderr. Heavy imports happen inside the commands, so that ``--help``
stays quick.
"""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

import click

from research.cli.batch import batch
from research.cli.check import check
from research.cli.lists import funds, notebooks
from research.cli.profile import profile
from research.cli.pull import pull
from research.cli.report import report
from research.cli.shared import INTERRUPTED, TERMINATED, WRONG_REQUEST, stop
from research.cli.simulate import simulate
from research.errors import ResearchError

__all__ = ["cli", "main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="tracking-research", prog_name="research", message="%(prog)s %(version)s")
def cli() -> None:
    """Explain why an exchange-traded product did not earn what its benchmark earned."""


for _command in (report, batch, check, pull, profile, funds, notebooks, simulate):
    cli.add_command(_command)


def _interrupted(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001
    # A cell's task that ends with the kernel has nobody left to ask for its error; asyncio would print a traceback.
    logging.getLogger("asyncio").disabled = True
    if number == signal.SIGTERM:
        sys.exit(TERMINATED)
    raise KeyboardInterrupt


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit with its code."""
    # Ended from outside, a run stops its kernel and removes its temporary folder as it does after Ctrl-C.
    signal.signal(signal.SIGTERM, _interrupted)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # not where the caller ignores it
        signal.signal(signal.SIGINT, _interrupted)
    try:
        cli.main(args=None if arguments is None else list(arguments), prog_name="research", standalone_mode=False)
    except click.exceptions.Exit as end:
        sys.exit(end.exit_code)
    except (click.Abort, KeyboardInterrupt):
        stop("interrupted", INTERRUPTED)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        sys.exit(WRONG_REQUEST)
    except click.ClickException as error:
        stop(error.format_message(), WRONG_REQUEST)
    except ResearchError as error:
        stop(str(error), WRONG_REQUEST)
    sys.exit(0)

"""``python -m research.cli``."""

from research.cli.main import main

main()

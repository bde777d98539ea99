#!/usr/bin/env python
"""Baton's command line: every management command, with the servers it needs."""

from __future__ import annotations

import os
import sys

# Commands that read no data: they must work where no server can run.
WITHOUT_SERVERS = {"check", "collectstatic", "compilemessages", "diffsettings", "findstatic", "help", "makemessages"}
HELP = {"-h", "--help", "--version", "version"}


def needs_servers(arguments: list[str]) -> bool:
    """Whether the command of this command line reads or writes data."""
    return bool(arguments) and arguments[0] not in WITHOUT_SERVERS and not HELP.intersection(arguments)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line

    from config import embedded

    if needs_servers(sys.argv[1:]):
        embedded.ensure()
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()

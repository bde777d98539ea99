"""``python -m bench generate …`` makes the data, ``python -m bench run [NAME …]`` measures."""

from __future__ import annotations

import argparse
import sys

from bench import place


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure Baton.")
    commands = parser.add_subparsers(dest="command", required=True)
    making = commands.add_parser("generate", help="make the data, in a database of its own")
    for name, default in (("leads", 1_000_000), ("events", 10_000_000), ("reps", 200), ("open-clocks", 100_000)):
        making.add_argument(f"--{name}", type=int, default=default, metavar="N")
    running = commands.add_parser("run", help="measure; the exit status is 1 when a target is missed")
    running.add_argument("names", nargs="*", metavar="NAME", help="what to measure (default: everything)")
    running.add_argument("--json", action="store_true", help="print JSON instead of a table")
    running.add_argument("--quick", action="store_true", help="a few repetitions only: does it work, not how fast")
    listing = commands.add_parser("list", help="list what can be measured")
    dropping = commands.add_parser("drop", help="drop the data")
    for command in (making, running, listing, dropping):
        command.add_argument("--database", default=place.NAME, metavar="NAME", help=f"default: {place.NAME}")
    return parser.parse_args()


def main() -> int:
    given = arguments()
    place.enter(given.database)
    return COMMANDS[given.command](given)


def make(given: argparse.Namespace) -> int:
    from bench.generate import Sizes, generate

    try:
        sizes = Sizes(given.leads, given.events, given.reps, given.open_clocks)
    except ValueError as error:
        sys.exit(f"bench: {error}.")
    generate(sizes, given.database)
    return 0


def measure(given: argparse.Namespace) -> int:
    from bench.run import run

    return run(given.names, as_json=given.json, quick=given.quick)


def show(_given: argparse.Namespace) -> int:
    from bench.run import describe

    print(describe())
    return 0


def drop(given: argparse.Namespace) -> int:
    for name in (given.database, given.database + place.SMALL_SUFFIX):
        place.drop(name)
    return 0


# Each imports what it needs only when it runs: Django must be set up before.
COMMANDS = {"generate": make, "run": measure, "list": show, "drop": drop}


if __name__ == "__main__":
    sys.exit(main())

"""Fails when pyproject.toml asks for something that the lock files don't hold. Part of `make check`."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", re.MULTILINE)


def pins(lock: Path) -> dict[str, Version]:
    """Each package of a lock file and its version."""
    return {canonicalize_name(name): Version(version) for name, version in PIN.findall(lock.read_text())}


def missing(asked: list[str], held: dict[str, Version], lock: str) -> list[str]:
    """One sentence for each requirement that the lock does not meet."""
    found = []
    for requirement in map(Requirement, asked):
        version = held.get(canonicalize_name(requirement.name))
        if version is None or version not in requirement.specifier:
            found.append(f"{lock} holds {requirement.name} {version or 'not at all'}; asked for is {requirement}.")
    return found


def main() -> int:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    run, dev = pins(ROOT / "requirements.lock"), pins(ROOT / "requirements-dev.lock")
    faults = missing(project["dependencies"], run, "requirements.lock")
    faults += missing(project["dependencies"] + project["optional-dependencies"]["dev"], dev, "requirements-dev.lock")
    faults += [f"{name} differs between the two locks." for name in run if run[name] != dev.get(name)]
    print("\n".join([*faults, "Run `make lock`."] if faults else ["The locks are in step."]))  # noqa: T201 - its job
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

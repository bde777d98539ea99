"""Run ``import_leads`` as a person does, and read what it said."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.core.management import CommandError, call_command

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
PEOPLE = """
[defaults]
time_zone = "Europe/Madrid"

[columns]
"E-mail" = "email"
"First" = { to = "first_name", optional = true }
"Last" = { to = "last_name", optional = true }
"""


@dataclass(frozen=True)
class Outcome:
    """The JSON of an import, and how it ended."""

    said: dict[str, Any]
    status: int = 0
    rejects: dict[int, str] = field(default_factory=dict)

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """Created, updated, unchanged, rejected."""
        return tuple(self.said[name] for name in ("created", "updated", "unchanged", "rejected"))


class Importer:
    """Imports text or files by mappings, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def file(self, content: str | bytes, name: str = "leads.csv") -> Path:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def __call__(self, content: str | bytes | Path, mapping: str | Path = PEOPLE, **options: Any) -> Outcome:
        path = content if isinstance(content, Path) else self.file(content)
        told = mapping if isinstance(mapping, Path) else self.file(mapping, "mapping.toml")
        out, status = io.StringIO(), 0
        try:
            call_command("import_leads", path, mapping=told, json=True, stdout=out, **options)
        except CommandError as error:
            status = error.returncode
        said = json.loads(out.getvalue())
        assert said["rows"] == said["created"] + said["updated"] + said["unchanged"] + said["rejected"]
        assert said["rejected"] == len(said["rejects"])
        return Outcome(said, status, {one["line"]: one["reason"] for one in said["rejects"]})

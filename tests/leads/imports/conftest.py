from __future__ import annotations

from pathlib import Path

import pytest

from people.models import User
from tests.leads.imports.browser import Visit


@pytest.fixture(autouse=True)
def _files(settings: object, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"  # type: ignore[attr-defined]  # pytest-django's wrapper


@pytest.fixture
def visit(marketer: User) -> Visit:
    return Visit(marketer)

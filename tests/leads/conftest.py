from __future__ import annotations

from pathlib import Path

import pytest

from tests.leads.importing import Importer


@pytest.fixture
def importer(db: None, tmp_path: Path) -> Importer:
    return Importer(tmp_path)

"""The files that people upload: kept in Django's storage, read from a path, deleted after a while."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models.fields.files import FieldFile


@contextmanager
def local(file: FieldFile) -> Iterator[Path]:
    """The file on this machine: where the storage keeps it, or a copy when the storage is elsewhere."""
    try:
        yield Path(file.path)
        return
    except NotImplementedError:
        pass
    with TemporaryDirectory() as folder, file.open("rb") as source:
        path = Path(folder) / "file"
        with path.open("wb") as target:
            shutil.copyfileobj(source, target)
        yield path

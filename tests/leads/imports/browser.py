"""Import as a person does it in the browser, without one: upload, look, choose, start, read the report."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from leads.models import ImportJob
from leads.services import imports
from people.models import User


class Visit:
    """Somebody who may import, at the pages of one import."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.client = Client()
        self.client.force_login(user)

    def upload(self, content: str | bytes | Path, name: str = "leads.csv", url: str = "") -> HttpResponse:
        if isinstance(content, Path):
            name, content = content.name, content.read_bytes()
        data = content.encode() if isinstance(content, str) else content
        file = SimpleUploadedFile(name, data)
        return self.client.post(url or reverse("import-create"), {"file": file})  # type: ignore[return-value]  # the client's own response type

    def uploaded(self, content: str | bytes | Path, name: str = "leads.csv") -> ImportJob:
        response = self.upload(content, name)
        assert response.status_code == 302, response.content.decode()[-3000:]
        return ImportJob.objects.latest("pk")

    def form(self, job: ImportJob) -> dict[str, Any]:
        """What the page of the columns would send as it is shown."""
        response = self.client.get(reverse("import-columns", args=[job.pk]))
        assert response.status_code == 200, response.content.decode()[-3000:]
        form = response.context["form"]
        sent = {}
        for field in form:
            value = field.value()
            if value is not None and value is not False:
                sent[field.html_name] = "on" if value is True else value
        return sent

    def column(self, job: ImportJob, header: str, nth: int = 1) -> int:
        """The place of a column of this name."""
        form = self.client.get(reverse("import-columns", args=[job.pk])).context["form"]
        return [at for at, name in enumerate(form.sketch.header) if name == header][nth - 1]

    def map(self, job: ImportJob, changes: dict[str, Any] | None = None, **to: str) -> HttpResponse:
        """Send the columns as guessed, with changes by field, or by header of the column (``to``)."""
        sent = self.form(job) | (changes or {})
        for header, target in to.items():
            sent[f"to_{self.column(job, header.replace('_', ' '))}"] = target
        return self.client.post(reverse("import-columns", args=[job.pk]), sent)  # type: ignore[return-value]  # as above

    def mapped(self, job: ImportJob, changes: dict[str, Any] | None = None, **to: str) -> ImportJob:
        response = self.map(job, changes, **to)
        assert response.status_code == 302, [
            (name, list(errors))
            for name, errors in response.context["form"].errors.items()  # type: ignore[attr-defined]  # a response of the test client
        ]
        job.refresh_from_db()
        return job

    def act(self, job: ImportJob, name: str, **data: str) -> HttpResponse:
        return self.client.post(reverse(f"import-{name}", args=[job.pk]), data)  # type: ignore[return-value]  # as above

    def run(self, job: ImportJob, name: str = "start", **data: str) -> ImportJob:
        """Ask for it, and be the worker."""
        self.act(job, name, **data)
        be_the_worker()
        job.refresh_from_db()
        return job

    def page(self, job: ImportJob) -> Any:
        return self.client.get(reverse("import-detail", args=[job.pk]))

    def rejects(self, job: ImportJob) -> list[list[str]]:
        response = self.client.get(reverse("import-rejects", args=[job.pk]))
        text = b"".join(response).decode("utf-8-sig")
        return list(csv.reader(io.StringIO(text)))


def be_the_worker() -> None:
    while imports.work(now=timezone.now()):
        pass


def counts(job: ImportJob) -> tuple[int, int, int, int]:
    return job.created, job.updated, job.unchanged, job.rejected


def foreseen(job: ImportJob) -> tuple[int, ...]:
    return tuple(job.forecast[name] for name in ("created", "updated", "unchanged", "rejected"))

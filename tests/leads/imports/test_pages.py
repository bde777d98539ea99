"""The pages of imports: the list, the page of one that keeps itself fresh, what they say when something is wrong."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from leads.models import ImportJob
from people.models import User
from tests.leads.imports.browser import Visit

LIST = "E-mail,First name\na@x.example,Ann\nnobody,Bo\n"


def test_nothing_was_imported_yet(visit: Visit) -> None:
    page = visit.client.get(reverse("import-list")).content.decode()

    assert "No imports yet" in page
    assert reverse("import-create") in page


def test_an_empty_list_of_leads_leads_to_the_import(visit: Visit) -> None:
    page = visit.client.get(reverse("lead-list")).content.decode()

    assert reverse("import-create") in page
    assert reverse("lead-export") not in page


def test_the_list_of_leads_hands_its_filter_to_the_export(visit: Visit) -> None:
    visit.run(visit.mapped(visit.uploaded(LIST)))
    page = visit.client.get(reverse("lead-list") + "?q=ann").content.decode()

    assert f'{reverse("lead-export")}?q=ann"' in page


def test_everybody_who_imports_sees_all_imports(visit: Visit, manager: User, administrator: User) -> None:
    job = visit.run(visit.mapped(visit.uploaded(LIST, "fair.csv")))
    for user in (manager, administrator):
        other = Visit(user)
        assert "fair.csv" in other.client.get(reverse("import-list")).content.decode()
        page = other.page(job).content.decode()
        assert "Mara Marketer" in page
        assert "2 columns are imported" in page


def test_the_page_keeps_itself_fresh_while_it_works(visit: Visit) -> None:
    job = visit.mapped(visit.uploaded(LIST))
    url = reverse("import-live", args=[job.pk])
    assert url not in visit.page(job).content.decode()
    visit.act(job, "start")

    assert url in visit.page(job).content.decode()
    first = visit.client.get(url)
    assert "Waiting for its turn" in first.content.decode()
    assert visit.client.get(url, headers={"If-None-Match": first["ETag"]}).status_code == 304
    ImportJob.objects.filter(pk=job.pk).update(total=2, created=1, line=2)
    second = visit.client.get(url, headers={"If-None-Match": first["ETag"]})
    assert second.status_code == 200
    assert 'value="1" max="2"' in " ".join(second.content.decode().split())


def test_an_import_that_failed_says_why_and_may_be_mapped_anew(visit: Visit) -> None:
    job = visit.mapped(visit.uploaded(LIST))
    visit.act(job, "start")
    with job.file.open("wb") as file:
        file.write(b"Something,else\n1,2\n")
    visit.run(job)

    assert job.state == "failed"
    page = visit.page(job).content.decode()
    assert "mapped columns" in page
    assert "Change the columns" in page
    assert visit.client.get(reverse("import-columns", args=[job.pk])).status_code == 200


def test_a_file_that_is_gone_says_so(visit: Visit) -> None:
    job = visit.mapped(visit.uploaded(LIST))
    job.file.storage.delete(str(job.file.name))

    assert "The file cannot be read" in visit.page(job).content.decode()
    assert visit.client.get(reverse("import-columns", args=[job.pk])).status_code == 422
    visit.run(job)
    assert job.state == "failed"


def test_damaged_headers_are_kept_as_far_as_they_can_be(visit: Visit) -> None:
    head = "E-mail,Größe,".encode("cp1252") + b"Nu\x00ll\n"
    rows = "".join(f"u{n}@x.example,ä{n},x\n" for n in range(30)).encode()
    job = visit.uploaded(head + rows)

    assert visit.client.get(reverse("import-columns", args=[job.pk])).status_code == 200
    visit.run(visit.mapped(job))
    assert (job.state, job.created) == ("done", 30)


@pytest.mark.parametrize("act", ["check", "start", "cancel", "undo"])
def test_what_cannot_be_done_now_says_so(visit: Visit, act: str) -> None:
    job = ImportJob.objects.create(file_name="x.csv", size=1, uploaded_by=visit.user, uploaded_at=timezone.now())

    assert visit.act(job, act).status_code == 302
    job.refresh_from_db()
    assert job.state == "draft"

"""Import in a real browser: a list with errors, its report, the mended file, and everything is in."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from leads.models import ImportJob, Lead
from tests.leads.imports.browser import be_the_worker

if TYPE_CHECKING:
    from collections.abc import Callable

    from people.models import User
    from tests.e2e.visitor import Visitor

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
LIST = """E-mail;First name;Status;Created;Company
ann@acme.example;Ann;Contacted;31/01/2026;Acme
nobody;Bo;Contacted;01/02/2026;Acme
cy@acme.example;=Cy;New;02/02/2026;A company with quite a long name, limited, and daughters
"""
NARROW = {"width": 390, "height": 844}


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


def clean(visitor: Visitor) -> None:
    assert visitor.violations() == []
    assert visitor.overflow() == 0


def test_errors_are_mended_and_imported(visit: Callable[..., Visitor], marketer: User, tmp_path: Path) -> None:
    (tmp_path / "fair.csv").write_text(LIST)
    visitor = visit(marketer)
    page = visitor.page
    page.goto(reverse("import-list"))
    clean(visitor)
    page.get_by_role("link", name="Import a file").first.click()
    expect(page.get_by_label("File")).to_be_visible()
    clean(visitor)
    page.get_by_label("File").set_input_files(tmp_path / "fair.csv")
    page.get_by_role("button", name="Upload", exact=True).click()

    expect(page.get_by_label("What “E-mail” becomes")).to_have_value("email")
    expect(page.get_by_label("What “Company” becomes")).to_have_value("company.name")
    clean(visitor)
    page.get_by_role("button", name="Go on to the preview").click()
    page.get_by_label("Contacted").select_option("attempting")
    clean(visitor)
    page.get_by_role("button", name="Go on to the preview").click()

    expect(page.get_by_text("“nobody” is no e-mail address")).to_be_visible()
    clean(visitor)
    page.get_by_role("button", name="Check the whole file").click()
    expect(page.get_by_text("Waiting for its turn")).to_be_visible()
    clean(visitor)
    be_the_worker()
    expect(page.get_by_role("heading", name="Rows that would be rejected")).to_be_visible()
    assert not Lead.objects.exists()
    page.get_by_role("button", name="Import it").click()
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    be_the_worker()

    expect(page.get_by_role("heading", name="Rejected rows")).to_be_visible()
    page.reload()
    clean(visitor)
    assert Lead.objects.count() == 2
    with page.expect_download() as download:
        page.get_by_role("link", name="All as CSV").click()
    rows = list(csv.reader(Path(download.value.path()).read_text("utf-8-sig").splitlines()))
    assert "no e-mail address" in rows[1][1]
    rows[1][2] = "bo@acme.example"
    with (tmp_path / "mended.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    page.get_by_label("Upload the mended file").set_input_files(tmp_path / "mended.csv")
    page.get_by_role("button", name="Upload", exact=True).click()
    page.get_by_role("button", name="Import it").click()
    be_the_worker()

    expect(page.get_by_text("Imported", exact=True)).to_be_visible()
    assert Lead.objects.get(email="bo@acme.example").status.key == "attempting"
    assert ImportJob.objects.count() == 2
    page.reload()
    page.get_by_role("link", name="Undo this import").click()
    expect(page.get_by_role("button", name="Undo it")).to_be_visible()
    clean(visitor)
    page.get_by_role("button", name="Undo it").click()
    be_the_worker()
    expect(page.get_by_text("Undone", exact=True)).to_be_visible()
    assert not Lead.objects.filter(email="bo@acme.example").exists()


@pytest.mark.parametrize("options", [{"viewport": NARROW}, {"viewport": NARROW, "color_scheme": "dark"}])
def test_on_a_phone_and_in_the_dark(
    visit: Callable[..., Visitor], marketer: User, tmp_path: Path, options: dict[str, Any]
) -> None:
    long = "What is your current occupation, and what matters most to you in choosing a course?"
    rows = "".join(f"nobody {n},{'x' * 80},{n}\n" for n in range(40))
    (tmp_path / "a-file-with-quite-a-long-name-from-somebody-who-names-files-so.csv").write_text(
        f'E-mail,"{long}",Donaudampfschifffahrtsgesellschaftskapitaen\n{rows}ann@acme.example,x,1\n'
    )
    visitor = visit(marketer, **options)
    page = visitor.page
    page.goto(reverse("import-create"))
    page.get_by_label("File").set_input_files(next(tmp_path.glob("*.csv")))
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.get_by_role("heading", name="What the columns mean")).to_be_visible()
    clean(visitor)
    page.get_by_role("button", name="Go on to the preview").click()
    expect(page.get_by_role("heading", name="The first rows as they will be")).to_be_visible()
    clean(visitor)
    page.get_by_role("button", name="Import it").click()
    be_the_worker()
    expect(page.get_by_role("heading", name="Rejected rows")).to_be_visible()
    clean(visitor)
    page.goto(reverse("import-list"))
    clean(visitor)
    page.goto(reverse("lead-export"))
    clean(visitor)

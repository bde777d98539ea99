"""What an import changed says so in the histories of its leads and companies, with who began it."""

from __future__ import annotations

from leads.changes import changes, marks
from leads.models import Company
from leads.services.consent import consent_history
from tests.cast import MakeLead
from tests.leads.importing import Importer
from tests.leads.imports.browser import Visit


def test_an_import_in_the_browser_is_named_with_who_began_it(visit: Visit, make_lead: MakeLead) -> None:
    lead = make_lead(email="a@x.example", first_name="Old", company="Acme")
    job = visit.mapped(visit.uploaded("E-mail,First name,Company,Industry\na@x.example,New,Acme,Steel\n"))
    visit.run(job)

    lead.refresh_from_db()
    told = f"an import by {visit.user.name}"
    assert [(change.who, [one.name for one in change.differences]) for change in changes(lead)] == [
        (told, ["first_name"])
    ]
    assert marks(lead)["first_name"].who == told
    assert changes(Company.objects.get())[0].who == told

    visit.run(job, "undo")
    lead.refresh_from_db()
    assert lead.first_name == "Old"
    assert changes(lead)[0].who == visit.user.name


def test_an_import_by_the_command_is_named(importer: Importer, make_lead: MakeLead) -> None:
    lead = make_lead(email="a@x.example", first_name="Old")
    importer("E-mail,First\na@x.example,New\n")

    lead.refresh_from_db()
    assert [change.who for change in changes(lead)] == ["an import"]


def test_consent_that_an_import_brought_says_so(importer: Importer, make_lead: MakeLead) -> None:
    lead = make_lead(email="a@x.example")
    importer("E-mail,Stop\na@x.example,yes\n", '[columns]\n"E-mail" = "email"\n"Stop" = "do_not_email"\n')
    lead.refresh_from_db()
    assert (consent_history(lead)[0].who, consent_history(lead)[0].do_not_email) == ("an import", True)

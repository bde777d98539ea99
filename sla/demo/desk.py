"""What people did at their desks besides calling: an import, doubles found and merged, lists kept, programs let in."""

from __future__ import annotations

import base64
import csv
import io
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from django.core.files.uploadedfile import SimpleUploadedFile

from leads.models import Company, ImportJob, Lead, LifecycleStage, SavedView, WebhookEndpoint
from leads.services import imports
from leads.services.api_keys import issue_key, note_use, revoke_key
from leads.services.consent import withdraw
from leads.services.duplicates import look
from leads.services.import_files import take_in
from leads.services.leads import create_lead
from scoring.models import Persona
from sla.demo.past import catch_up, happened
from sla.demo.places import PLACES, domain, slug
from sla.models import BulkJob
from sla.services.bulk import start_job
from sla.services.merge import merge_leads

if TYPE_CHECKING:
    from datetime import datetime

    from leads.services.leads import LeadData
    from people.models import User
    from sla.demo.market import Market

FILE = "lab-days-zurich-badges.csv"
HEADER = ("First name", "Last name", "E-mail", "Company", "Job title", "Country", "Scanned on", "Budget")
SCANNED = (
    ("Livia", "Brunner"), ("Noé", "Favre"), ("Selina", "Zumstein"), ("Emanuele", "Bernasconi"), ("Annika", "Wyss"),
    ("Luc", "Monnier"), ("Ladina", "Caduff"), ("Beat", "Aeschlimann"), ("Chiara", "Pedrazzini"), ("Urs", "Odermatt"),
    ("Solène", "Rochat"), ("Fabio", "Crivelli"), ("Regula", "Hürlimann"), ("Yann", "Perret"), ("Mirjam", "Stücheli"),
    ("Gian", "Cavegn"), ("Odile", "Chappuis"), ("Reto", "Zgraggen"), ("Valérie", "Dubuis"), ("Jonas", "Nägeli"),
)  # fmt: skip
# What a scanner at a fair gets wrong: no address, half of one, a day that is none, a budget in words.
MISREAD = (
    ("Corinne", "Jaquet", "corinne.jaquet(at)aare-pharma.example", "Aare Pharma AG", "Quality manager", "", ""),
    ("", "", "info@", "Rheintal Chemie", "", "", ""),
    ("Severin", "Kälin", "severin.kaelin@rheintal-chemie.example", "Rheintal Chemie", "Chemist", "31.02.2026", ""),
    ("Pascale", "Morand", "pascale.morand@molkerei-toggenburg.example", "Molkerei Toggenburg", "Buyer", "", "ask her"),
)
SWISS = ("Aare Pharma AG", "Rheintal Chemie", "Molkerei Toggenburg", "Obersee Wasser")
TITLES = ("Laboratory technician", "Production engineer", "Process engineer", "Working student")
TABLES: dict[str, Any] = {
    "columns": [
        {"header": "First name", "to": "first_name"},
        {"header": "Last name", "to": "last_name"},
        {"header": "E-mail", "to": "email", "required": True},
        {"header": "Company", "to": "company.name"},
        {"header": "Job title", "to": "job_title"},
        {"header": "Country", "to": "country"},
        {"header": "Scanned on", "to": "captured_at", "formats": ["%d.%m.%Y"]},
        {"header": "Budget", "to": "custom.budget"},
    ],
    "constants": {"source": "Trade fair", "campaign": "Lab Days Zürich"},
}
# The same person once more: by which field, and what stands there this time.
DOUBLES: tuple[dict[str, str], ...] = (
    {"email": "{initial}.{last}@{domain}"},
    {"email": "{first}.{typo}@{domain}"},
    {"email": "{first}{last}@{domain}", "phone": "", "job_title": ""},
    {"email": "{last}@private-mail.example", "first_name": "{initial}.", "company": ""},
)
HABITUAL = "No project yet; wants to stay informed"


def keep_house(market: Market, people: dict[str, User]) -> None:
    """All of it, each at its own time, the oldest first."""
    now = market.now
    _let_programs_in(people["admin"], now)
    _merge_doubles(people["marketer"], now - timedelta(days=6, hours=2))
    _import_scans(people["marketer"], now - timedelta(days=3, hours=1))
    _nurture(market, people["marketer"], now - timedelta(days=2, hours=3))
    _take_back_consent(now - timedelta(days=1, hours=4))
    _meet_again(now - timedelta(days=1, hours=2))
    _keep_views(people, now - timedelta(days=9))


def _import_scans(marketer: User, at: datetime) -> None:
    """The badges of a fair: most of them leads by now, the rest in the report with why not."""
    upload = SimpleUploadedFile(FILE, _scans(at), content_type="text/csv")
    with happened(at, marketer, anything=True):
        job = take_in(upload=upload, by=marketer, now=at)
        imports.save_mapping(job=job, tables=TABLES, name="Badges of a fair", by=marketer, now=at)
        imports.start(job=ImportJob.objects.get(pk=job.pk), now=at)
        imports.work(now=at)
    with happened(at):
        catch_up(at)


def _scans(at: datetime) -> bytes:
    text = io.StringIO()
    rows = csv.writer(text, delimiter=";")
    rows.writerow(HEADER)
    for number, (first, last) in enumerate(SCANNED):
        company, day = SWISS[number % len(SWISS)], at - timedelta(days=2 + number % 2)
        email = f"{slug(first)}.{slug(last)}@{domain(company)}"
        budget = (number % 4) * 5_000 or ""
        title = TITLES[number % len(TITLES)]
        rows.writerow([first, last, email, company, title, "Switzerland", f"{day:%d.%m.%Y}", budget])
        if number == 7:  # scanned twice
            rows.writerow([first, last, email, company, title, "Switzerland", f"{day:%d.%m.%Y}", 12_000])
    for first, last, email, company, title, day_text, budget_text in MISREAD:
        rows.writerow([first, last, email, company, title, "Switzerland", day_text, budget_text])
    return text.getvalue().encode()


def _quiet(at: datetime) -> Any:
    """Leads nobody has in hand and nothing happened to since."""
    leads = Lead.objects.filter(handoffs__isnull=True, updated_at__lt=at, company__isnull=False).exclude(first_name="")
    return leads.exclude(phone="").select_related("company").order_by("pk")


def _merge_doubles(marketer: User, at: datetime) -> None:
    """Somebody who wrote from two addresses was made one lead last week."""
    lead = _quiet(at)[0]
    double = _double(lead, {**DOUBLES[0], "first_name": "{initial}."}, at - timedelta(hours=5))
    with happened(at, marketer):
        merge_leads(winner=lead, loser=double, choices={}, by=marketer, now=at)
    with happened(at):
        catch_up(at)


def _meet_again(at: datetime) -> None:
    """Doubles that came in and nobody has looked at yet, and a company under two names."""
    for lead, changed in zip(_quiet(at)[4:40:9], DOUBLES, strict=True):
        _double(lead, changed, at)
    germany = next(place for place in PLACES if place.country == "Germany")
    same = germany.companies[0][0].removesuffix(" GmbH")
    Company.objects.create(name=same, country="Germany", city=germany.cities[0], created_at=at)
    with happened(at):
        catch_up(at)
    while look(now=at):
        pass


def _double(lead: Lead, changed: dict[str, str], at: datetime) -> Lead:
    company = lead.company
    if company is None:
        raise ValueError("somebody without a company has no double here")
    last = slug(lead.last_name)
    words = {"first": slug(lead.first_name), "last": last, "typo": last[:2] + last[3:], "domain": company.domain}
    words["initial"] = words["first"][0]
    data: dict[str, Any] = {
        "first_name": lead.first_name, "last_name": lead.last_name, "phone": lead.phone, "job_title": lead.job_title,
        "company": company, "country": lead.country, "source": lead.source,
    }  # fmt: skip
    data |= {name: text.format(**words) for name, text in changed.items()}
    data["first_name"], data["company"] = data["first_name"].capitalize(), data["company"] or None
    with happened(at):
        return create_lead(now=at, by=None, data=cast("LeadData", data | {"captured_at": at}))


def _nurture(market: Market, marketer: User, at: datetime) -> None:
    """An act on many: cold ones of a fair are put to rest, those that rest already are passed over."""
    resting = Lead.objects.filter(status__key="nurturing", status_reason=HABITUAL).order_by("pk").values_list("pk")[:3]
    cold = _quiet(at).filter(source__name="Trade fair", status__key="new").values_list("pk")[:14]
    chosen = [pk for (pk,) in (*resting, *cold)]
    status = market.statuses["nurturing"]
    with happened(at, marketer):
        start_job(
            act=BulkJob.Act.STATUS, by=marketer, leads=Lead.objects.filter(pk__in=chosen).values("pk"),
            params={"status": status.pk, "reason": HABITUAL}, summary=f"Status: {status.name} ({HABITUAL})", now=at,
        )  # fmt: skip
    with happened(at):
        catch_up(at)


def _take_back_consent(at: datetime) -> None:
    agreed = Lead.objects.filter(consent=Lead.Consent.GRANTED, submissions__isnull=False).order_by("pk").distinct()
    for lead in agreed[:2]:
        with happened(at):
            withdraw(lead=lead, now=at, source="Reply to a mailing")


def _keep_views(people: dict[str, User], at: datetime) -> None:
    """Lists that people come back to; who signs in as SDR has one of their own."""
    views = (
        ("Hot, nobody owns them", "manager", True, f"owner=null&stage={_stage()}&score_from=40&sort=-score"),
        ("No touch for 7 days", "manager", True, "untouched=7&handoff=yes"),
        ("Decision makers of mine", "sdr", False, f"owner={people['sdr'].pk}&persona={_decider()}&sort=-score"),
    )
    for name, login, is_shared, query in views:
        SavedView.objects.create(name=name, owner=people[login], is_shared=is_shared, query=query, created_at=at)


def _stage() -> int:
    """Whom a score has not ruled out, and sales has not got yet."""
    return LifecycleStage.objects.get(key="lead").pk


def _decider() -> int:
    return Persona.objects.order_by("position")[0].pk


def _let_programs_in(admin: User, now: datetime) -> None:
    """A key that is taken back and a webhook that is switched off: nothing gets in, and nothing is sent anywhere."""
    at, later = now - timedelta(days=15), now - timedelta(days=4)
    with happened(at, admin, anything=True):
        key, _secret = issue_key(name="Webinar tool (trial)", scopes=["leads:write"], per_minute=60, by=admin, now=at)
        # Its address is checked when somebody switches it on; looking it up here would ask a name server.
        WebhookEndpoint.objects.create(
            url="https://hooks.meridian-instruments.example/baton", description="Data warehouse, not ready yet",
            kinds=["lead.handed_off", "lead.won"], is_active=False, created_by=admin, created_at=at,
            secret="whsec_" + base64.b64encode(secrets.token_bytes(24)).decode(),
        )  # fmt: skip
    note_use(key=key, now=later - timedelta(hours=2))
    with happened(later, admin, anything=True):
        revoke_key(key=key, now=later)

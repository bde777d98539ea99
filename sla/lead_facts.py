"""What is known of a lead, fact by fact, in words: with who may change it, and whether it ever was changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.template.defaultfilters import floatformat
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from leads.changes import in_words
from leads.forms import MOVERS
from leads.models import CustomField, Lead
from leads.slots import CUSTOM, SLOTS
from people.permissions import Can, may

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from leads.changes import Mark
    from people.models import User

WHO = ("name", "job_title", "company", "phone", "email", "place", "language")
STANDING = ("stage", "status", "owner", "lead_type", "source", "campaign")
CONSENT = ("consent", "do_not_email", "do_not_call")
BANT = ("bant_budget", "bant_authority", "bant_need", "bant_timeline")
NUMBERS = frozenset({CustomField.Kind.NUMBER, CustomField.Kind.MONEY})


@dataclass(frozen=True, slots=True)
class Fact:
    """``more`` stands below the value, ``badge`` beside it; ``mark`` says that there is a history.

    ``edit_url`` answers with the control, ``form_url`` is the whole form at that field; both empty for who may not.
    """

    key: str
    label: str
    value: str = ""
    more: str = ""
    href: str = ""
    badge: str = ""
    edit_url: str = ""
    form_url: str = ""
    history_url: str = ""
    mark: Mark | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """What a value looks like."""

    value: str = ""
    more: str = ""
    href: str = ""
    badge: str = ""


class Facts:
    """The facts of one lead for one reader; ``by`` key, or a list of them."""

    def __init__(self, lead: Lead, user: User, marks: Mapping[str, Mark]) -> None:
        self.lead, self.user, self.marks = lead, user, marks
        self.may_edit = may(user, Can.CREATE_LEADS) and not lead.is_erased
        self.address = reverse("lead-field", args=[lead.pk, "-"]).removesuffix("-/")
        self.form = reverse("lead-edit", args=[lead.pk])

    def some(self, keys: Iterable[str]) -> list[Fact]:
        return [self.of(key) for key in keys]

    def of(self, key: str) -> Fact:
        slot = SLOTS[key]
        if key in BANT:
            return self._fact(key, str(slot.label), key, slot.tracked, self._found_out(key))
        return self._fact(key, str(slot.label), slot.fields[0], slot.tracked, SHOW.get(key, _plain(key))(self.lead))

    def _found_out(self, key: str) -> Shown:
        """What somebody found out has a name and a day, as far as its history tells."""
        value, mark = str(getattr(self.lead, key)), self.marks.get(key)
        if not value or mark is None:
            return Shown(value)
        return Shown(value, more=" · ".join(filter(None, (mark.who, in_words(localtime(mark.at).date())))))

    def custom(self) -> list[Fact]:
        """The company's own fields, in their order: those in use, and retired ones that this lead has a value for."""
        fields = CustomField.objects.all()
        has = {key for key, value in self.lead.custom.items() if value not in (None, "")}
        return [self._custom(field) for field in fields if field.is_active or field.key in has]

    def _custom(self, field: CustomField) -> Fact:
        key = f"{CUSTOM}{field.key}"
        shown = Shown(_own_value(field, self.lead.custom.get(field.key)))
        return self._fact(key, field.name, key if field.is_active else "", (f"custom.{field.key}",), shown)

    def _fact(self, key: str, label: str, control: str, tracked: tuple[str, ...], shown: Shown) -> Fact:
        mark = max((self.marks[name] for name in tracked if name in self.marks), key=lambda one: one.at, default=None)
        edits = bool(control) and not self.lead.is_erased and may_change(self.user, key)
        return Fact(
            key,
            label,
            shown.value,
            shown.more,
            shown.href,
            shown.badge,
            edit_url=f"{self.address}{key}/" if edits else "",
            form_url=self._form_url(key, control) if edits else "",
            history_url=f"{self.address}{key}/history/" if mark else "",
            mark=mark,
        )

    def _form_url(self, key: str, control: str) -> str:
        return f"{self.address}{key}/" if key == "owner" else f"{self.form}#id_{control}"


def may_change(user: User, key: str) -> bool:
    """Whether this person may change this place of a lead that they see."""
    if key == "owner":
        return may(user, Can.REASSIGN)
    return may(user, Can.CREATE_LEADS) and (key != "stage" or user.role in MOVERS)


def _plain(key: str) -> Any:
    return lambda lead: Shown(str(getattr(lead, key) or ""))


def _phone(lead: Lead) -> Shown:
    if not lead.phone:
        return Shown(badge=_("Do not call") if lead.do_not_call else "")
    if lead.do_not_call:
        return Shown(lead.phone, badge=_("Do not call"))
    return Shown(lead.phone, href=f"tel:{''.join(lead.phone.split())}")


def _email(lead: Lead) -> Shown:
    if lead.do_not_email:
        return Shown(lead.email, badge=_("Do not e-mail"))
    if lead.consent == Lead.Consent.WITHDRAWN:
        return Shown(lead.email, badge=_("Consent withdrawn"))
    return Shown(lead.email, href=f"mailto:{lead.email}" if lead.email else "")


def _company(lead: Lead) -> Shown:
    company = lead.company
    return Shown(company.name, href=reverse("company-detail", args=[company.pk])) if company else Shown()


def _owner(lead: Lead) -> Shown:
    if lead.owner is None:
        return Shown(_("Nobody"))
    return Shown(lead.owner.name, more=str(lead.owner.team or ""))


def _stage(lead: Lead) -> Shown:
    since = in_words(localtime(lead.stage_since).date())
    return Shown(lead.stage.name, more=_("since %(day)s") % {"day": since})


def _consent(lead: Lead) -> Shown:
    at = in_words(lead.consent_at) if lead.consent_at else ""
    return Shown(lead.get_consent_display(), more=" · ".join(filter(None, (at, lead.consent_source))))


def _own_value(field: CustomField, value: Any) -> str:
    if value in (None, ""):
        return ""
    if field.kind in NUMBERS:
        return _grouped(value)
    if field.kind == CustomField.Kind.DATE and (day := _date(value)):
        return in_words(day)
    return in_words(value)


def _date(value: Any) -> Any:
    try:
        return parse_date(str(value))
    except ValueError:
        return None


def _grouped(number: Any) -> str:
    """In groups of three, with the decimals it has (whatever is no number as it is)."""
    decimals = len(str(number).partition(".")[2])
    return floatformat(number, f"{decimals}g") or str(number)


SHOW: dict[str, Any] = {
    "name": lambda lead: Shown(lead.full_name),
    "phone": _phone,
    "email": _email,
    "company": _company,
    "owner": _owner,
    "stage": _stage,
    "status": lambda lead: Shown(lead.status.name, more=lead.status_reason),
    "place": lambda lead: Shown(", ".join(filter(None, (lead.city, lead.country)))),
    "journey_step": lambda lead: Shown(lead.get_journey_step_display() if lead.journey_step else ""),
    "consent": _consent,
    "do_not_email": lambda lead: Shown(_("Do not e-mail") if lead.do_not_email else _("Allowed")),
    "do_not_call": lambda lead: Shown(_("Do not call") if lead.do_not_call else _("Allowed")),
}

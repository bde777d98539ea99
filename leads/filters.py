"""What the list of leads can be narrowed by, as far as it is a fact; scores and promises add theirs further up.

A list's state is its address. So only the filters that an address names are made (and those that are always shown).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

import django_filters
from django import forms
from django.db.models import Model, Q
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.utils.translation import gettext_lazy as _

from leads.filter_kinds import WHOLE, Asking, LeanSearch, Method, Offer, choice, days, number, row, text, yes_no
from leads.models import Campaign, CustomField, Lead, LeadStatus, LeadType, LifecycleStage, Source
from people.models import Role, Team, User

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.utils.functional import _StrPromise

LEAD, COMPANY, OWN = _("The lead"), _("The company"), _("Our own fields")
STANDING, WHEN = _("Where it stands"), _("When")
MOST_DAYS = 3_650


class LeadFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter ships no types
    """The list narrowed by what an address says.

    An address that makes no sense finds nothing: a list that drops a filter it cannot read would show, export or
    change leads that nobody meant.
    """

    class Meta:
        model = Lead
        fields: tuple[str, ...] = ()

    def __init__(self, data: Mapping[str, Any], *, queryset: Any, offers: Iterable[Offer], asking: Asking) -> None:
        super().__init__(data, queryset=queryset)
        for offer in offers:
            made = offer.make(asking)
            made.parent, made.model = self, Lead
            made._label = made._label or offer.label
            self.filters[offer.name] = made

    @cached_property
    def form(self) -> forms.Form:
        """The filters' own fields: they were made for this one list, and need no class and no copies."""
        form = forms.Form(self.data)
        form.fields = {name: made.field for name, made in self.filters.items()}
        return form

    @property
    def qs(self) -> Any:
        return super().qs if self.form.is_valid() else self.queryset.none()


def named_in(data: Mapping[str, Any], offers: Iterable[Offer]) -> list[Offer]:
    """The filters that an address says something about; how a text is compared says nothing by itself."""
    return [
        offer for offer in offers if any(data.get(name) for name in offer.parameters if not name.endswith("_lookup"))
    ]


def _make_search(asking: Asking) -> django_filters.Filter:
    return django_filters.CharFilter(
        method=lambda rows, _name, typed: asking.find(rows, typed),
        max_length=200,
        widget=LeanSearch(
            attrs={
                "placeholder": _("Name, company, e-mail, phone or number"),
                "autocomplete": "off",
                "spellcheck": "false",
            }
        ),
    )


def _make_untouched(asking: Asking) -> django_filters.Filter:
    """Known for so many days, and nobody logged an attempt in them."""

    def untouched(rows: Any, _name: str, given: Decimal) -> Any:
        since = asking.now - timedelta(days=int(given))
        return rows.filter(Q(index__last_touch_at__lt=since) | Q(index__last_touch_at=None), captured_at__lt=since)

    return django_filters.NumberFilter(
        method=untouched,
        min_value=1,
        max_value=MOST_DAYS,
        decimal_places=0,
        widget=forms.NumberInput(attrs={"min": 1, "max": MOST_DAYS, "step": 1}),
    )


def _all(model: type[Model]) -> Callable[[User], Any]:
    return lambda _by: model._default_manager.all()


def _unmerged(model: type[Source | Campaign]) -> Callable[[User], Any]:
    """A name that was merged into another has no leads any more."""
    return lambda _by: model._default_manager.filter(merged_into__isnull=True)


def owners(by: User) -> QuerySet[User]:
    """Those whose leads this person may see."""
    sales: QuerySet[User] = User.objects.active().filter(role__in=(Role.SDR, Role.AE, Role.MANAGER))
    if by.role in {Role.SDR, Role.AE}:
        return sales.filter(Q(pk=by.pk) | Q(team__isnull=False, team=by.team_id))
    if by.role == Role.MANAGER:
        return sales.filter(Q(pk=by.pk) | Q(team__manager=by) | Q(reports_to=by)).distinct()
    return sales


def _text(name: str, label: _StrPromise, group: _StrPromise = LEAD, field: str = "") -> Offer:
    make, suffixes = text(field or name)
    return Offer(name, label, group, make, suffixes)


def _number(name: str, label: _StrPromise, group: _StrPromise, field: str, most: int | None = None) -> Offer:
    make, suffixes = number(field, most=most)
    return Offer(name, label, group, make, suffixes)


def _days(name: str, label: _StrPromise, field: str) -> Offer:
    make, suffixes = days(field)
    return Offer(name, label, WHEN, make, suffixes)


# Always in view, in this order.
USUAL = (
    Offer("q", _("Search"), "", _make_search),
    Offer("stage", _("Stage"), "", row("stage", "stage", _all(LifecycleStage), empty=_("Any stage"))),
    Offer("status", _("Status"), "", row("status", "status", _all(LeadStatus), empty=_("Any status"))),
    Offer("owner", _("Owner"), "", row("owner", "owner", owners, empty=_("Any owner"), nobody=_("Nobody"))),
    Offer("source", _("Source"), "", row("source", "source", _unmerged(Source), empty=_("Any source"))),
)
OFFERS = (
    Offer("lead_type", _("Lead type"), STANDING, row("lead_type", "lead_type", _all(LeadType))),
    Offer("team", _("Team of the owner"), STANDING, row("owner__team", "team", lambda _by: Team.objects.sales())),
    Offer("campaign", _("Campaign"), STANDING, row("campaign", "campaign", _unmerged(Campaign))),
    Offer("journey", _("Buyer's journey"), STANDING, choice("journey_step", Lead.JourneyStep.choices)),
    _text("status_reason", _("Reason of the status"), STANDING),
    Offer("untouched", _("No touch for (days)"), WHEN, _make_untouched),
    _days("captured", _("Captured"), "captured_at"),
    _days("updated", _("Updated"), "updated_at"),
    _days("touched", _("Last touch"), "index__last_touch_at"),
    _days("staged", _("In this stage since"), "stage_since"),
    _days("consent_at", _("Consent given or withdrawn"), "consent_at"),
    _text("first_name", _("First name")),
    _text("last_name", _("Last name")),
    _text("email", _("E-mail address")),
    _text("phone", _("Phone")),
    _text("job_title", _("Job title")),
    _text("country", _("Country")),
    _text("city", _("City")),
    _text("language", _("Language")),
    Offer("consent", _("Consent to be mailed"), LEAD, choice("consent", Lead.Consent.choices)),
    _text("consent_source", _("Where consent was given"), LEAD),
    Offer("do_not_email", _("Do not e-mail"), LEAD, yes_no("do_not_email")),
    Offer("do_not_call", _("Do not call"), LEAD, yes_no("do_not_call")),
    _text("budget", _("Budget"), LEAD, "bant_budget"),
    _text("authority", _("Authority"), LEAD, "bant_authority"),
    _text("need", _("Need"), LEAD, "bant_need"),
    _text("timeline", _("Timeline"), LEAD, "bant_timeline"),
    _text("company", _("Company"), COMPANY, "company__name"),
    _text("domain", _("Web domain"), COMPANY, "company__domain"),
    _text("industry", _("Industry"), COMPANY, "company__industry"),
    _text("company_country", _("Country of the company"), COMPANY, "company__country"),
    _text("company_region", _("Region of the company"), COMPANY, "company__region"),
    _text("company_city", _("City of the company"), COMPANY, "company__city"),
    _text("technologies", _("Technologies"), COMPANY, "company__technologies"),
    _number("employees", _("Employees"), COMPANY, "company__employees", WHOLE),
    _number("revenue", _("Revenue a year"), COMPANY, "company__annual_revenue"),
)


def custom_offers(fields: Sequence[CustomField]) -> list[Offer]:
    """A filter for each of the company's own fields, typed as they are."""
    return [_custom(field) for field in fields]


def _custom(field: CustomField) -> Offer:
    name, key, kinds = f"custom_{field.key}", field.key, CustomField.Kind
    if field.kind in {kinds.NUMBER, kinds.MONEY}:
        make, suffixes = number("", method=_json_between(key, _plain))
        return Offer(name, field.name, OWN, make, suffixes)
    if field.kind == kinds.DATE:
        make, suffixes = days("", method=_json_between(key, lambda at: at.date().isoformat()))
        return Offer(name, field.name, OWN, make, suffixes)
    if field.kind == kinds.YES_NO:
        return Offer(name, field.name, OWN, yes_no("", method=_json_is(key)))
    if field.kind == kinds.CHOICE:
        choices = [(one, one) for one in (*field.choices, *field.retired_choices)]
        return Offer(name, field.name, OWN, choice("", choices, method=_json_is(key)))
    make, suffixes = text("", method=_json_text(key))
    return Offer(name, field.name, OWN, make, suffixes)


# A key is no part of a lookup here: one called ``seats__gte`` stays a name.
def _json_between(key: str, kept: Any) -> Method:
    def between(rows: Any, _name: str, given: slice) -> Any:
        rows = rows.alias(**{f"of_{key}": KeyTransform(key, "custom")})
        bounds = {f"of_{key}__gte": given.start, f"of_{key}__lte": given.stop}
        return rows.filter(**{name: kept(bound) for name, bound in bounds.items() if bound is not None})

    return between


def _json_is(key: str) -> Method:
    def same(rows: Any, _name: str, given: bool | str) -> Any:
        return rows.filter(custom__contains={key: given})

    return same


def _json_text(key: str) -> Method:
    def like(rows: Any, _name: str, given: Any) -> Any:
        rows = rows.alias(**{f"of_{key}": KeyTextTransform(key, "custom")})
        return rows.filter(**{f"of_{key}__{given.lookup_expr}": given.value})

    return like


def _plain(number: Decimal) -> int | float:
    return int(number) if number == number.to_integral_value() else float(number)

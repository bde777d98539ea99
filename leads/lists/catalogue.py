"""Which lists there are, what the pages say of each, and what in them Baton itself works with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from leads import defaults
from leads.models import Campaign, CustomField, EventType, LeadStatus, LeadType, LifecycleStage, Source

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.db.models import Model
    from django.utils.functional import _StrPromise


@dataclass(frozen=True, slots=True)
class ConfiguredList:
    """``known`` are the keys that the program works with; ``kept`` those that stay in use, and why."""

    slug: str
    model: type[Model]
    title: _StrPromise
    one: _StrPromise
    new: _StrPromise
    text: _StrPromise
    icon: str
    known: frozenset[str] = frozenset()
    kept: Mapping[str, _StrPromise] = field(default_factory=dict)
    condition: str = ""
    filter: str = ""

    @property
    def is_keyed(self) -> bool:
        """Rows with a key of the program's and an order of people's; the others are named as they were typed."""
        return self.model not in MERGEABLE

    @property
    def is_mergeable(self) -> bool:
        return self.model in MERGEABLE

    @property
    def rows(self) -> Any:
        return self.model._default_manager.all()

    def term(self, row: Any) -> tuple[str, str]:
        """The field and the value by which conditions of rules name the row (an empty value: any)."""
        if not self.condition:
            return "", ""
        if self.condition == "custom":
            return f"custom.{row.key}", ""
        return self.condition, row.key if self.is_keyed else row.name


MERGEABLE: tuple[type[Model], ...] = (Source, Campaign)

LISTS: tuple[ConfiguredList, ...] = (
    ConfiguredList(
        "stages",
        LifecycleStage,
        _("Lifecycle stages"),
        _("Lifecycle stage"),
        _("New stage"),
        _("How far the relationship is, in the order in which leads are promoted."),
        "stairs-up",
        frozenset(key for key, *_rest in defaults.STAGES),
        {"lead": _("Every new lead begins in this stage.")},
        filter="stage",
    ),
    ConfiguredList(
        "statuses",
        LeadStatus,
        _("Statuses"),
        _("Status"),
        _("New status"),
        _("What is happening with a lead now, and the reasons that may be given for it."),
        "flag",
        frozenset(key for key, *_rest in defaults.STATUSES),
        {"new": _("Every new lead begins with this status, and so does one that is handed off after a rest.")},
        condition="status",
        filter="status",
    ),
    ConfiguredList(
        "types",
        LeadType,
        _("Lead types"),
        _("Lead type"),
        _("New lead type"),
        _("What kind of business a lead is."),
        "tag",
        condition="lead_type",
    ),
    ConfiguredList(
        "sources",
        Source,
        _("Sources"),
        _("Source"),
        _("New source"),
        _("Where leads come from, as it was typed; what means the same can be merged."),
        "map-pin",
        condition="source",
        filter="source",
    ),
    ConfiguredList(
        "campaigns",
        Campaign,
        _("Campaigns"),
        _("Campaign"),
        _("New campaign"),
        _("What marketing did to bring leads in."),
        "target-arrow",
        condition="campaign",
    ),
    ConfiguredList(
        "events",
        EventType,
        _("Event types"),
        _("Event type"),
        _("New event type"),
        _("The kinds of behaviour that are recorded."),
        "flame",
        frozenset(key for key, *_rest in defaults.EVENT_TYPES),
        {"unsubscribed": _("Recording it is how somebody says that they want no more mail.")},
    ),
    ConfiguredList(
        "fields",
        CustomField,
        _("Fields of your own"),
        _("Field"),
        _("New field"),
        _("What you want to know of a lead that Baton has no field for."),
        "list",
        condition="custom",
    ),
)
BY_SLUG = {each.slug: each for each in LISTS}
BY_MODEL = {each.model: each for each in LISTS}

"""Changing working hours in the browser (domain rule 8: what makes no sense is refused where it is saved)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from people.models import Team, User
from sla.models import Calendar
from sla.services.calendars import working_time_of
from sla.services.calendars_edit import CalendarTerms, save_calendar
from tests.forms import filled, rows, send

DAY = {"weekday": "0", "opens": "09:00", "closes": "17:00"}


@pytest.fixture
def editor(client: Client, manager: User) -> Client:
    client.force_login(manager)
    return client


@pytest.fixture
def office(db: None) -> Calendar:
    return Calendar.objects.get()


def edit(calendar: Calendar) -> str:
    return reverse("calendar-edit", args=[calendar.pk])


def spans(calendar: Calendar) -> list[tuple[int, time, time]]:
    return list(calendar.spans.values_list("weekday", "opens", "closes"))


def test_what_is_shown_and_sent_back_changes_nothing(editor: Client, office: Calendar) -> None:
    before = spans(office)
    response = send(editor, edit(office))
    assert (response.status_code, spans(office)) == (302, before)


def test_a_new_calendar_with_a_split_shift_for_a_team(editor: Client, owner: User, sales_team: Team) -> None:
    week = rows("spans", {**DAY, "closes": "13:00"}, {**DAY, "opens": "15:00", "closes": "19:30"})
    holidays = rows("closed", {"date": "2026-11-30", "name": "Saint Andrew"})
    change = {"name": "Madrid", "time_zone": "europe/madrid", "teams": [sales_team.pk], **week, **holidays}
    response = send(editor, reverse("calendar-create"), change, without="spans-")
    assert response.status_code == 302
    hours = working_time_of(owner)
    assert hours.zone.key == "Europe/Madrid"
    monday = datetime(2026, 11, 23, 11, 59, tzinfo=UTC)
    assert [hours.is_open(monday.replace(hour=hour)) for hour in (11, 12, 17, 18)] == [True, False, True, False]
    assert hours.closed == {date(2026, 11, 30)}


def test_a_calendar_without_an_hour_is_refused(editor: Client, office: Calendar) -> None:
    before = spans(office)
    response = send(editor, edit(office), {f"spans-{number}-DELETE": "on" for number in range(5)})
    assert response.status_code == 422
    assert "The week has no open hour" in response.content.decode()
    assert spans(office) == before


def test_hours_that_overlap_are_refused_at_their_row(editor: Client, office: Calendar) -> None:
    response = send(editor, edit(office), rows("spans", DAY, {**DAY, "opens": "16:59"}), without="spans-")
    errors = response.context["editor"]["spans"].errors
    assert response.status_code == 422
    assert errors == [{}, {"opens": ["This overlaps with 09:00–17:00 of the same day."]}]


def test_hours_that_touch_are_fine(editor: Client, office: Calendar) -> None:
    send(
        editor,
        edit(office),
        rows("spans", DAY, {**DAY, "opens": "17:00", "closes": "18:00"}, initial=5),
        without="spans-",
    )
    assert spans(office) == [(0, time(9), time(17)), (0, time(17), time(18))]


def test_a_night_runs_over_midnight(editor: Client, office: Calendar) -> None:
    send(editor, edit(office), rows("spans", {**DAY, "opens": "22:00", "closes": "06:00"}, initial=5), without="spans-")
    assert spans(office) == [(0, time(22), time(6))]


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({**DAY, "opens": "late"}, "opens"),
        ({**DAY, "closes": ""}, "closes"),
        ({**DAY, "weekday": "7"}, "weekday"),
    ],
)
def test_bad_hours_are_refused_at_their_field(
    editor: Client, office: Calendar, row: dict[str, str], field: str
) -> None:
    response = send(editor, edit(office), rows("spans", row), without="spans-")
    assert (response.status_code, list(response.context["editor"]["spans"].errors[0])) == (422, [field])


def test_a_bad_zone_is_refused_never_read_as_utc(editor: Client, office: Calendar) -> None:
    response = send(editor, edit(office), {"time_zone": "Europe/Atlantis"})
    assert (response.status_code, list(response.context["form"].errors)) == (422, ["time_zone"])


def test_a_date_twice_is_refused_at_its_row(editor: Client, office: Calendar) -> None:
    response = send(
        editor, edit(office), rows("closed", {"date": "2026-12-25"}, {"date": "2026-12-25", "name": "again"})
    )
    assert response.context["editor"]["closed"].errors == [{}, {"date": ["This date is in the list already."]}]


def test_closed_days_are_renamed_and_removed(editor: Client, office: Calendar) -> None:
    send(editor, edit(office), rows("closed", {"date": "2026-12-25"}, {"date": "2027-01-01"}))
    send(editor, edit(office), {"closed-0-name": "Christmas", "closed-1-DELETE": "on"})
    assert list(office.closed_days.values_list("date", "name")) == [(date(2026, 12, 25), "Christmas")]


def test_there_is_always_a_default(editor: Client, office: Calendar) -> None:
    response = send(editor, edit(office), {"is_default": None})
    assert (response.status_code, list(response.context["form"].errors)) == (422, ["is_default"])


def test_another_one_becomes_the_default(editor: Client, office: Calendar) -> None:
    send(editor, reverse("calendar-create"), {"name": "Night shift", "is_default": "on"})
    assert [each.name for each in Calendar.objects.filter(is_default=True)] == ["Night shift"]


def test_whoever_comes_from_another_calendar_leaves_it(office: Calendar, sales_team: Team, owner: User) -> None:
    week = [(0, time(9), time(17))]
    first = save_calendar(calendar=None, terms=CalendarTerms("First", week, teams=[sales_team], people=[owner]))
    second = save_calendar(calendar=None, terms=CalendarTerms("Second", week, people=[owner]))
    assert [(each.team, each.user) for each in first.assignments.all()] == [(sales_team, None)]
    save_calendar(calendar=second, terms=CalendarTerms("Second", week))
    assert second.assignments.count() == 0


def test_the_service_refuses_an_empty_week(db: None) -> None:
    with pytest.raises(ValidationError, match="no open hour"):
        save_calendar(calendar=None, terms=CalendarTerms("Never", []))
    assert Calendar.objects.count() == 1


def test_a_colleagues_change_is_not_overwritten(editor: Client, office: Calendar) -> None:
    opened = filled(editor.get(edit(office)).content.decode())
    office.spans.filter(weekday=4).delete()
    response = editor.post(edit(office), {**opened, "name": "Offices"})
    office.refresh_from_db()
    assert (response.status_code, office.name, office.spans.count()) == (422, "Office hours", 4)


def test_the_history_tells_of_hours_too(editor: Client, office: Calendar, manager: User) -> None:
    send(editor, edit(office), {"spans-4-DELETE": "on"})
    change: Any = editor.get(edit(office)).context["history"][0]
    assert (change.who, change.kind, change.thing) == (manager.name, "delete", "Open hours")

"""The template tags of the interface: times in the reader's zone, lengths of time, points, icons."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.utils import timezone, translation
from django.utils.formats import date_format

from people.templatetags import baton

AT = datetime(2026, 11, 22, 13, 35, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3_599, "59 min"),
        (3_600, "1 h"),
        (12_000, "3 h 20 min"),
        (86_399, "23 h 59 min"),
        (86_400, "1 d"),
        (183_600, "2 d 3 h"),
        (-90, "−1 min"),
        (timedelta(minutes=5), "5 min"),
        (None, ""),
    ],
)
def test_duration_names_the_two_largest_units(seconds: float | timedelta | None, text: str) -> None:
    assert baton.duration(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(12, "+12"), (-5, "−5"), (0, "0"), (2.5, "+2.5"), (-0.25, "−0.25"), (100, "+100"), (0.001, "0"), (None, "")],
)
def test_points_have_a_sign_and_no_idle_zeros(value: float | None, text: str) -> None:
    assert baton.points(value) == text


def test_points_follow_the_readers_language() -> None:
    with translation.override("pl"):
        assert baton.points(2.5) == "+2,5"


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Ada Lovelace", "AL"), ("Ana de la Cruz", "AC"), ("Max", "M"), ("", "?"), ("– –", "?"), ("ana@example.org", "A")],
)
def test_initials(name: str, letters: str) -> None:
    assert baton.initials(name) == letters


def test_due_states_the_moment_in_utc_and_in_the_readers_zone() -> None:
    with timezone.override(ZoneInfo("Europe/Madrid")):
        html = baton.due(AT, 120)
    assert 'datetime="2026-11-22T13:35:20Z"' in html
    assert 'data-warn-seconds="120"' in html
    assert 'title="Sun 22 Nov 2026, 14:35 CET"' in html
    assert ">22 Nov, 14:35</time>" in html


@pytest.mark.parametrize(("minutes", "seconds"), [(10, 600), (0, 0), (-3, 0)])
def test_due_takes_a_moment_to_warn_from(minutes: int, seconds: int) -> None:
    html = baton.due(AT, AT - timedelta(minutes=minutes))
    assert f'data-warn-seconds="{seconds}"' in html


def test_due_does_not_depend_on_the_second_it_is_written() -> None:
    local = AT.astimezone(ZoneInfo("America/New_York"))
    assert baton.due(AT) == baton.due(local)


@pytest.mark.parametrize(("language", "month"), [("en", "Nov"), ("es", "Nov"), ("pl", "Lis"), ("pt-br", "Nov")])
def test_a_time_speaks_the_readers_language_as_django_does(language: str, month: str) -> None:
    with translation.override(language):
        html = baton.moment(AT)
        assert f">22 {month}, 13:35</time>" in html
        assert f'title="{date_format(AT, "D j M Y, H:i T")}"' in html


@pytest.mark.parametrize("tag", [baton.due, baton.ago, baton.moment])
def test_no_time_is_no_markup(tag: object) -> None:
    assert callable(tag)
    assert tag(None) == ""


def test_an_icon_is_decoration_unless_it_has_a_label() -> None:
    assert 'aria-hidden="true"' in baton.icon("phone")
    spoken = baton.icon("phone", label='Call "now"')
    assert 'role="img" aria-label="Call &quot;now&quot;"' in spoken
    assert "aria-hidden" not in spoken


def test_css_adds_to_the_classes_of_a_control() -> None:
    class Form(forms.Form):
        channel = forms.CharField(widget=forms.TextInput(attrs={"class": "wide"}))

    html = baton.css(Form()["channel"], "form-control-sm")
    assert 'class="form-control wide form-control-sm"' in html

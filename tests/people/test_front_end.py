"""What the page is made of: only our own files, nothing inline, every icon there, forms that say what is wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django import forms
from django.template.loader import get_template

from people.context import SECTIONS

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
VENDOR = ROOT / "static" / "vendor"
PAGES = [path for path in TEMPLATES if "emails" not in path.parts]
HANDLERS = r"\son(?:click|change|load|submit|input|focus|blur|error|toggle|key\w+|mouse\w+|pointer\w+)="
INLINE = re.compile(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|javascript:|hx-on|hx-vals=.js:|" + HANDLERS, re.IGNORECASE)
FOREIGN = re.compile(r"""(?:src|href|action)=["'](?:https?:)?//""", re.IGNORECASE)
ICON = re.compile(r"""{%\s*icon\s+["']([a-z0-9-]+)["']|icon=["']([a-z0-9-]+)["']""")


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def sprite_names() -> set[str]:
    return set(re.findall(r'<symbol id="([^"]+)"', (VENDOR / "tabler-icons" / "sprite.svg").read_text("utf-8")))


@pytest.mark.parametrize("path", PAGES, ids=relative)
def test_a_template_has_nothing_inline_and_nothing_from_elsewhere(path: Path) -> None:
    source = path.read_text("utf-8")
    assert not INLINE.search(source)
    assert not FOREIGN.search(source)


@pytest.mark.parametrize("path", TEMPLATES, ids=relative)
def test_a_template_compiles_and_stays_short(path: Path) -> None:
    assert get_template(str(path.relative_to(ROOT / "templates")))
    assert len(path.read_text("utf-8").splitlines()) <= 150


def test_every_icon_that_is_asked_for_is_in_the_sprite() -> None:
    asked = {one or other for path in TEMPLATES for one, other in ICON.findall(path.read_text("utf-8"))}
    asked |= {place.icon for _section, places in SECTIONS for place in places}
    assert asked
    assert asked <= sprite_names()


def test_the_sprite_holds_what_its_list_says() -> None:
    assert sprite_names() == set((VENDOR / "tabler-icons" / "names.txt").read_text("utf-8").split())


@pytest.mark.parametrize("name", ["htmx", "idiomorph", "tabler", "tabler-icons"])
def test_vendored_files_have_their_version_and_licence(name: str) -> None:
    version = (VENDOR / name / "VERSION").read_text("utf-8").strip()
    assert re.fullmatch(r"\d+\.\d+\.\d+", version)
    assert f"| {version} |" in (VENDOR / "README.md").read_text("utf-8")
    assert (VENDOR / name / "LICENSE").read_text("utf-8").strip()


@pytest.mark.parametrize("path", sorted((ROOT / "static").rglob("*.css")), ids=relative)
def test_a_stylesheet_fetches_nothing(path: Path) -> None:
    source = path.read_text("utf-8")
    assert "@import" not in source
    assert not re.search(r"url\(\s*(?![\"']?data:)", source)
    assert "sourceMappingURL" not in source


class Rule(forms.Form):
    name = forms.CharField(help_text="As people say it.")
    part = forms.ChoiceField(choices=[("fit", "Fit")])
    active = forms.BooleanField()
    channels = forms.MultipleChoiceField(choices=[("c", "Call")], widget=forms.CheckboxSelectMultiple)

    def clean(self) -> None:
        raise forms.ValidationError("There is such a rule already.")


def test_a_refused_form_says_so_on_top_and_at_each_field() -> None:
    html = str(Rule({"name": ""}))
    assert "data-error-summary" in html
    assert "There is such a rule already." in html
    assert 'href="#id_name"' in html
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'id="id_name_error"' in html
    assert html.count('aria-invalid="true"') == 4


def test_an_untouched_form_has_no_summary_and_tablers_controls() -> None:
    html = str(Rule())
    assert "data-error-summary" not in html
    assert re.search(r'<input type="text" class="form-control\s*" name="name"', html)
    assert re.search(r'<select class="form-select"\s+name="part"', html)
    assert html.count("form-check-input") == 2
    assert 'for="id_name"' in html


def test_what_somebody_typed_comes_back_escaped() -> None:
    html = str(Rule({"name": '"><b>'}))
    assert 'value="&quot;&gt;&lt;b&gt;"' in html

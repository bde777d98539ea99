"""Send a page's form back as a browser would: everything that stands in it, with some of it changed."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from django.test import Client

Data = dict[str, list[str]]


def filled(html: str, of: str = "seen") -> Data:
    """The fields of the form that has a field named ``of``, as a browser would send them."""
    reader = _Reader()
    reader.feed(html)
    return next(form for form in reader.forms if of in form)


def send(client: Client, url: str, changes: dict[str, Any] | None = None, *, without: str = "\0") -> Any:
    """Open the page, change some fields (None leaves one out, ``without`` those of a prefix), send it."""
    shown = filled(client.get(url).content.decode())
    data: dict[str, Any] = {name: value for name, value in shown.items() if not name.startswith(without)}
    return client.post(url, {name: value for name, value in (data | (changes or {})).items() if value is not None})


def rows(prefix: str, *values: dict[str, Any], initial: int = 0) -> dict[str, Any]:
    """The fields of a formset with these rows and no other."""
    data: dict[str, Any] = {f"{prefix}-TOTAL_FORMS": len(values), f"{prefix}-INITIAL_FORMS": initial}
    for number, row in enumerate(values):
        data |= {f"{prefix}-{number}-{name}": value for name, value in row.items()}
    return data


class _Reader(HTMLParser):
    """Collects the successful controls of every form; what stands in a <template> is none."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Data] = []
        self.form: Data | None = None
        self.templates = 0
        self.select = ""
        self.area: tuple[str, list[str]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "template":
            self.templates += 1
        elif tag == "form":
            self.form = {}
            self.forms.append(self.form)
        elif self.form is not None and not self.templates:
            self._control(self.form, tag, values)

    def handle_endtag(self, tag: str) -> None:
        if tag == "template":
            self.templates -= 1
        elif tag == "form":
            self.form = None
        elif tag == "select":
            self.select = ""
        elif tag == "textarea" and self.area is not None and self.form is not None:
            self.form[self.area[0]] = ["".join(self.area[1]).removeprefix("\n")]
            self.area = None

    def handle_data(self, data: str) -> None:
        if self.area is not None:
            self.area[1].append(data)

    def _control(self, form: Data, tag: str, values: dict[str, str]) -> None:
        if tag == "input":
            self._input(form, values)
        elif tag == "select":
            self.select = values["name"]
            form.setdefault(self.select, [])
        elif tag == "option" and self.select and "selected" in values:
            form[self.select].append(values["value"])
        elif tag == "textarea":
            self.area = (values["name"], [])

    def _input(self, form: Data, values: dict[str, str]) -> None:
        kind = values.get("type", "text")
        is_box = kind in {"checkbox", "radio"}
        if not is_box or "checked" in values:
            form.setdefault(values["name"], []).append(values.get("value", "on" if is_box else ""))

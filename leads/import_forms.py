"""What people type about imports: the file, what its columns mean, and what its words stand for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leads.imports import guess, labels
from leads.imports.mapping import CONSTANT, fold
from leads.models import Campaign, CustomField, Lead, LeadStatus, LeadType, LifecycleStage, Source
from leads.models.facts import Channel, Outcome
from people.models import User
from people.zones import zone_names

if TYPE_CHECKING:
    from leads.imports.guess import Guess
    from leads.imports.preview import Words
    from leads.imports.sketch import Sketch

ENCODINGS = ("utf-8", "cp1252", "iso-8859-1", "cp1250", "iso-8859-2", "mac_roman", "cp1251", "utf-16")
DELIMITERS = {",": gettext_lazy("Comma"), ";": gettext_lazy("Semicolon"), "\t": gettext_lazy("Tab"), "|": "|"}
SAMPLES = 3
MOST_CHOICES = 100
NOTHING = "__nothing__"
EXAMPLES = {"%d": "31", "%m": "12", "%Y": "2026", "%y": "26", "%b": "Dec", "%B": "December", "%H": "18", "%M": "30",
            "%S": "00", "%I": "06", "%p": "PM", "%z": "+0100"}  # fmt: skip
CONSTANTS = (
    "source", "campaign", "lead_type", "status", "status_reason", "stage", "owner", "country", "language",
    "consent", "consent_source", "attempt.channel", "attempt.outcome",
)  # fmt: skip


class UploadForm(forms.Form):
    """A file to import."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("CSV in any encoding, or a workbook: XLSX, XLS, ODS. Nothing is imported yet."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx,.xlsm,.xlsb,.xls,.ods"}),
        error_messages={"required": gettext_lazy("Choose a file."), "empty": gettext_lazy("The file is empty.")},
    )


class ColumnsForm(forms.Form):
    """One row per column of the file: what it becomes, and how its cells are read."""

    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"), help_text=gettext_lazy("Of times in the file that do not say theirs.")
    )
    empty = forms.CharField(
        label=gettext_lazy("Words that say nothing"),
        required=False,
        max_length=500,
        help_text=gettext_lazy("Separated by commas, such as: n/a, -, unknown"),
    )
    update_stage = forms.BooleanField(
        label=gettext_lazy("Update the stage of known leads"),
        required=False,
        help_text=gettext_lazy("Only by moves that are allowed; a row whose move is not is rejected."),
    )
    encoding = forms.ChoiceField(label=gettext_lazy("Encoding"), required=False)
    delimiter = forms.ChoiceField(label=gettext_lazy("Between the cells"), required=False)
    save_as = forms.CharField(
        label=gettext_lazy("Keep this mapping as"),
        required=False,
        max_length=120,
        help_text=gettext_lazy("It is offered again for files with these columns."),
    )

    def __init__(
        self, *args: Any, sketch: Sketch, tables: dict[str, Any], is_sheet: bool, by: User, **kwargs: Any
    ) -> None:
        self.sketch, self.tables, self.is_sheet = sketch, tables, is_sheet
        self.places = [at for at, header in enumerate(sketch.header) if header.strip()]
        super().__init__(*args, **kwargs)
        self.guesses = guess.guesses(sketch)
        told = dict(self._told(tables))
        targets = labels.targets()
        for at in self.places:
            self._add_column(at, told.get(at) if tables else _as_told(self.guesses[at]), targets)
        self._offer_file(tables.get("file", {}), tables.get("defaults", {}), by)
        self.fields["update_stage"].initial = tables.get("options", {}).get("update_stage", False)
        for name in CONSTANTS:
            field = _constant(name)
            field.initial = tables.get("constants", {}).get(name, "")
            self.fields[f"new_{name}"] = field

    def _told(self, tables: dict[str, Any]) -> list[tuple[int, dict[str, Any]]]:
        """The columns of a mapping by their place in this file."""
        found = []
        for one in tables.get("columns", []):
            places = [at for at in self.places if fold(self.sketch.header[at]) == fold(one["header"])]
            wanted = max(int(one.get("occurrence", 1)), 1) - 1
            if wanted < len(places):
                found.append((places[wanted], one))
        return found

    def _add_column(self, at: int, told: dict[str, Any] | None, targets: Any) -> None:
        told = told or {}
        header = self.sketch.header[at]
        to = _chosen(told)
        formats = told.get("formats") or [""]
        decimal = told.get("decimal") or guess.decimal_of(self.sketch.column(at))
        choices = [("", _("As it is written (ISO 8601)")), *((form, _example(form)) for form in guess.FORMATS)]
        name = {"aria-label": _("What “%(header)s” becomes") % {"header": header}}
        self.fields[f"to_{at}"] = forms.ChoiceField(
            choices=targets, required=False, initial=to, widget=forms.Select(attrs=name)
        )
        self.fields[f"system_{at}"] = forms.CharField(
            label=_("Name of that system"), required=False, max_length=64, initial=told.get("system", "")
        )
        self.fields[f"format_{at}"] = forms.ChoiceField(
            label=_("Dates look like"), choices=choices, required=False, initial=formats[0]
        )
        self.fields[f"decimal_{at}"] = forms.ChoiceField(
            label=_("Decimals"), choices=[(".", "1,234.50"), (",", "1.234,50")], required=False, initial=decimal
        )
        self.fields[f"required_{at}"] = forms.BooleanField(
            label=_("Reject rows where it is empty"), required=False, initial=told.get("required", False)
        )

    def _offer_file(self, file: dict[str, Any], defaults: dict[str, Any], by: User) -> None:
        zone, encoding, delimiter = self.fields["time_zone"], self.fields["encoding"], self.fields["delimiter"]
        zone.choices = [(one, one) for one in zone_names()]  # type: ignore[attr-defined]  # a ChoiceField
        zone.initial = defaults.get("time_zone", by.time_zone)
        self.fields["empty"].initial = ", ".join(defaults.get("empty", []))
        found = _("Found out: %(name)s")
        names = [("", found % {"name": self.sketch.encoding}), *((one, one) for one in ENCODINGS)]
        encoding.choices = names  # type: ignore[attr-defined]  # a ChoiceField
        encoding.initial = file.get("encoding", "")
        between = DELIMITERS.get(self.sketch.delimiter, self.sketch.delimiter)
        delimiter.choices = [("", found % {"name": between}), *DELIMITERS.items()]  # type: ignore[attr-defined]  # as above
        if self.sketch.encoded_twice:
            self.fields["double_encoded"] = forms.ChoiceField(
                label=_("Text that was encoded twice"),
                choices=[("repair", _("Repair it: “JosÃ©” becomes “José”")), ("keep", _("Leave it as it is"))],
                initial=file.get("double_encoded", "repair"),
            )
        if self.is_sheet:
            del self.fields["encoding"], self.fields["delimiter"]

    @property
    def rows(self) -> list[dict[str, Any]]:
        """For the page: a row per column."""
        equal = [fold(self.sketch.header[at]) for at in self.places]
        return [
            {
                "header": self.sketch.header[at],
                "nth": equal[: n + 1].count(equal[n]) if equal.count(equal[n]) > 1 else 0,
                "samples": _samples(self.sketch.column(at)),
                "to": self[f"to_{at}"],
                "options": [self[f"{name}_{at}"] for name in ("system", "format", "decimal", "required")],
                "asks": self.guesses[at].asks if not self.tables else "",
                "open": bool(self[f"system_{at}"].errors or self[f"format_{at}"].errors)
                or (self.guesses[at].asks == "date" and not self.tables)
                or self[f"to_{at}"].value() == "external_id",
            }
            for n, at in enumerate(self.places)
        ]

    @property
    def constants(self) -> list[forms.BoundField]:
        return [self[f"new_{name}"] for name in CONSTANTS]

    @property
    def file_fields(self) -> list[forms.BoundField]:
        names = ("time_zone", "encoding", "delimiter", "double_encoded", "empty", "update_stage")
        return [self[name] for name in names if name in self.fields]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        own = CustomField.objects.filter(kind=CustomField.Kind.DATE).values_list("key", flat=True)
        dates = {*guess.MOMENTS, f"{labels.NEW}date", *(f"custom.{key}" for key in own)}
        for at in self.places:
            if given.get(f"to_{at}") == "external_id" and not given.get(f"system_{at}"):
                self.add_error(f"system_{at}", _("Say which system this is the number in."))
            elif given.get(f"to_{at}") in dates and not given.get(f"format_{at}") and self._is_unsure(at):
                self.add_error(f"format_{at}", _("Day or month first? Say what the dates look like."))
        self._refuse_twice(given)
        return given

    def _is_unsure(self, at: int) -> bool:
        """Whether day and month of its dates may be the other way round."""
        return guess.formats_of(self.sketch.column(at))[1]

    def _refuse_twice(self, given: dict[str, Any]) -> None:
        taken: dict[str, str] = {}
        for at in self.places:
            to = given.get(f"to_{at}", "")
            if to and not to.startswith(labels.NEW) and to in taken:
                text = _("“%(other)s” becomes this already; choose one of the two.")
                self.add_error(f"to_{at}", text % {"other": taken[to]})
            taken.setdefault(to, self.sketch.header[at])

    def to_tables(self) -> dict[str, Any]:
        """The mapping as ``leads.imports.mapping`` reads it."""
        given = self.cleaned_data
        file = {"delimiter": given.get("delimiter") or ("" if self.is_sheet else self.sketch.delimiter)}
        file |= {name: given[name] for name in ("encoding", "double_encoded") if given.get(name)}
        constants = {name: value for name in CONSTANTS if (value := given.get(f"new_{name}")) and name in CONSTANT}
        return {
            "file": file,
            "defaults": {
                "time_zone": given["time_zone"],
                "empty": [word.strip() for word in given["empty"].split(",") if word.strip()],
            },
            "columns": self._columns(given),
            "constants": {name: str(getattr(value, "key", value)) for name, value in constants.items()},
            "options": {"update_stage": given["update_stage"]},
        }

    def _columns(self, given: dict[str, Any]) -> list[dict[str, Any]]:
        """Those that become something; what their words stand for is kept from the mapping before."""
        before = dict(self._told(self.tables))
        keys = set(CustomField.objects.values_list("key", flat=True))
        columns = []
        for at in self.places:
            if to := given.get(f"to_{at}"):
                header = self.sketch.header[at]
                folded = [fold(self.sketch.header[one]) for one in self.places if one <= at]
                column = {"header": header, "occurrence": folded.count(fold(header))}
                column |= self._target(at, to, keys)
                column |= self._reading(at, given)
                known = before.get(at, {})
                if known.get("to") == column["to"]:
                    column |= {name: known[name] for name in ("values", "empty") if name in known}
                columns.append(column)
        return columns

    def _reading(self, at: int, given: dict[str, Any]) -> dict[str, Any]:
        format_ = given.get(f"format_{at}")
        found = [one for one in guess.formats_of(self.sketch.column(at))[0] if one != format_] if format_ else []
        told: dict[str, Any] = {"decimal": given.get(f"decimal_{at}") or "."}
        if format_:
            told["formats"] = [format_, *(one for one in found if one[:2] == format_[:2])]
        if given.get(f"required_{at}"):
            told["required"] = True
        if given.get(f"to_{at}") == "external_id":
            told["system"] = given[f"system_{at}"]
        return told

    def _target(self, at: int, to: str, keys: set[str]) -> dict[str, Any]:
        if not to.startswith(labels.NEW):
            return {"to": to}
        header = self.sketch.header[at]
        kind = to.removeprefix(labels.NEW)
        key = base = re.sub(r"^[^a-z]+|_+$", "", re.sub(r"[^a-z0-9]+", "_", guess.plain(header)))[:50] or "field"
        number = 1
        while key in keys:
            number += 1
            key = f"{base}_{number}"
        keys.add(key)
        told: dict[str, Any] = {"to": f"custom.{key}", "kind": kind, "name": header[:120]}
        if kind == CustomField.Kind.CHOICE:
            told["choices"] = list(dict.fromkeys(cell.strip()[:200] for cell in self.sketch.column(at)))[:MOST_CHOICES]
        return told


def _as_told(one: Guess) -> dict[str, Any]:
    return {"to": one.to, "system": one.system, "formats": list(one.formats), "decimal": one.decimal}


def _chosen(told: dict[str, Any]) -> str:
    """What is chosen of the targets: an own field that is still to be made is shown as a new one."""
    to = str(told.get("to", ""))
    is_new = told.get("kind") and not CustomField.objects.filter(key=to.removeprefix("custom.")).exists()
    return f"{labels.NEW}{told['kind']}" if is_new else to


def _samples(cells: list[str]) -> list[str]:
    return [cell if len(cell) <= 60 else cell[:60] + "…" for cell in dict.fromkeys(cells)][:SAMPLES]


def _example(form: str) -> str:
    for sign, text in EXAMPLES.items():
        form = form.replace(sign, text)
    return form


def _constant(name: str) -> forms.Field:
    """What new leads get where their row says nothing."""
    options: dict[str, Any] = {"label": labels.ALL[name], "required": False}
    listed = {"lead_type": LeadType, "status": LeadStatus, "stage": LifecycleStage}
    if name in listed:
        rows = listed[name]._default_manager.filter(is_active=True)
        return forms.ModelChoiceField(rows, to_field_name="key", empty_label="–", **options)
    enums: dict[str, Any] = {
        "consent": Lead.Consent.choices, "attempt.channel": Channel.choices, "attempt.outcome": Outcome.choices
    }  # fmt: skip
    if name in enums:
        return forms.ChoiceField(choices=[("", "–"), *enums[name]], **options)
    if name == "owner":
        people = User.objects.active().order_by("name").values_list("email", "name")
        return forms.ChoiceField(choices=[("", "–"), *people], **options)
    lists = {"source": (Source, "sources"), "campaign": (Campaign, "campaigns")}
    attrs = {"list": lists[name][1], "autocomplete": "off"} if name in lists else {}
    return forms.CharField(max_length=16 if name == "language" else 100, widget=forms.TextInput(attrs=attrs), **options)


class WordsForm(forms.Form):
    """What the words of a file stand for that the lists of Baton do not have."""

    def __init__(self, *args: Any, found: list[Words], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.found = found
        self._words: dict[str, tuple[int, str]] = {}
        for n, one in enumerate(found):
            for m, (word, count) in enumerate(one.words.items()):
                choices = [("", _("Reject these rows")), (NOTHING, _("Says nothing")), *one.choices]
                near = {name.casefold(): key for key, name in one.choices}.get(word.casefold(), "")
                field = forms.ChoiceField(choices=choices, required=False, initial=near, label=word)
                field.help_text = _("in %(n)d rows") % {"n": count}
                self.fields[f"word_{n}_{m}"] = field
                self._words[f"word_{n}_{m}"] = (n, word)

    @property
    def groups(self) -> list[dict[str, Any]]:
        return [
            {"words": one, "fields": [self[name] for name, (at, _word) in self._words.items() if at == n]}
            for n, one in enumerate(self.found)
        ]

    def apply_to(self, tables: dict[str, Any]) -> dict[str, Any]:
        """The mapping with these words."""
        columns = [dict(column) for column in tables["columns"]]
        for name, (n, word) in self._words.items():
            chosen = self.cleaned_data.get(name)
            column = next(one for one in columns if one["to"] == self.found[n].column.to)
            if chosen == NOTHING:
                column["empty"] = [*column.get("empty", tables.get("defaults", {}).get("empty", [])), word]
            elif chosen:
                column["values"] = column.get("values", {}) | {word: chosen}
        return tables | {"columns": columns}

"""Whoever was erased and is kept out does not come back by an import."""

from __future__ import annotations

from leads.models import Lead
from leads.services.erased import block
from tests.cast import NOW
from tests.leads.importing import Importer


def test_their_rows_are_rejected_with_the_reason(importer: Importer) -> None:
    block(["gone@navy.example"], now=NOW)
    result = importer("E-mail,First\nGone@navy.example,Grace\nada@navy.example,Ada\n")
    assert [lead.first_name for lead in Lead.objects.all()] == ["Ada"]
    assert result.counts == (1, 0, 0, 1)
    assert result.rejects == {2: "Whoever has this address was erased and is not to be stored again."}

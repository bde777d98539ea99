from __future__ import annotations

import io
import sys

import pytest

from tests.leads.importing import Importer


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("stream", "shown"), [(Terminal(), True), (io.StringIO(), False)])
def test_a_bar_on_a_terminal_and_nothing_elsewhere(
    importer: Importer, monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, shown: bool
) -> None:
    monkeypatch.setattr(sys, "stderr", stream)

    outcome = importer("E-mail\n" + "".join(f"u{n}@x.example\n" for n in range(30)), batch=10)

    assert outcome.counts == (30, 0, 0, 0)
    assert ("30/30" in stream.getvalue()) is shown

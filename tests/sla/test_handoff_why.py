"""Why a lead went to somebody is kept as a word and told in the reader's language."""

from __future__ import annotations

import pytest

from sla.models import Handoff


@pytest.mark.parametrize(
    ("routing", "told"),
    [
        ({"rule": "All MQLs", "why": "next"}, "Next in turn"),
        ({"rule": "All MQLs", "why": "nobody"}, "Nobody available"),
        ({"rule": "All MQLs", "why": "waited", "by": ""}, "Next in turn, after a wait"),
        ({"rule": "All MQLs", "why": "reassigned", "by": "Max 100 % Manager"}, "Reassigned by Max 100 % Manager"),
        ({"rule": "All MQLs", "why": "a word of another time"}, ""),
        ({}, ""),
    ],
)
def test_each_word_has_its_sentence(routing: dict[str, str], told: str) -> None:
    assert Handoff(routing=routing).why == told

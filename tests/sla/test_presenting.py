"""Promises in words are exact."""

from __future__ import annotations

import pytest

from sla.presenting import exact_length, offset_text


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "1 s"),
        (60, "1 min"),
        (70, "1 min 10 s"),
        (3600, "1 h"),
        (3661, "1 h 1 min 1 s"),
        (90_000, "25 h"),
        (0, "0 s"),
    ],
)
def test_no_second_is_left_out(seconds: int, words: str) -> None:
    assert exact_length(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "when it is due"), (-90, "1 min 30 s before it is due"), (600, "10 min after it was due")],
)
def test_when_a_level_fires(seconds: int, words: str) -> None:
    assert offset_text(seconds) == words

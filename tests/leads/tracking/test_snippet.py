"""What customers put into their pages: small, and needing nothing else."""

from __future__ import annotations

from pathlib import Path

SCRIPTS = Path(__file__).parents[3] / "static" / "js"


def test_the_snippet_is_under_three_kilobytes() -> None:
    assert len((SCRIPTS / "track.js").read_bytes()) < 3 * 1024


def test_what_runs_in_other_peoples_pages_depends_on_nothing() -> None:
    for name in ("track.js", "embed.js"):
        source = (SCRIPTS / name).read_text("utf-8")
        assert "import" not in source
        assert "eval(" not in source

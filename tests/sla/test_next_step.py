"""What to do next, as a table: what is known, what is said, and what the button does."""

from __future__ import annotations

from typing import Any

import pytest

from sla.next_step import Known, Tried, next_step
from tests.cast import NOW

MISSED = Tried("call", "no_answer")
WRONG = Tried("call", "wrong_contact")
SENT = Tried("email", "sent")
BOUNCED = Tried("email", "bounced")
SPOKE = Tried("call", "connected")


def known(**facts: Any) -> Known:
    return Known(**{"owner": "Olga Owner", **facts})


CASES: tuple[tuple[Known, str, str], ...] = (
    (known(closed=True, status_name="Disqualified", due_at=NOW), "Nothing: Disqualified", ""),
    (known(do_not_call=True, do_not_email=True), "Do not contact", ""),
    (known(do_not_call=True, do_not_email=True, due_at=NOW), "Do not contact", ""),
    (known(status="postponed", reason="Budget in May"), "Postponed: wait", ""),
    (known(status="postponed", due_at=NOW), "Call now: first touch due", "call"),
    (known(status="nurturing"), "In nurture: marketing looks after it", ""),
    (known(status="returned"), "Returned: waiting for new behaviour", ""),
    (known(status="returned", acted_since_return=True), "Returned, and back again: look at what it did since", ""),
    (known(phone=False, email=False), "Missing: phone number", "edit:phone"),
    (known(phone=False, do_not_email=True), "Missing: phone number", "edit:phone"),
    (known(email=False, do_not_call=True), "Missing: e-mail address", "edit:email"),
    (known(email=False, do_not_call=True, phone=False), "Missing: e-mail address", "edit:email"),
    (known(email=False, tried=[WRONG]), "The number is wrong: find another", "edit:phone"),
    (known(phone=False, tried=[BOUNCED]), "The address is wrong: find another", "edit:email"),
    (known(owner=""), "Nobody owns this lead yet", "owner"),
    (known(owner="", team="Inside sales", due_at=NOW), "Nobody owns this lead: assign it", "owner"),
    (known(due_at=NOW), "Call now: first touch due", "call"),
    (known(due_at=NOW, late=True), "Call now: first touch is late", "call"),
    (known(due_at=NOW, do_not_call=True), "Write now: first touch due", "email"),
    (known(due_at=NOW, late=True, phone=False), "Write now: first touch is late", "email"),
    (known(due_at=NOW, tried=[WRONG]), "Write now: first touch due", "email"),
    (known(due_at=NOW, tried=[MISSED]), "Call now: first touch due", "call"),
    (known(due_at=NOW, tried=[MISSED, MISSED]), "Write now: first touch due", "email"),
    (known(status="connected", tried=[SPOKE], unknown=["budget"], ask="bant_budget"),
     "Find out what is missing", "edit:bant_budget"),
    (known(status="connected"), "Decide: pass it on, postpone it or return it", "edit:status"),
    (known(tried=[SPOKE]), "Decide: pass it on, postpone it or return it", "edit:status"),
    (known(status="attempting", tried=[MISSED]), "Try again by phone", "call"),
    (known(status="attempting", tried=[MISSED, MISSED]), "Try e-mail", "email"),
    (known(status="attempting", tried=[MISSED, MISSED], email=False), "Try again by phone", "call"),
    (known(status="attempting", tried=[MISSED, SENT, MISSED]), "Try again by phone", "call"),
    (known(status="attempting", tried=[SENT, MISSED, MISSED]), "Try again by phone", "call"),
    (known(status="attempting", tried=[WRONG]), "The number is wrong: try e-mail", "email"),
    (known(status="attempting", tried=[BOUNCED]), "Try again by phone", "call"),
    (known(), "Call: nobody has tried yet", "call"),
    (known(phone=False), "Write: nobody has tried yet", "email"),
)  # fmt: skip


@pytest.mark.parametrize(("facts", "title", "act"), CASES, ids=[f"{n}-{case[1]}" for n, case in enumerate(CASES)])
def test_says_the_one_thing_to_do(facts: Known, title: str, act: str) -> None:
    step = next_step(facts)
    assert (step.title, step.act) == (title, act)


def test_says_why() -> None:
    assert next_step(known(tried=[MISSED])).why == "Called once, no answer."
    assert next_step(known(tried=[MISSED] * 3)).why == "Called 3 times in a row, no answer."
    assert next_step(known(tried=[SENT])).why == "Last: E-mail, sent."
    assert "The clock runs all the same" in next_step(known(do_not_call=True, do_not_email=True, due_at=NOW)).why
    assert "Inside sales" in next_step(known(owner="", team="Inside sales")).why


def test_counts_down_only_while_a_promise_runs() -> None:
    assert next_step(known(due_at=NOW)).due_at == NOW
    assert next_step(known()).due_at is None

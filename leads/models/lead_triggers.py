"""What the database itself does when a lead or a company is written, whoever writes it (docs/merging.md)."""

from __future__ import annotations

import pgtrigger

# After, not before: whoever waited at the unique index for a merge to commit sees by then what the merge wrote.
_IS_FORMER = """
    RAISE unique_violation USING CONSTRAINT = 'lead_email_was_merged',
        MESSAGE = 'a lead was known by this e-mail address before it was merged';
"""
# By statement: an import writes thousands of leads at once, and asks once.
_ARRIVED = f"""
    IF EXISTS (SELECT 1 FROM arrived a JOIN leads_formeremail f ON f.email = a.email) THEN {_IS_FORMER} END IF;
    INSERT INTO leads_tocompare (lead_id, queued_at) SELECT id, now() FROM arrived;
    RETURN NULL;
"""  # noqa: S608 - composed of the constant above
_READDRESSED = f"""
    IF EXISTS (SELECT 1 FROM leads_formeremail f WHERE f.email = NEW.email) THEN {_IS_FORMER} END IF;
    RETURN NULL;
"""  # noqa: S608 - as above
_LEAD_CHANGED = "INSERT INTO leads_tocompare (lead_id, queued_at) VALUES (NEW.id, now()); RETURN NULL;"
_COMPANY_CHANGED = """
    INSERT INTO leads_tocompare (company_id, queued_at) VALUES (NEW.id, now());
    RETURN NULL;
"""
_DOMAIN_TAKEN = """
    IF EXISTS (SELECT 1 FROM leads_formerdomain f WHERE f.domain = lower(NEW.domain)) THEN
        RAISE unique_violation USING CONSTRAINT = 'company_domain_was_merged',
            MESSAGE = 'a company had this web domain before it was merged';
    END IF;
    RETURN NULL;
"""
_COMPANY_RENAMED = """
    INSERT INTO leads_tocompare (lead_id, queued_at) SELECT l.id, now() FROM leads_lead l WHERE l.company_id = NEW.id;
    RETURN NULL;
"""

LEAD_TRIGGERS = [
    pgtrigger.Trigger(
        name="lead_arrived",
        level=pgtrigger.Statement,
        referencing=pgtrigger.Referencing(new="arrived"),  # type: ignore[no-untyped-call]  # pgtrigger leaves it untyped
        operation=pgtrigger.Insert,
        when=pgtrigger.After,
        func=_ARRIVED,
    ),
    pgtrigger.Trigger(
        name="lead_readdressed",
        operation=pgtrigger.Update,
        when=pgtrigger.After,
        condition=pgtrigger.AnyChange("email"),
        func=_READDRESSED,
    ),
    pgtrigger.Trigger(
        name="lead_compare",
        operation=pgtrigger.Update,
        when=pgtrigger.After,
        condition=pgtrigger.AnyChange("first_name", "last_name", "email", "phone", "country", "company"),
        func=_LEAD_CHANGED,
    ),
]
COMPANY_TRIGGERS = [
    pgtrigger.Trigger(name="company_arrived", operation=pgtrigger.Insert, when=pgtrigger.After, func=_COMPANY_CHANGED),
    pgtrigger.Trigger(
        name="company_domain_not_former",
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("domain"),  # type: ignore[no-untyped-call]  # as above
        when=pgtrigger.After,
        func=_DOMAIN_TAKEN,
    ),
    pgtrigger.Trigger(
        name="company_compare",
        operation=pgtrigger.Update,
        when=pgtrigger.After,
        condition=pgtrigger.AnyChange("name", "domain"),
        func=_COMPANY_CHANGED,
    ),
    pgtrigger.Trigger(
        name="company_renamed",
        operation=pgtrigger.Update,
        when=pgtrigger.After,
        condition=pgtrigger.AnyChange("name"),
        func=_COMPANY_RENAMED,
    ),
]

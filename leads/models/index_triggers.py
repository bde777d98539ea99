"""The triggers that keep ``LeadIndex``; the functions they call are made in the migration 0005."""

from __future__ import annotations

import pgtrigger

LEAD_TRIGGERS = [
    pgtrigger.Trigger(
        name="index_new",
        level=pgtrigger.Statement,
        operation=pgtrigger.Insert,
        when=pgtrigger.After,
        referencing=pgtrigger.Referencing(new="new_rows"),  # type: ignore[no-untyped-call]  # it has no types
        func="""
            INSERT INTO leads_leadindex (lead_id, words, name_key, company_key)
            SELECT lead.id,
                   baton_words(lead.first_name, lead.last_name, company.name, company.domain, lead.email, lead.phone),
                   baton_name_key(lead.first_name, lead.last_name, lead.email),
                   left(baton_fold(company.name), 100)
            FROM new_rows AS lead LEFT JOIN leads_company AS company ON company.id = lead.company_id;
            RETURN NULL;
        """,
    ),
    pgtrigger.Trigger(
        name="index_changed",
        operation=pgtrigger.Update,
        when=pgtrigger.After,
        condition=pgtrigger.AnyChange("first_name", "last_name", "email", "phone", "company"),
        func="PERFORM baton_index_leads(ARRAY[NEW.id]); RETURN NULL;",
    ),
]
COMPANY_TRIGGERS = [
    pgtrigger.Trigger(
        name="index_leads",
        operation=pgtrigger.Update,
        when=pgtrigger.After,
        condition=pgtrigger.AnyChange("name", "domain"),
        func="""
            PERFORM baton_index_leads(ARRAY(SELECT id FROM leads_lead WHERE company_id = NEW.id));
            RETURN NULL;
        """,
    ),
]
ATTEMPT_TRIGGERS = [
    pgtrigger.Trigger(
        name="touch_new",
        operation=pgtrigger.Insert,
        when=pgtrigger.After,
        func="""
            UPDATE leads_leadindex SET last_touch_at = greatest(last_touch_at, NEW.occurred_at)
            WHERE lead_id = NEW.lead_id;
            RETURN NULL;
        """,
    ),
    pgtrigger.Trigger(
        name="touch_changed",
        operation=pgtrigger.Update | pgtrigger.Delete,
        when=pgtrigger.After,
        func="""
            UPDATE leads_leadindex
            SET last_touch_at = (
                SELECT max(occurred_at) FROM leads_attempt AS one WHERE one.lead_id = leads_leadindex.lead_id
            )
            WHERE lead_id IN (OLD.lead_id, NEW.lead_id);
            RETURN NULL;
        """,
    ),
]

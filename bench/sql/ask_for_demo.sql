-- The decisive event of each lead, and the mark that it leaves.
INSERT INTO leads_event (lead_id, event_type_id, occurred_at, received_at, idempotency_key, properties)
SELECT lead, event_type.id, %(now)s, %(now)s, %(key)s || lead, '{}'
FROM unnest(%(leads)s::bigint[]) AS lead, leads_eventtype AS event_type
WHERE event_type.key = 'demo_requested';

INSERT INTO leads_changedlead (lead_id, queued_at, error)
SELECT lead, %(now)s, '' FROM unnest(%(leads)s::bigint[]) AS lead;

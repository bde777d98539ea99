-- A lead with exactly so many events: those too old are taken away, and what is missing comes every few hours before
-- its first.
DELETE FROM leads_event
WHERE id IN (
    SELECT id FROM leads_event WHERE lead_id = %(lead)s ORDER BY occurred_at DESC, id DESC OFFSET %(events)s
);

INSERT INTO leads_event (lead_id, event_type_id, occurred_at, received_at, idempotency_key, properties)
SELECT
    %(lead)s, types.ids[1 + n %% cardinality(types.ids)], there.oldest - n * interval '7 hours',
    there.oldest - n * interval '7 hours', '', jsonb_build_object('path', '/page/' || n)
FROM (
    SELECT count(*) AS number, coalesce(min(occurred_at), %(now)s) AS oldest FROM leads_event WHERE lead_id = %(lead)s
) AS there,
(SELECT array_agg(id ORDER BY id) AS ids FROM leads_eventtype) AS types,
generate_series(1, %(events)s - there.number) AS n;

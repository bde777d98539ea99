-- In the order in which they arrived, so a lead's events lie scattered as they do in life; a few leads have hundreds.
INSERT INTO leads_event (id, lead_id, event_type_id, occurred_at, received_at, idempotency_key, properties)
SELECT
    i,
    1 + (floor(who ^ 1.5 * %(leads)s)::bigint * 7919) %% %(leads)s,
    types[1 + floor(kind * 1000)::int],
    at - interval '1 minute' * (lag * 10),
    at,
    CASE WHEN i %% 2 = 0 THEN 'site-' || i ELSE '' END,
    CASE WHEN kind < 0.55 THEN jsonb_build_object('path', '/page/' || i %% 400) ELSE '{}'::jsonb END
FROM (
    SELECT
        i,
        random() AS who,
        random() AS kind,
        random() AS lag,
        %(now)s - interval '180 days' * (1 - i / (%(events)s + 1.0)) AS at
    FROM generate_series(1, %(events)s) AS i
) AS drawn,
(
    SELECT array_agg(id ORDER BY share DESC, n) AS types
    FROM (VALUES
        ('page_viewed', 550), ('email_opened', 205), ('email_clicked', 80), ('content_downloaded', 50),
        ('form_submitted', 40), ('pricing_viewed', 40), ('webinar_registered', 15), ('webinar_attended', 10),
        ('unsubscribed', 4), ('trial_started', 3), ('contact_requested', 2), ('demo_requested', 1)
    ) AS shares (key, share)
    JOIN leads_eventtype USING (key), generate_series(1, share) AS n
) AS words;

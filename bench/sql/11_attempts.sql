-- The answer to every clock that does not run, and two more tries on every third lead.
INSERT INTO leads_attempt (id, lead_id, user_id, channel, outcome, note, occurred_at, created_at)
SELECT
    n, lead_id, owner_id,
    (ARRAY['call', 'call', 'email'])[1 + n %% 3],
    (ARRAY['no_answer', 'connected', 'sent'])[1 + n %% 3],
    '',
    started_at + interval '12 minutes' * answer,
    started_at + interval '12 minutes' * answer
FROM promised
WHERE NOT running;

INSERT INTO leads_attempt (id, lead_id, user_id, channel, outcome, note, occurred_at, created_at)
SELECT
    %(leads)s + n * 2 + again, lead_id, owner_id, 'call', 'voicemail', 'Left a message, will call again.',
    started_at + interval '1 day' * again, started_at + interval '1 day' * again
FROM promised, generate_series(0, 1) AS again
WHERE NOT running AND n %% 3 = 0;

INSERT INTO leads_note (lead_id, author_id, body, created_at)
SELECT lead_id, owner_id, 'Asked for a quote for two sites. Prefers mornings.', started_at + interval '1 day'
FROM promised
WHERE n %% 4 = 0;

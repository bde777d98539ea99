-- The lists every lead points at, beside those that a migration loads.
INSERT INTO leads_source (id, name, is_active)
SELECT ordinality, name, TRUE
FROM unnest(ARRAY[
    'Google', 'Direct traffic', 'LinkedIn', 'Newsletter', 'Webinar', 'Referral', 'Organic search', 'Trade fair',
    'Partner', 'Facebook', 'Cold list', 'Podcast'
]) WITH ORDINALITY AS s (name, ordinality);

INSERT INTO leads_customfield (key, name, position, is_active, kind, choices)
VALUES ('seats', 'Seats', 10, TRUE, 'number', '{}'), ('uses', 'Uses today', 20, TRUE, 'text', '{}');

INSERT INTO leads_campaign (id, name, is_active)
SELECT i, 'Campaign ' || i, TRUE FROM generate_series(1, 40) AS i;

-- Two leads in five came from another system.
INSERT INTO leads_externalid (lead_id, system, value)
SELECT i, 'crm', 'C-' || i
FROM generate_series(1, %(leads)s) AS i
WHERE i %% 5 < 2;

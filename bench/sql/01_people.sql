-- Who: a team for every ten reps, a manager for each, executives, marketers, an administrator.
INSERT INTO people_team (id, name, side)
SELECT t, 'Team ' || t, 'sales'
FROM generate_series(1, %(teams)s) AS t;

INSERT INTO people_user (id, email, name, role, team_id, time_zone, language, takes_leads, is_active, password, date_joined)
SELECT
    u,
    'person' || u || '@bench.example',
    (ARRAY['Ada', 'Bruno', 'Chiara', 'Dolores', 'Emil', 'Fatima', 'Goran', 'Hana', 'Ivo', 'Jana'])[1 + u %% 10]
        || ' ' || (ARRAY['Nowak', 'Silva', 'Weber', 'Moreau', 'Kovacs', 'Larsen', 'Rossi'])[1 + u %% 7] || ' ' || u,
    CASE
        WHEN u <= %(reps)s THEN 'sdr'
        WHEN u <= %(reps)s + %(teams)s THEN 'manager'
        WHEN u <= %(reps)s + %(teams)s + 3 THEN 'executive'
        WHEN u <= %(reps)s + %(teams)s + 6 THEN 'marketer'
        ELSE 'administrator'
    END,
    CASE WHEN u <= %(reps)s THEN 1 + (u - 1) %% %(teams)s WHEN u <= %(reps)s + %(teams)s THEN u - %(reps)s END,
    (ARRAY['Europe/Warsaw', 'America/Sao_Paulo', 'Europe/Madrid', 'Asia/Kolkata', 'UTC'])[1 + u %% 5],
    'en',
    TRUE,
    TRUE,
    '!',
    %(now)s
FROM generate_series(1, %(people)s) AS u;

UPDATE people_user SET reports_to_id = %(reps)s + team_id WHERE role = 'sdr';
UPDATE people_team SET manager_id = %(reps)s + id;

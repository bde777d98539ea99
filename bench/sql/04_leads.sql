-- Stages by share, owners from the qualified ones on, sources and companies with a long tail, a few without an address.
INSERT INTO leads_lead (
    id, first_name, last_name, email, phone, job_title, company_id, country, city, language, source_id, lead_type_id,
    status_id, status_reason, stage_id, stage_since, journey_step, owner_id, consent, consent_at, consent_source,
    do_not_email, do_not_call, custom, behaviour_from, captured_at, created_at, updated_at, campaign_id
)
SELECT
    i,
    firsts[1 + floor(first * first * array_length(firsts, 1))::int],
    lasts[1 + floor(last * array_length(lasts, 1))::int],
    CASE WHEN reach < 0.92 THEN 'person' || i || '@company' || company || '.example' ELSE '' END,
    CASE WHEN phone < 0.7 THEN '+48 22 ' || lpad(i::text, 7, '0') ELSE '' END,
    titles[1 + floor(title * title * array_length(titles, 1))::int],
    CASE WHEN employed < 0.85 THEN company END,
    countries[1 + floor(country * country * array_length(countries, 1))::int],
    '',
    '',
    1 + floor(source * source * 12)::int,
    types[1 + floor(kind * 1.15)::int],
    CASE
        WHEN stage < 0.75 THEN (CASE WHEN status < 0.9 THEN statuses->>'new' ELSE statuses->>'nurturing' END)::bigint
        WHEN status < 0.5 THEN (statuses->>'new')::bigint
        WHEN status < 0.8 THEN (statuses->>'attempting')::bigint
        WHEN status < 0.97 THEN (statuses->>'connected')::bigint
        ELSE (statuses->>'disqualified')::bigint
    END,
    CASE WHEN stage >= 0.75 AND status >= 0.97 THEN 'No budget' ELSE '' END,
    (stages->>CASE
        WHEN stage < 0.15 THEN 'subscriber'
        WHEN stage < 0.75 THEN 'lead'
        WHEN stage < 0.75 + %(mql_share)s THEN 'mql'
        WHEN stage < 0.79 + %(mql_share)s THEN 'sal'
        WHEN stage < 0.84 + %(mql_share)s THEN 'sql'
        WHEN stage < 0.86 + %(mql_share)s THEN 'opportunity'
        ELSE 'customer'
    END)::bigint,
    %(now)s - age * 0.8,
    CASE WHEN stage < 0.5 THEN 'awareness' WHEN stage < 0.9 THEN 'consideration' ELSE 'decision' END,
    CASE WHEN stage >= 0.75 THEN 1 + i %% %(reps)s END,
    CASE WHEN consent < 0.6 THEN 'granted' WHEN consent < 0.63 THEN 'withdrawn' ELSE 'unknown' END,
    CASE WHEN consent < 0.63 THEN %(now)s - age END,
    CASE WHEN consent < 0.63 THEN 'Form' ELSE '' END,
    consent BETWEEN 0.6 AND 0.63,
    phone < 0.02,
    CASE WHEN title < 0.4 THEN jsonb_build_object('seats', floor(1 + title * 400), 'uses', 'Excel') ELSE '{}'::jsonb END,
    NULL,
    %(now)s - age,
    %(now)s - age,
    %(now)s - age * 0.5,
    CASE WHEN source < 0.4 THEN 1 + floor(source * 100)::int END
FROM (
    SELECT
        i,
        random() AS first, random() AS last, random() AS reach, random() AS phone, random() AS title,
        random() AS employed, random() AS country, random() AS source, random() AS kind, random() AS status,
        random() AS stage, random() AS consent,
        1 + floor(random() ^ 1.7 * %(companies)s)::bigint AS company,
        interval '540 days' * random() ^ 1.5 AS age
    FROM generate_series(1, %(leads)s) AS i
) AS drawn,
(SELECT
    ARRAY[
        'Anna', 'Jan', 'Maria', 'José', 'Sofia', 'Piotr', 'Lucía', 'Tomasz', 'João', 'Katarzyna', 'Pedro', 'Zoë',
        'Marek', 'Inês', 'Carlos', 'Ewa', 'Diego', 'Olga', 'Rafael', 'Beata'
    ] AS firsts,
    ARRAY[
        'Kowalska', 'García', 'Santos', 'Nowak', 'Oliveira', 'Wiśniewski', 'Fernández', 'Müller', 'Pereira', 'Zieliński',
        'Smith', 'Costa', 'Lewandowska', 'Rodríguez', 'Almeida', 'Kamiński', 'Johnson', 'Souza', 'Wójcik', 'Schmidt'
    ] AS lasts,
    ARRAY[
        'Purchasing manager', 'Owner', 'Head of operations', 'IT manager', 'Marketing director', 'Engineer',
        'Chief financial officer', 'Assistant', 'Student', 'Chief executive officer'
    ] AS titles,
    ARRAY[
        'Poland', 'Brazil', 'Spain', 'Germany', 'Mexico', 'India', 'United States', 'France', 'Portugal', 'Italy',
        'Argentina', 'Colombia', 'Chile', 'Netherlands', 'Sweden', 'Austria', 'Czechia', 'Peru', 'Norway', 'Ireland'
    ] AS countries,
    (SELECT jsonb_object_agg(key, id) FROM leads_lifecyclestage) AS stages,
    (SELECT jsonb_object_agg(key, id) FROM leads_leadstatus) AS statuses,
    (SELECT array_agg(id ORDER BY position) FROM leads_leadtype) AS types
) AS words;

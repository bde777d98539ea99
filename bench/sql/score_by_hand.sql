-- The floor of scoring: the rules of bench/model.py as a person would write them, for these thirty rules only.
INSERT INTO bench_score (
    lead_id, model_id, fit, engagement, intent, total, breakdown, excluded_by_id, decided_by_id, target_stage_id, icp_id,
    persona_id, scored_at
)
WITH behaviour AS (
    SELECT
        event.lead_id,
        sum(round(10000 * 0.5 ^ (extract(epoch FROM %(now)s - occurred_at)::float8 / 2592000))::int)
            FILTER (WHERE event_type_id = %(page_viewed)s) AS pages,
        sum(round(10000 * 0.5 ^ (extract(epoch FROM %(now)s - occurred_at)::float8 / 2592000))::int)
            FILTER (WHERE event_type_id = %(email_opened)s) AS opened,
        sum(round(30000 * 0.5 ^ (extract(epoch FROM %(now)s - occurred_at)::float8 / 2592000))::int)
            FILTER (WHERE event_type_id = %(email_clicked)s) AS clicked,
        sum(round(50000 * 0.5 ^ (extract(epoch FROM %(now)s - occurred_at)::float8 / 5184000))::int)
            FILTER (WHERE event_type_id = %(content_downloaded)s) AS downloads,
        count(*) FILTER (WHERE event_type_id = %(form_submitted)s AND occurred_at >= %(now)s - interval '90 days') AS forms,
        sum(round(60000 * 0.5 ^ (extract(epoch FROM %(now)s - occurred_at)::float8 / 5184000))::int)
            FILTER (WHERE event_type_id = %(webinar_registered)s) AS signups,
        sum(round(100000 * 0.5 ^ (extract(epoch FROM %(now)s - occurred_at)::float8 / 5184000))::int)
            FILTER (WHERE event_type_id = %(webinar_attended)s) AS attended,
        count(*) FILTER (WHERE event_type_id = %(unsubscribed)s AND occurred_at >= %(now)s - interval '180 days') AS left_us,
        sum(round(80000 * 0.5 ^ (extract(epoch FROM %(now)s - occurred_at)::float8 / 1209600))::int)
            FILTER (WHERE event_type_id = %(pricing_viewed)s) AS prices,
        count(*) FILTER (WHERE event_type_id = %(trial_started)s AND occurred_at >= %(now)s - interval '30 days') AS trials,
        count(*) FILTER (WHERE event_type_id = %(contact_requested)s AND occurred_at >= %(now)s - interval '60 days') AS asked,
        count(*) FILTER (WHERE event_type_id = %(demo_requested)s AND occurred_at >= %(now)s - interval '30 days') AS demos
    FROM leads_event AS event
    JOIN leads_lead AS lead ON lead.id = event.lead_id
    WHERE event.occurred_at <= %(now)s
      AND (lead.behaviour_from IS NULL OR occurred_at > lead.behaviour_from)
      AND event.lead_id BETWEEN %(low)s AND %(high)s
    GROUP BY event.lead_id
), points AS (
    SELECT
        lead.id,
        CASE WHEN lower(job_title) LIKE '%%purchasing%%' THEN 2000 ELSE 0 END AS p1,
        CASE WHEN lower(job_title) = 'owner' THEN 1800 ELSE 0 END AS p2,
        CASE WHEN lower(job_title) LIKE 'chief%%' THEN 1500 ELSE 0 END AS p3,
        CASE WHEN lower(job_title) LIKE '%%head%%' THEN 1000 ELSE 0 END AS p4,
        CASE WHEN lower(job_title) = 'student' THEN -1500 ELSE 0 END AS p5,
        CASE WHEN lower(industry) = 'manufacturing' THEN 1000 ELSE 0 END AS p6,
        CASE WHEN lower(industry) IN ('logistics', 'construction', 'energy') THEN 600 ELSE 0 END AS p7,
        CASE WHEN employees BETWEEN 50 AND 1000 THEN 1000 ELSE 0 END AS p8,
        CASE WHEN employees > 1000 THEN 600 ELSE 0 END AS p9,
        CASE WHEN employees < 3 THEN -800 ELSE 0 END AS p10,
        CASE WHEN annual_revenue >= 5000000 THEN 800 ELSE 0 END AS p11,
        CASE WHEN lower(lead.country) IN ('poland', 'germany', 'czechia', 'austria') THEN 800 ELSE 0 END AS p12,
        CASE WHEN lower(lead.country) IN ('brazil', 'spain', 'mexico', 'portugal') THEN 400 ELSE 0 END AS p13,
        CASE WHEN lower(technologies) LIKE '%%sap%%' THEN 500 ELSE 0 END AS p14,
        CASE WHEN (custom->>'seats')::numeric >= 100 THEN 700 ELSE 0 END AS p15,
        CASE WHEN lower(source.name) = 'referral' THEN 600 ELSE 0 END AS p16,
        least(coalesce((pages + 50) / 100, 0), 1000) AS p17,
        least(coalesce((opened + 50) / 100, 0), 800) AS p18,
        least(coalesce((clicked + 50) / 100, 0), 1500) AS p19,
        least(coalesce((downloads + 50) / 100, 0), 2000) AS p20,
        least(coalesce(forms, 0) * 600, 1800) AS p21,
        least(coalesce((signups + 50) / 100, 0), 1200) AS p22,
        least(coalesce((attended + 50) / 100, 0), 2000) AS p23,
        greatest(coalesce(left_us, 0) * -2000, -2000) AS p24,
        least(coalesce((prices + 50) / 100, 0), 2400) AS p25,
        least(coalesce(trials, 0) * 2000, 2000) AS p26,
        least(coalesce(asked, 0) * 2500, 2500) AS p27,
        CASE WHEN lower(industry) = 'government' THEN 28 WHEN lower(lead.country) = 'ireland' THEN 29 END AS excluded,
        CASE WHEN demos >= 1 THEN 30 END AS decided
    FROM leads_lead AS lead
    LEFT JOIN leads_company AS company ON company.id = lead.company_id
    LEFT JOIN leads_source AS source ON source.id = lead.source_id
    LEFT JOIN behaviour ON behaviour.lead_id = lead.id
    WHERE lead.id BETWEEN %(low)s AND %(high)s
    OFFSET 0
), sums AS (
    SELECT
        points.*,
        p1 + p2 + p3 + p4 + p5 + p6 + p7 + p8 + p9 + p10 + p11 + p12 + p13 + p14 + p15 + p16 AS fit,
        p17 + p18 + p19 + p20 + p21 + p22 + p23 + p24 AS engagement,
        p25 + p26 + p27 AS intent
    FROM points
    OFFSET 0
)
SELECT
    id, %(model)s, fit * 0.01, engagement * 0.01, intent * 0.01, (fit + engagement + intent) * 0.01,
    jsonb_strip_nulls(jsonb_build_object(
        '1', nullif(p1, 0) * 0.01, '2', nullif(p2, 0) * 0.01, '3', nullif(p3, 0) * 0.01, '4', nullif(p4, 0) * 0.01,
        '5', nullif(p5, 0) * 0.01, '6', nullif(p6, 0) * 0.01, '7', nullif(p7, 0) * 0.01, '8', nullif(p8, 0) * 0.01,
        '9', nullif(p9, 0) * 0.01, '10', nullif(p10, 0) * 0.01, '11', nullif(p11, 0) * 0.01, '12', nullif(p12, 0) * 0.01,
        '13', nullif(p13, 0) * 0.01, '14', nullif(p14, 0) * 0.01, '15', nullif(p15, 0) * 0.01,
        '16', nullif(p16, 0) * 0.01, '17', nullif(p17, 0) * 0.01, '18', nullif(p18, 0) * 0.01,
        '19', nullif(p19, 0) * 0.01, '20', nullif(p20, 0) * 0.01, '21', nullif(p21, 0) * 0.01,
        '22', nullif(p22, 0) * 0.01, '23', nullif(p23, 0) * 0.01, '24', nullif(p24, 0) * 0.01,
        '25', nullif(p25, 0) * 0.01, '26', nullif(p26, 0) * 0.01, '27', nullif(p27, 0) * 0.01
    )),
    excluded,
    CASE WHEN excluded IS NULL THEN decided END,
    CASE
        WHEN excluded IS NOT NULL THEN NULL
        WHEN decided IS NOT NULL OR (fit + engagement + intent >= 5000 AND fit >= 1500) THEN %(mql)s
        WHEN fit + engagement + intent >= 500 THEN %(lead)s
    END,
    NULL, NULL, %(now)s
FROM sums
ON CONFLICT (lead_id) DO UPDATE SET
    fit = excluded.fit, engagement = excluded.engagement, intent = excluded.intent, total = excluded.total,
    breakdown = excluded.breakdown, excluded_by_id = excluded.excluded_by_id, decided_by_id = excluded.decided_by_id,
    target_stage_id = excluded.target_stage_id, scored_at = excluded.scored_at

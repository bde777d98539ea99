-- Sizes span five orders of magnitude; a few industries and countries hold most of them.
INSERT INTO leads_company (
    id, name, domain, industry, employees, annual_revenue, country, region, city, technologies, created_at
)
SELECT
    c,
    (ARRAY['Nordic', 'Blue', 'Iron', 'Prime', 'Vista', 'Delta', 'Alpine', 'Cedar'])[1 + c %% 8]
        || ' ' || (ARRAY['Tools', 'Logistics', 'Foods', 'Systems', 'Health', 'Energy', 'Media'])[1 + c %% 7] || ' ' || c,
    'company' || c || '.example',
    industries[1 + floor(industry * industry * 12)::int],
    employees,
    employees * (40000 + revenue * 260000)::numeric(12, 2),
    countries[1 + floor(country * country * 20)::int],
    '',
    '',
    CASE WHEN employees > 50 THEN 'Salesforce, SAP' ELSE '' END,
    %(now)s - interval '700 days' * revenue
FROM (
    SELECT
        c,
        random() AS industry,
        random() AS country,
        random() AS revenue,
        (10 ^ (0.3 + random() * 4.2))::int AS employees
    FROM generate_series(1, %(companies)s) AS c
) AS drawn,
(SELECT
    ARRAY[
        'Manufacturing', 'Software', 'Retail', 'Health care', 'Logistics', 'Finance', 'Education', 'Construction',
        'Energy', 'Media', 'Agriculture', 'Government'
    ] AS industries,
    ARRAY[
        'Poland', 'Brazil', 'Spain', 'Germany', 'Mexico', 'India', 'United States', 'France', 'Portugal', 'Italy',
        'Argentina', 'Colombia', 'Chile', 'Netherlands', 'Sweden', 'Austria', 'Czechia', 'Peru', 'Norway', 'Ireland'
    ] AS countries
) AS words;

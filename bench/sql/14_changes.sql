-- One lead in five has been edited since it came.
INSERT INTO leads_leadbefore (
    pgh_created_at, pgh_label, pgh_obj_id, id, first_name, last_name, email, phone, job_title, country, city, language,
    journey_step, status_reason, consent, consent_source, do_not_email, do_not_call, custom, company_id, owner_id,
    status_id, lead_type_id, stage_id, source_id, campaign_id
)
SELECT
    updated_at, 'update', id, id, first_name, last_name, email, '', job_title, country, city, language, journey_step, '',
    'unknown', '', FALSE, FALSE, custom, company_id, NULL, status_id, lead_type_id, stage_id, source_id, campaign_id
FROM leads_lead
WHERE id %% 5 = 0;

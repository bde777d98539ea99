-- One lead in five has been edited since it came.
INSERT INTO leads_leadbefore (
    pgh_created_at, pgh_label, pgh_obj_id, id, first_name, last_name, email, phone, job_title, status_reason, consent,
    do_not_email, do_not_call, company_id, owner_id, status_id, lead_type_id, stage_id, source_id
)
SELECT
    updated_at, 'update', id, id, first_name, last_name, email, '', job_title, '', 'unknown', FALSE, FALSE, company_id,
    NULL, status_id, lead_type_id, stage_id, source_id
FROM leads_lead
WHERE id %% 5 = 0;

-- Every lead that sales has had, numbered: the first ones are those whose clock runs.
CREATE TEMPORARY TABLE handed AS
SELECT
    row_number() OVER (ORDER BY (stage.key <> 'mql'), status.is_closed, lead.id * 7919 %% %(leads)s) AS n,
    lead.id AS lead_id,
    lead.owner_id,
    owner.team_id,
    owner.time_zone,
    stage.key AS stage,
    random() AS fate,
    random() AS span,
    random() AS answer
FROM leads_lead AS lead
JOIN leads_lifecyclestage AS stage ON stage.id = lead.stage_id
JOIN leads_leadstatus AS status ON status.id = lead.status_id
JOIN people_user AS owner ON owner.id = lead.owner_id;

ANALYZE handed;

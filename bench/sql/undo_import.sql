-- Take the imported leads and their companies out again.
CREATE TEMPORARY TABLE gone AS
SELECT lead_id AS id FROM leads_externalid WHERE system = %(system)s;

DELETE FROM leads_tocompare;
DELETE FROM leads_duplicatepair WHERE low_id IN (SELECT id FROM gone) OR high_id IN (SELECT id FROM gone);
DELETE FROM leads_leadkey WHERE lead_id IN (SELECT id FROM gone);
DELETE FROM leads_changedlead WHERE lead_id IN (SELECT id FROM gone);
DELETE FROM leads_stagechange WHERE lead_id IN (SELECT id FROM gone);
DELETE FROM leads_externalid WHERE lead_id IN (SELECT id FROM gone);
DELETE FROM leads_leadbefore WHERE pgh_obj_id IN (SELECT id FROM gone);
DELETE FROM leads_lead WHERE id IN (SELECT id FROM gone);
DELETE FROM leads_companypair;
DELETE FROM leads_companykey
WHERE company_id IN (SELECT id FROM leads_company WHERE domain LIKE 'import%%.example');
DELETE FROM leads_companybefore
WHERE pgh_obj_id IN (SELECT id FROM leads_company WHERE domain LIKE 'import%%.example');
DELETE FROM leads_company WHERE domain LIKE 'import%%.example';
DROP TABLE gone;

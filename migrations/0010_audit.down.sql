DROP TABLE login_failures;
DROP TABLE audit_log;
DELETE FROM projections WHERE name = 'audit_log';

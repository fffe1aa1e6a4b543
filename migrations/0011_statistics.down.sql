DROP INDEX sessions_living;
DROP TABLE statistics_users;
DROP TABLE application_days;
DROP TABLE application_statistics;
DELETE FROM projections WHERE name = 'statistics';

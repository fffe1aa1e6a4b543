DROP SCHEMA secrets CASCADE;
DROP TABLE claims;
DROP TABLE last_logins;
DROP TABLE users;

DROP TABLE secrets.refresh_tokens;
DROP TABLE sessions;

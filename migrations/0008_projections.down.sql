ALTER TABLE idempotency_keys DROP COLUMN user_id;
DROP TABLE portal_users;
DROP TABLE parked_streams;
DROP TABLE projections;
ALTER TABLE event_log DROP COLUMN user_id, DROP COLUMN application_id;
ALTER TABLE events DROP COLUMN user_id;

-- What is removed on a schedule: rows, never events.

-- One row for each scheduled task. Who sets `leased_until` runs it; a node that dies in the middle is followed by another.
CREATE TABLE scheduled_tasks (
    name         text PRIMARY KEY,
    leased_until timestamptz,
    started_at   timestamptz,
    finished_at  timestamptz,
    outcome      json -- what the last run did
);
INSERT INTO scheduled_tasks (name) VALUES ('clean_up');

-- One row. Sessions that ended up to this moment have no row any more, also after a rebuild: it asks here, and no clock.
CREATE TABLE retention (
    singleton            boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    sessions_ended_until timestamptz NOT NULL
);
INSERT INTO retention (sessions_ended_until) VALUES ('epoch');

-- A session ends when it was ended, else when it expires.
CREATE INDEX sessions_end ON sessions (least(ended_at, expires_at));
CREATE INDEX one_time_tokens_expiry ON secrets.one_time_tokens (purpose, expires_at);
CREATE INDEX login_locks_end ON login_locks (locked_until);
CREATE INDEX jobs_finished ON jobs (created_at) WHERE state <> 'ready';
CREATE INDEX users_unverified ON users (created_at) WHERE NOT email_verified;

-- What happened in an application, as its developer reads it: what follows from events, and what never became one.

-- An async read model: one row for each event that has an action.
CREATE TABLE audit_log (
    id             uuid PRIMARY KEY, -- the event's
    position       bigint      NOT NULL,
    application_id uuid        NOT NULL,
    action         text        NOT NULL,
    occurred_at    timestamptz NOT NULL,
    actor_type     text        NOT NULL,
    actor_id       text,
    user_id        uuid, -- whose event it is
    person         uuid, -- whose client the two below describe; when they are erased, these go
    client_address text,
    user_agent     text,
    request_id     text
);
-- One for each way to ask, in the order of the answer: a page reads its own rows and no others.
CREATE INDEX audit_log_application ON audit_log (application_id, occurred_at, id);
CREATE INDEX audit_log_action ON audit_log (application_id, action, occurred_at, id);
CREATE INDEX audit_log_user ON audit_log (application_id, user_id, occurred_at, id) WHERE user_id IS NOT NULL;
CREATE INDEX audit_log_person ON audit_log (person) WHERE client_address IS NOT NULL OR user_agent IS NOT NULL;
INSERT INTO projections (name) VALUES ('audit_log');

-- Written by requests, never an event and never rebuilt: tries to log in that failed, and locks that no user's stream knows of.
-- Whoever guesses holds the pen, so the key bounds what they can fill: so many slots for one address in a quarter of an hour;
-- what comes after is counted in the last one's `suppressed`.
CREATE TABLE login_failures (
    id             uuid        NOT NULL,
    application_id uuid        NOT NULL,
    address        bytea       NOT NULL, -- keyed hash; empty: of any, because the application has enough rows
    action         text        NOT NULL CHECK (action IN ('login_failed', 'locked')),
    quarter        timestamptz NOT NULL, -- the quarter of an hour it happened in
    slot           smallint    NOT NULL CHECK (slot BETWEEN 1 AND 20),
    occurred_at    timestamptz NOT NULL,
    user_id        uuid, -- who owns the address, if anybody does
    client_address text        NOT NULL,
    user_agent     text,
    request_id     text        NOT NULL,
    reason         text,
    suppressed     bigint      NOT NULL DEFAULT 0, -- further ones that have no row
    CONSTRAINT login_failures_pkey PRIMARY KEY (application_id, address, action, quarter, slot)
);
CREATE INDEX login_failures_application ON login_failures (application_id, occurred_at, id);
CREATE INDEX login_failures_action ON login_failures (application_id, action, occurred_at, id);
CREATE INDEX login_failures_user ON login_failures (application_id, user_id, occurred_at, id) WHERE user_id IS NOT NULL;
CREATE INDEX login_failures_age ON login_failures (occurred_at);

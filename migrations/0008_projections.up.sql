-- What follows the log: whose each event is, how far every async read model has come, and the first of these models.

-- Whose event it is: of the User and of the Session stream. Known from the events themselves; kept here to be found by.
ALTER TABLE events ADD COLUMN user_id uuid;
ALTER TABLE event_log ADD COLUMN application_id uuid, ADD COLUMN user_id uuid;

-- A TypeID is a prefix and 26 digits of Crockford's base 32, two bits more than a UUID has.
CREATE OR REPLACE FUNCTION pg_temp.uuid_of(id text) RETURNS uuid LANGUAGE sql AS $$
    SELECT string_agg(to_hex(substr(bits, 4 * n + 3, 4)::bit(4)::integer), '' ORDER BY n)::uuid
    FROM (SELECT string_agg((strpos('0123456789abcdefghjkmnpqrstvwxyz', digit) - 1)::bit(5)::text, '' ORDER BY i) AS bits
          FROM regexp_split_to_table(split_part(id, '_', 2), '') WITH ORDINALITY AS digits (digit, i)) all_bits,
         generate_series(0, 31) AS n
$$;
ALTER TABLE events DISABLE TRIGGER events_append_only;
UPDATE events SET user_id = pg_temp.uuid_of(aggregate_id) WHERE aggregate_type = 'User';
UPDATE events SET user_id = pg_temp.uuid_of(first.payload ->> 'user_id')
FROM events first
WHERE events.aggregate_type = 'Session' AND first.aggregate_type = 'Session'
  AND first.aggregate_id = events.aggregate_id AND first.sequence = 1;
ALTER TABLE events ENABLE TRIGGER events_append_only;
ALTER TABLE event_log DISABLE TRIGGER event_log_append_only;
UPDATE event_log SET application_id = e.application_id, user_id = e.user_id
FROM events e
WHERE (e.aggregate_type, e.aggregate_id, e.sequence) = (event_log.aggregate_type, event_log.aggregate_id, event_log.sequence);
ALTER TABLE event_log ENABLE TRIGGER event_log_append_only;
ALTER TABLE event_log ALTER COLUMN application_id SET NOT NULL;

CREATE INDEX event_log_application ON event_log (application_id, position);
CREATE INDEX event_log_user ON event_log (user_id, position) WHERE user_id IS NOT NULL;

-- One row for each async read model. Its row lock is what makes the projecting node single; rows of the model and the
-- checkpoint are committed together.
CREATE TABLE projections (
    name       text PRIMARY KEY,
    checkpoint bigint NOT NULL DEFAULT 0 CHECK (checkpoint >= 0),
    state      text   NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'stopped')),
    error      text, -- why it stopped
    updated_at timestamptz NOT NULL DEFAULT now()
);

-- Streams that a projection leaves out since an event of theirs could not be projected.
CREATE TABLE parked_streams (
    projection     text   NOT NULL,
    aggregate_type text   NOT NULL,
    aggregate_id   text   COLLATE "C" NOT NULL,
    position       bigint NOT NULL, -- the first event that is missing
    error          text   NOT NULL,
    parked_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT parked_streams_pkey PRIMARY KEY (projection, aggregate_type, aggregate_id)
);

-- Users as the portal lists and searches them.
CREATE TABLE portal_users (
    user_id        uuid PRIMARY KEY,
    application_id uuid        NOT NULL,
    email          text        NOT NULL,
    email_lower    text        NOT NULL, -- what a search looks in; lower() of a database depends on its locale
    metadata       text        NOT NULL, -- JSON as text: what was given comes back unchanged
    email_verified boolean     NOT NULL,
    status         text        NOT NULL CHECK (status IN ('active', 'suspended')),
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    last_login_at  timestamptz
);
CREATE INDEX portal_users_application ON portal_users (application_id, user_id);
INSERT INTO projections (name) VALUES ('portal_users');

-- Whom a stored answer is about: it goes with them.
ALTER TABLE idempotency_keys ADD COLUMN user_id uuid;
CREATE INDEX idempotency_keys_user ON idempotency_keys (user_id) WHERE user_id IS NOT NULL;

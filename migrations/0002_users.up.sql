-- Users of applications (developers are the users of the built-in application), who owns which address, and what must never
-- be in the log.

CREATE SCHEMA secrets;

CREATE TABLE users (
    id                 uuid PRIMARY KEY,
    application_id     uuid        NOT NULL,
    email              text, -- null once erased
    metadata           text        NOT NULL, -- JSON as text: what was given comes back unchanged
    email_verified     boolean     NOT NULL,
    status             text        NOT NULL CHECK (status IN ('active', 'suspended', 'erased')),
    session_generation integer     NOT NULL,
    kept_session       uuid,
    created_at         timestamptz NOT NULL,
    updated_at         timestamptz NOT NULL,
    sequence           bigint      NOT NULL
);
CREATE INDEX users_application ON users (application_id, created_at, id);

-- Not a column of users: it follows from Session streams, and a busy login must not fight with changes of the user.
CREATE TABLE last_logins (
    user_id       uuid PRIMARY KEY,
    last_login_at timestamptz NOT NULL
);

-- The primary key is the check for duplicates. `value` is a keyed hash of the canonical address.
CREATE TABLE claims (
    application_id uuid  NOT NULL,
    value          bytea NOT NULL,
    user_id        uuid  NOT NULL,
    CONSTRAINT claims_pkey PRIMARY KEY (application_id, value)
);
CREATE INDEX claims_user ON claims (user_id);

CREATE TABLE secrets.password_hashes (
    user_id uuid PRIMARY KEY,
    hash    text NOT NULL
);

-- One key a person; whoever deletes the row forgets the person.
CREATE TABLE secrets.data_keys (
    user_id uuid PRIMARY KEY,
    key_id  text  NOT NULL,
    wrapped bytea NOT NULL
);

CREATE TABLE secrets.one_time_tokens (
    hash           bytea PRIMARY KEY,
    token_id       uuid        NOT NULL UNIQUE,
    application_id uuid        NOT NULL,
    user_id        uuid        NOT NULL,
    purpose        text        NOT NULL CHECK (purpose IN ('verify_email', 'reset_password')),
    expires_at     timestamptz NOT NULL
);
CREATE INDEX one_time_tokens_user ON secrets.one_time_tokens (user_id);

-- Keys of the service itself, made at the first start and wrapped with the configured encryption key, so that rotating that
-- key never invalidates a password or a session.
CREATE TABLE secrets.service_keys (
    name   text PRIMARY KEY,
    key_id text  NOT NULL,
    sealed bytea NOT NULL
);

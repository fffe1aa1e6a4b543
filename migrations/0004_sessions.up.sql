-- Sessions: an access token is good while its session lives here.

CREATE TABLE sessions (
    id             uuid PRIMARY KEY,
    application_id uuid        NOT NULL,
    user_id        uuid        NOT NULL,
    generation     integer     NOT NULL,
    counter        bigint      NOT NULL,
    client_address text,
    user_agent     text,
    created_at     timestamptz NOT NULL,
    last_used_at   timestamptz NOT NULL,
    expires_at     timestamptz NOT NULL,
    ended_at       timestamptz,
    end_reason     text CHECK (end_reason IN ('logout', 'revoked', 'refresh_token_reused')),
    sequence       bigint      NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id, created_at);

-- The current refresh token of a session.
CREATE TABLE secrets.refresh_tokens (
    session_id uuid PRIMARY KEY,
    hash       bytea NOT NULL
);

-- Applications and their API keys.

CREATE TABLE applications (
    id          uuid PRIMARY KEY,
    owner_id    uuid        NOT NULL,
    name        text        NOT NULL,
    environment text        NOT NULL CHECK (environment IN ('development', 'staging', 'production')),
    settings    json        NOT NULL,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    deleted_at  timestamptz,
    sequence    bigint      NOT NULL
);
CREATE INDEX applications_owner ON applications (owner_id, id) WHERE deleted_at IS NULL;

CREATE TABLE api_keys (
    id                    uuid PRIMARY KEY,
    application_id        uuid        NOT NULL,
    label                 text        NOT NULL,
    type                  text        NOT NULL CHECK (type IN ('secret', 'publishable')),
    prefix                text        NOT NULL,
    rate_limit_per_minute integer,
    created_at            timestamptz NOT NULL,
    revoked_at            timestamptz,
    sequence              bigint      NOT NULL
);
CREATE INDEX api_keys_application ON api_keys (application_id, id);

-- Observed, not decided: written at most once a minute for a key, and not rebuilt from the log.
CREATE TABLE api_key_uses (
    api_key_id   uuid PRIMARY KEY,
    last_used_at timestamptz NOT NULL
);

CREATE TABLE secrets.api_key_hashes (
    hash       bytea PRIMARY KEY,
    api_key_id uuid NOT NULL UNIQUE
);

CREATE TABLE secrets.application_secrets (
    application_id uuid PRIMARY KEY,
    key_id         text  NOT NULL,
    sealed         bytea NOT NULL
);

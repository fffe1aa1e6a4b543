-- Answers to creations that carried an Idempotency-Key, kept for 24 hours. The stored answer is sealed: it can hold an address
-- or a new API key.

CREATE TABLE idempotency_keys (
    scope          text        NOT NULL,
    key_hash       bytea       NOT NULL,
    request_hash   bytea       NOT NULL,
    reserved_until timestamptz NOT NULL,
    status         smallint,
    key_id         text,
    answer         bytea,
    expires_at     timestamptz NOT NULL,
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (scope, key_hash)
);
CREATE INDEX idempotency_keys_expiry ON idempotency_keys (expires_at);

-- Locks that must survive the loss of Redis. `address` is a keyed hash; an empty `network` protects the whole account.

CREATE TABLE login_locks (
    application_id uuid        NOT NULL,
    address        bytea       NOT NULL,
    network        text        NOT NULL,
    locked_until   timestamptz NOT NULL,
    CONSTRAINT login_locks_pkey PRIMARY KEY (application_id, address, network)
);

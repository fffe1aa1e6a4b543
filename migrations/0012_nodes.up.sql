-- Who is there, and which keys they work with: what a rotation of keys has to wait for. Ids only, never keys.

-- One row a running node, renewed every few seconds.
CREATE TABLE nodes (
    id              uuid PRIMARY KEY,
    started_at      timestamptz NOT NULL,
    seen_at         timestamptz NOT NULL,
    encryption_keys text[]      NOT NULL, -- the first seals, all open
    signing_keys    text[]      NOT NULL  -- the first signs, all are published and accepted
);

-- What became of each key, whichever node had it.
CREATE TABLE key_uses (
    purpose        text        NOT NULL CHECK (purpose IN ('encryption', 'signing')),
    key_id         text        NOT NULL,
    first_seen_at  timestamptz NOT NULL,
    published_at   timestamptz, -- signing: from then on every node published it
    last_active_at timestamptz, -- last seen as the one that seals or signs; null: never
    needed_until   timestamptz, -- signing: when the last token it may have signed has expired
    CONSTRAINT key_uses_pkey PRIMARY KEY (purpose, key_id)
);

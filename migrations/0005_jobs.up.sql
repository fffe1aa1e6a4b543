-- Work to do, written by the transaction of the command that wants it done. A job holds ids, never an address or a token.

CREATE TABLE jobs (
    id             uuid PRIMARY KEY,
    kind           text        NOT NULL,
    application_id uuid        NOT NULL,
    user_id        uuid        NOT NULL,
    token_id       uuid,
    state          text        NOT NULL DEFAULT 'ready' CHECK (state IN ('ready', 'done', 'dead', 'cancelled')),
    attempts       integer     NOT NULL DEFAULT 0,
    run_at         timestamptz NOT NULL,
    leased_until   timestamptz,
    give_up_at     timestamptz NOT NULL,
    last_error     text,
    created_at     timestamptz NOT NULL
);
CREATE INDEX jobs_ready ON jobs (run_at) WHERE state = 'ready';
CREATE INDEX jobs_user ON jobs (user_id) WHERE state = 'ready';

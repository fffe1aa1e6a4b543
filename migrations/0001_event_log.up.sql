-- The event log: what happened, in the row format of postgres-es plus our columns, and the order in which it was committed.

-- One row. `system_identifier` names the Postgres cluster that last wrote here: a dump restored into another cluster brings
-- transaction ids that mean nothing there, so the service begins a new epoch when the identifier differs.
CREATE TABLE cluster_state (
    singleton         boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    system_identifier text    NOT NULL,
    epoch             integer NOT NULL CHECK (epoch >= 1)
);

CREATE SEQUENCE events_insertion_seq;

CREATE TABLE events (
    -- the columns of postgres-es
    aggregate_type text   NOT NULL,
    aggregate_id   text   COLLATE "C" NOT NULL,
    sequence       bigint NOT NULL CHECK (sequence >= 1),
    event_type     text   NOT NULL,
    event_version  text   NOT NULL CHECK (event_version ~ '^[0-9]+\.[0-9]+$'),
    payload        json   NOT NULL, -- json, not jsonb: the hash covers the exact bytes
    metadata       json   NOT NULL,
    -- ours
    event_id       uuid        NOT NULL,
    application_id uuid        NOT NULL,
    recorded_at    timestamptz NOT NULL,
    event_hash     bytea       NOT NULL CHECK (octet_length(event_hash) = 32),
    epoch          integer     NOT NULL,
    tx_id          xid8        NOT NULL DEFAULT pg_current_xact_id(),
    insertion      bigint      NOT NULL DEFAULT nextval('events_insertion_seq'),
    CONSTRAINT events_pkey PRIMARY KEY (aggregate_type, aggregate_id, sequence),
    CONSTRAINT events_event_id_key UNIQUE (event_id)
);

ALTER SEQUENCE events_insertion_seq OWNED BY events.insertion;

-- The sequencer's cursor is this triple; a cursor on `insertion` alone loses events (docs/architecture.md, "Commit order").
CREATE INDEX events_commit_order ON events (epoch, tx_id, insertion);

-- The order everyone reads in: contiguous positions, given by the sequencer to events whose transaction is settled.
CREATE TABLE event_log (
    position       bigint PRIMARY KEY CHECK (position >= 1),
    aggregate_type text   NOT NULL,
    aggregate_id   text   COLLATE "C" NOT NULL,
    sequence       bigint NOT NULL,
    event_hash     bytea  NOT NULL,
    CONSTRAINT event_log_event_key UNIQUE (aggregate_type, aggregate_id, sequence)
);

-- One row: the last event that has a position. Its row lock is what makes the sequencer single.
CREATE TABLE log_head (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    position  bigint  NOT NULL,
    epoch     integer NOT NULL,
    tx_id     xid8    NOT NULL,
    insertion bigint  NOT NULL
);
INSERT INTO log_head (position, epoch, tx_id, insertion) VALUES (0, 0, '0', 0);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: the event log is append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END
$$;

-- For each statement, so that even a change that matches no row fails, and for the table's owner too.
CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER event_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON event_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

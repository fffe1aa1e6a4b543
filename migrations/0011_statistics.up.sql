-- An async read model: how many users an application has, and what happened in it on each day.

CREATE TABLE application_statistics (
    application_id uuid PRIMARY KEY,
    users          bigint NOT NULL,
    verified       bigint NOT NULL,
    suspended      bigint NOT NULL
);

-- Days are UTC's.
CREATE TABLE application_days (
    application_id uuid   NOT NULL,
    day            date   NOT NULL,
    signups        bigint NOT NULL,
    logins         bigint NOT NULL,
    CONSTRAINT application_days_pkey PRIMARY KEY (application_id, day)
);

-- What each user counts as: without it nobody would know which numbers go down when they are erased.
CREATE TABLE statistics_users (
    user_id   uuid PRIMARY KEY,
    verified  boolean NOT NULL,
    suspended boolean NOT NULL
);
INSERT INTO projections (name) VALUES ('statistics');

-- The living sessions of an application are counted here; the columns behind INCLUDE spare the count the table itself.
CREATE INDEX sessions_living ON sessions (application_id, expires_at) INCLUDE (user_id, generation, id)
    WHERE ended_at IS NULL;

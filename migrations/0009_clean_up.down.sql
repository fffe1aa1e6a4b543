DROP INDEX users_unverified;
DROP INDEX jobs_finished;
DROP INDEX login_locks_end;
DROP INDEX secrets.one_time_tokens_expiry;
DROP INDEX sessions_end;
DROP TABLE retention;
DROP TABLE scheduled_tasks;

DROP TABLE log_head;
DROP TABLE event_log;
DROP TABLE events;
DROP TABLE cluster_state;
DROP FUNCTION refuse_change();

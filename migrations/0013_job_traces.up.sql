-- The trace that a job goes on with (W3C traceparent), if the request that wrote it was traced.
ALTER TABLE jobs ADD COLUMN traceparent text;

-- The time at the primary, as every replica has it: the difference to a replica's own clock is how late it is, on an
-- idle primary too, and grows on one that is cut off (COR-17).
CREATE TABLE operations.heartbeat (
    id boolean PRIMARY KEY DEFAULT true,
    beat_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT heartbeat_id_check CHECK (id)
) WITH (fillfactor = 10); -- Room on the page, so that a beat a second touches no index.

INSERT INTO operations.heartbeat DEFAULT VALUES;

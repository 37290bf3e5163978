-- works from: 5
-- Events of a part are events of the whole, too.

-- Derived from what stands in the event's data, and so in its hash: an index of it, which `verify` holds against them.
CREATE TABLE event_parent (
    subject TEXT NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (subject, seq)
);
CREATE INDEX event_parent_seq ON event_parent (seq);

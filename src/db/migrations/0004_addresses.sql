-- works from: 3
-- One attempt at a time to one address.

ALTER TABLE mailbox ADD COLUMN waits_for BIGINT; -- the delivery under way to the same address; NULL: none holds it back
ALTER TABLE mailbox ADD COLUMN slow BIGINT NOT NULL DEFAULT 0; -- 1: that one takes so long that nobody waits for it
CREATE INDEX mailbox_waits_for ON mailbox (waits_for) WHERE waits_for IS NOT NULL;

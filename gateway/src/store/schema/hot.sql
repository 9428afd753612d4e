-- What is looked for at each tick, at each start of a run, at each upload; what a payer was told today;
-- which refund is next.

-- The one before held what a query for one state cannot know to be in it, so nobody used it.
DROP INDEX orders_open;
CREATE INDEX orders_working ON orders (own) WHERE own IN ('quiesced', 'destroying');
CREATE INDEX flows_of_account ON flows (account, open);
CREATE INDEX devices_of_account ON devices (account);
CREATE INDEX entries_erase ON entries (erase_at);
-- By which SQLite sees that nothing stands on a mandate whose row it writes.
CREATE INDEX obstructions_of_mandate ON obstructions (mandate);

-- The last event by which a payer was told of one kind of trouble with a mandate, and the day on which they were.
CREATE TABLE told (
    mandate TEXT NOT NULL REFERENCES mandates, code TEXT NOT NULL, day TEXT NOT NULL, number INTEGER NOT NULL,
    PRIMARY KEY (mandate, code)
) STRICT, WITHOUT ROWID;

-- When the network was last asked for a refund: who is refused again and again keeps nobody else waiting.
ALTER TABLE refunds ADD COLUMN tried INTEGER NOT NULL DEFAULT 0;
DROP INDEX refunds_due;
CREATE INDEX refunds_due ON refunds (tried, at) WHERE sent = 0;

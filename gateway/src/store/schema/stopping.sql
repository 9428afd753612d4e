-- What stops charges, and what ends mandates by itself.

ALTER TABLE accounts ADD COLUMN rating TEXT;
ALTER TABLE accounts ADD COLUMN profile TEXT NOT NULL DEFAULT '{}';
CREATE TABLE locks (
    account TEXT PRIMARY KEY REFERENCES accounts, due INTEGER NOT NULL, doc TEXT NOT NULL
) STRICT;
CREATE INDEX locks_due ON locks (due);
CREATE TABLE stops (
    account TEXT NOT NULL REFERENCES accounts, scope TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (account, scope)
) STRICT, WITHOUT ROWID;

ALTER TABLE mandates ADD COLUMN ends_at INTEGER;
CREATE INDEX mandates_ending ON mandates (ends_at) WHERE ends_at IS NOT NULL;
ALTER TABLE orders ADD COLUMN due INTEGER;
CREATE INDEX orders_due ON orders (due) WHERE due IS NOT NULL;

CREATE TABLE refunds (
    kid TEXT NOT NULL, jti TEXT NOT NULL, charge TEXT NOT NULL REFERENCES charges, minor INTEGER NOT NULL,
    at INTEGER NOT NULL, sent INTEGER NOT NULL DEFAULT 0, doc TEXT NOT NULL, PRIMARY KEY (kid, jti)
) STRICT, WITHOUT ROWID;
CREATE INDEX refunds_of_charge ON refunds (charge);
CREATE INDEX refunds_due ON refunds (at) WHERE sent = 0;
CREATE TABLE objections (
    mandate TEXT PRIMARY KEY REFERENCES mandates, at INTEGER NOT NULL, statement TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE obstructions (
    merchant TEXT NOT NULL REFERENCES merchants, mandate TEXT NOT NULL REFERENCES mandates, at INTEGER NOT NULL,
    PRIMARY KEY (merchant, mandate, at)
) STRICT, WITHOUT ROWID;

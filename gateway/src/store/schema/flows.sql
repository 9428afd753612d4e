-- Runs of flows that wait: for a moment, for a party, for a reviewer, for people.
ALTER TABLE flows ADD COLUMN device TEXT NOT NULL DEFAULT '';
ALTER TABLE flows ADD COLUMN open INTEGER NOT NULL DEFAULT 0;
ALTER TABLE flows ADD COLUMN due INTEGER;
ALTER TABLE flows ADD COLUMN desk TEXT;
ALTER TABLE flows ADD COLUMN unheard INTEGER NOT NULL DEFAULT 0;
ALTER TABLE flows ADD COLUMN last_at INTEGER NOT NULL DEFAULT 0;
-- Runs of the version before are looked at once, which gives them their own values.
UPDATE flows SET device = json_extract(doc, '$.device'), due = 0;
CREATE INDEX flows_due ON flows (due) WHERE due IS NOT NULL;
CREATE INDEX flows_desk ON flows (desk) WHERE desk IS NOT NULL;
CREATE INDEX flows_news ON flows (device) WHERE open = 1 OR unheard = 1;

CREATE TABLE payer_secrets (
    account TEXT NOT NULL REFERENCES accounts, secret TEXT NOT NULL, record BLOB NOT NULL,
    used INTEGER NOT NULL DEFAULT 0, last_guess INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (account, secret)
) STRICT, WITHOUT ROWID;
INSERT INTO payer_secrets (account, secret, record, used, last_guess)
    SELECT account, 'payment_pin', record, used, last_guess FROM pins;
DROP TABLE pins;
CREATE TABLE pin_resets (account TEXT PRIMARY KEY REFERENCES accounts, until INTEGER NOT NULL) STRICT;
CREATE TABLE lock_password_entries (account TEXT PRIMARY KEY REFERENCES accounts, until INTEGER NOT NULL) STRICT;

CREATE TABLE codes (
    flow TEXT NOT NULL REFERENCES flows, step TEXT NOT NULL, doc TEXT NOT NULL, PRIMARY KEY (flow, step)
) STRICT, WITHOUT ROWID;
CREATE TABLE replies (
    flow TEXT NOT NULL REFERENCES flows, step TEXT NOT NULL, party TEXT NOT NULL, due INTEGER, doc TEXT NOT NULL,
    PRIMARY KEY (flow, step, party)
) STRICT, WITHOUT ROWID;
CREATE INDEX replies_due ON replies (due) WHERE due IS NOT NULL;
CREATE TABLE uploads (
    account TEXT NOT NULL REFERENCES accounts, digest BLOB NOT NULL, erase_at INTEGER NOT NULL, sealed BLOB NOT NULL,
    PRIMARY KEY (account, digest)
) STRICT;
CREATE INDEX uploads_erase ON uploads (erase_at);
CREATE TABLE entries (
    flow TEXT NOT NULL REFERENCES flows, step TEXT NOT NULL, erase_at INTEGER NOT NULL, sealed BLOB NOT NULL,
    PRIMARY KEY (flow, step)
) STRICT;
CREATE TABLE vouchers (
    flow TEXT NOT NULL REFERENCES flows, account TEXT NOT NULL, device TEXT, approves INTEGER, at INTEGER NOT NULL,
    PRIMARY KEY (flow, account)
) STRICT, WITHOUT ROWID;
CREATE TABLE reviewers (reviewer TEXT PRIMARY KEY, kid TEXT NOT NULL UNIQUE, doc TEXT NOT NULL) STRICT;

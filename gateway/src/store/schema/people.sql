-- Whose card pays for what, and whose word counts for whom.

-- What stood before has no card: the network was not asked which.
ALTER TABLE mandates ADD COLUMN card BLOB;
CREATE INDEX mandates_of_card ON mandates (card) WHERE card IS NOT NULL;
CREATE TABLE removed_cards (card BLOB PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;

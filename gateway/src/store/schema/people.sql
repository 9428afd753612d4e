-- Whose card pays for what, and whose word counts for whom.

-- What stood before has no card: the network was not asked which.
ALTER TABLE mandates ADD COLUMN card BLOB;
CREATE INDEX mandates_of_card ON mandates (card) WHERE card IS NOT NULL;
CREATE TABLE removed_cards (card BLOB PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;

-- Whom the payer knows, and whom of them they named, are two things now. A contact of before counted from their own
-- moment on: those of long ago make the first set, all of them together the next.
-- What a subquery gives is text to the functions around it until they are told that it is JSON.
UPDATE accounts SET profile = json_set(
    profile,
    '$.acquaintances', json(
        (SELECT json_group_array(json_remove(value, '$.named_at')) FROM json_each(profile, '$.contacts'))
    ),
    '$.contacts', json_array(
        json_object('set_at', '1970-01-01T00:00:00Z', 'people', json(
            (SELECT json_group_array(json_extract(value, '$.account')) FROM json_each(profile, '$.contacts')
             WHERE json_extract(value, '$.named_at') IS NULL)
        )),
        json_object('set_at', (
            SELECT COALESCE(MAX(json_extract(value, '$.named_at')), '1970-01-01T00:00:00Z')
            FROM json_each(profile, '$.contacts')
        ), 'people', json(
            (SELECT json_group_array(json_extract(value, '$.account')) FROM json_each(profile, '$.contacts'))
        ))
    )
) WHERE json_array_length(profile, '$.contacts') > 0;
-- Of people with and without an account here.
CREATE TABLE numbers (account TEXT PRIMARY KEY, digest BLOB NOT NULL) STRICT, WITHOUT ROWID;

-- All that people said who were asked in a run, late or not.
CREATE TABLE voices (
    flow TEXT NOT NULL REFERENCES flows, account TEXT NOT NULL, heard TEXT NOT NULL, device TEXT NOT NULL,
    approves INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (flow, account, heard)
) STRICT, WITHOUT ROWID;
INSERT INTO voices (flow, account, heard, device, approves, at)
    SELECT flow, account, 'signed', device, approves, at FROM vouchers WHERE device IS NOT NULL AND approves IS NOT NULL;
ALTER TABLE vouchers DROP COLUMN device;
ALTER TABLE vouchers DROP COLUMN approves;

-- Of what registration a record came: under its name alone a guess at the secret is evaluated. A record of before has none.
ALTER TABLE payer_secrets ADD COLUMN registration BLOB;

-- Registrations that were begun: one of each account and secret, the newest.
CREATE TABLE registrations (
    account TEXT NOT NULL REFERENCES accounts, secret TEXT NOT NULL, registration BLOB NOT NULL,
    PRIMARY KEY (account, secret)
) STRICT, WITHOUT ROWID;

-- Whose teen mode ends by itself, found by the day of birth without reading every account.
CREATE INDEX teens ON accounts (json_extract(profile, '$.born')) WHERE json_extract(profile, '$.teen') IS NOT NULL;

-- What falls under an order: without it, whoever looks reads every mandate of the gateway.
CREATE INDEX mandates_of_order ON mandates (orders) WHERE orders IS NOT NULL;

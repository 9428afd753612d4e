//! Merchants, with what they still have to be told.

use std::collections::HashSet;

use quittance_protocol::{MerchantId, PublicKey, Thumbprint};
use rusqlite::{Row, params};
use serde::{Deserialize, Serialize};

use super::{Store, read_doc, to_doc, to_id};
use crate::failure::Failure;
use crate::parties::MerchantNotice;

/// A merchant that may offer mandates and charge them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Merchant {
    pub(crate) merchant: MerchantId,
    pub(crate) name: String,
    pub(crate) key: PublicKey,
}

/// Something that a merchant has not been told yet.
#[derive(Debug, Clone)]
pub(crate) struct Notice {
    pub(crate) number: i64,
    pub(crate) merchant: MerchantId,
    pub(crate) notice: MerchantNotice,
}

impl Store<'_> {
    pub(crate) fn put_merchant(self, merchant: &Merchant) -> Result<(), Failure> {
        self.run(
            "INSERT INTO merchants (merchant, kid, doc) VALUES (?1, ?2, ?3)
             ON CONFLICT (merchant) DO UPDATE SET kid=excluded.kid, doc=excluded.doc",
            params![
                merchant.merchant.to_string(),
                merchant.key.thumbprint().to_string(),
                to_doc(merchant)?
            ],
        )?;
        Ok(())
    }

    pub(crate) fn merchant_of_key(self, kid: &Thumbprint) -> Result<Option<Merchant>, Failure> {
        self.doc("SELECT doc FROM merchants WHERE kid=?1", [kid.to_string()])
    }

    pub(crate) fn add_notice(self, merchant: MerchantId, notice: &MerchantNotice) -> Result<(), Failure> {
        self.run(
            "INSERT INTO notices (merchant, doc) VALUES (?1, ?2)",
            params![merchant.to_string(), to_doc(notice)?],
        )?;
        Ok(())
    }

    /// The oldest notices of each merchant that were not delivered, but for some merchants: who hears nothing does not crowd
    /// out the others, nor does a row that went bad.
    pub(crate) fn undelivered(self, but: &HashSet<MerchantId>) -> Result<Vec<Result<Notice, Failure>>, Failure> {
        let but: Vec<String> = but.iter().map(MerchantId::to_string).collect();
        self.all(
            "SELECT doc, number, merchant FROM (
                 SELECT number, merchant, doc, row_number() OVER (PARTITION BY merchant ORDER BY number) AS turn
                 FROM notices WHERE delivered=0 AND merchant NOT IN (SELECT value FROM json_each(?1))
             ) WHERE turn <= 10 ORDER BY turn, number LIMIT 100",
            [to_doc(&but)?],
            |row| Ok(read_notice(row)),
        )
    }

    pub(crate) fn mark_delivered(self, number: i64) -> Result<(), Failure> {
        self.run("UPDATE notices SET delivered=1 WHERE number=?1", [number])?;
        Ok(())
    }
}

fn read_notice(row: &Row<'_>) -> Result<Notice, Failure> {
    Ok(Notice {
        number: row.get(1)?,
        merchant: to_id(&row.get::<_, String>(2)?)?,
        notice: read_doc(row)?,
    })
}

//! What payer and merchant do, each until it is done.

use crate::run::{Run, Wrong};
use quittance_protocol::MandateId;
use quittance_testkit::phone_protocol::Command;
use quittance_testkit::story::{PIN, Story, cny, mandate_of};

/// The merchant's reference of the one charge, which is what a permit at the till answers.
const RIDE: &str = "ride";

/// One thing that is done from beginning to end, whoever dies over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    /// The payer allows a merchant to charge.
    Sign,
    /// The payer pays at the till.
    Permit,
    /// The merchant charges by itself, then the phone hears of it.
    Charge,
    /// The payer locks everything.
    Lock,
    /// The payer takes an end back whose moment has not come.
    Undo,
    /// The payer ends one of two permissions.
    Revoke,
    /// The payer ends both at once.
    Batch,
}

/// What must stand on both sides when an operation is done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct End {
    /// How many of the permissions, the first ones, have ended; all others live.
    pub(crate) ended: usize,
    /// Whether everything is locked.
    pub(crate) is_locked: bool,
    /// How many charges the card network knows.
    pub(crate) charges: usize,
    /// Orders in the log, and how many of them are closed.
    pub(crate) orders: [usize; 2],
}

impl Operation {
    /// How many permissions stand when it begins.
    pub(crate) fn begins_with(self) -> usize {
        match self {
            Self::Sign => 0,
            Self::Permit | Self::Charge | Self::Lock | Self::Undo => 1,
            Self::Revoke | Self::Batch => 2,
        }
    }

    /// Where it ends, whatever happened on the way.
    pub(crate) fn end(self) -> End {
        let nothing = End {
            ended: 0,
            is_locked: false,
            charges: 0,
            orders: [0, 0],
        };
        match self {
            Self::Sign => nothing,
            Self::Permit | Self::Charge => End { charges: 1, ..nothing },
            Self::Lock => End {
                is_locked: true,
                ..nothing
            },
            Self::Undo => End {
                orders: [1, 0],
                ..nothing
            },
            Self::Revoke => End {
                ended: 1,
                orders: [1, 1],
                ..nothing
            },
            Self::Batch => End {
                ended: 2,
                orders: [1, 1],
                ..nothing
            },
        }
    }

    /// Does it, again and again until it is done; the permissions that stand then.
    pub(crate) async fn carry_out(self, run: &mut Run, mandates: &[MandateId]) -> Result<Vec<MandateId>, Wrong> {
        let pin = || PIN.to_owned();
        let first = mandates.first().copied();
        let closed = |value: &serde_json::Value| value["state"] == "closed";
        match (self, first) {
            (Self::Sign, _) => {
                let sign = Command::Sign {
                    offer: run.offer.clone(),
                    pin: pin(),
                };
                let signed = run.until("signing", &sign, |value| mandate_of(value).is_ok()).await?;
                return Ok(vec![mandate_of(&signed).map_err(|error| Wrong::new(&error))?]);
            }
            (Self::Permit, Some(mandate)) => {
                let permit = Command::Permit {
                    mandate,
                    amount: cny(3000).map_err(|error| Wrong::new(&error))?,
                    challenge: RIDE.to_owned(),
                };
                let made = run
                    .until("permitting", &permit, |value| value["permit"].is_string())
                    .await?;
                run.charge(mandate, RIDE, made["permit"].as_str()).await?;
            }
            (Self::Charge, Some(mandate)) => {
                run.charge(mandate, RIDE, None).await?;
                run.hear().await?;
            }
            (Self::Lock, _) => {
                run.until("locking", &Command::Lock, |value| value["told"] == true)
                    .await?;
            }
            (Self::Undo, Some(mandate)) => {
                let undo = Command::Undo { mandate, pin: pin() };
                run.until("taking back", &undo, |value| value["kept"] == true).await?;
            }
            (Self::Revoke, Some(mandate)) => {
                run.until("cancelling", &Story::cancel(mandate), closed).await?;
            }
            (Self::Batch, _) => {
                let cancel = Command::Cancel {
                    mandates: mandates.to_vec(),
                    pin: pin(),
                };
                run.until("cancelling all", &cancel, closed).await?;
            }
            (_, None) => return Err(Wrong::new(&"the stage has no permission")),
        }
        Ok(mandates.to_vec())
    }
}

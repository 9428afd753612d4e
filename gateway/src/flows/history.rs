//! What an account paid: charges that passed here, with those from before that others remember.

use quittance_protocol::{AccountId, Timestamp};

use crate::failure::Failure;
use crate::parties::{Call, CallKey, HistoryQuestion, SettledTransaction};
use crate::store::ChargeState;
use crate::turn::Turn;

/// Settled transactions, newest first. What a sandbox set stands for what the outside party would say; a party that
/// does not answer at once knows nothing in time.
pub(crate) fn settled(turn: &Turn<'_>, account: AccountId) -> Result<Vec<SettledTransaction>, Failure> {
    let mut settled = before(turn, account)?;
    for mandate in turn.store.mandates_of(account)? {
        let charges = turn.store.charges_of(mandate.mandate)?.into_iter();
        let passed = charges.filter(|charge| charge.state == ChargeState::Approved);
        settled.extend(passed.map(|charge| SettledTransaction {
            amount: charge.amount,
            payee: mandate.terms.merchant_name.clone(),
            settled_at: charge.at,
        }));
    }
    settled.sort_by_key(|transaction| std::cmp::Reverse(transaction.settled_at));
    Ok(settled)
}

fn before(turn: &Turn<'_>, account: AccountId) -> Result<Vec<SettledTransaction>, Failure> {
    if let Some(known) = turn.store.profile(account)?.transactions {
        return Ok(known);
    }
    let call = Call {
        key: CallKey::named(format!("history|{account}|{}", day_of(turn.now))),
        at: turn.now,
    };
    let reply = turn.world.outside.transaction_history.settled(&call, &HistoryQuestion { account });
    let in_time = reply.ok().filter(|reply| reply.after.from(turn.now).is_some_and(|at| at <= turn.now));
    Ok(in_time.map(|reply| reply.outcome).unwrap_or_default())
}

/// A call's name lasts a day: the same answer for every question of a quiz, another one tomorrow.
fn day_of(now: Timestamp) -> String {
    now.to_string().chars().take_while(|character| *character != 'T').collect()
}

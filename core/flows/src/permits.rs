//! Permits made ahead: which are planned, which are taken (R-314: the bound on what a lost phone can be charged).

use crate::mandate::Mandate;
use crate::period::Period;
use crate::policy::PermitRules;
use quittance_protocol::answer::MandateState;
use quittance_protocol::bytes::Digest32;
use quittance_protocol::money::MoneyError;
use quittance_protocol::problem::{Code, Problem};
use quittance_protocol::statement::{Limits, MandateKind, Permit, PermitAmount, Terms};
use quittance_protocol::{MerchantId, Timestamp};

/// Seconds by which a phone's estimate of gateway time may be ahead.
const CLOCK_AHEAD: i64 = 300;

/// One permit that should exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlannedPermit {
    /// Its number.
    pub number: u64,
    /// What it covers.
    pub amount: PermitAmount,
    /// From this moment …
    pub not_before: Timestamp,
    /// … until before this one.
    pub not_after: Timestamp,
}

/// A permit that wants to be taken, with all that decides about it. Signature and token are verified before.
#[derive(Debug, Clone, Copy)]
pub struct Deposit<'a> {
    /// `token.permit.*` of the policy in force.
    pub rules: &'a PermitRules,
    /// What was agreed.
    pub terms: &'a Terms,
    /// The merchant of the mandate.
    pub payee: MerchantId,
    /// When the mandate became active.
    pub active_since: Timestamp,
    /// Gateway time.
    pub now: Timestamp,
    /// The permit's number.
    pub number: u64,
    /// Digest of the permit's content.
    pub content: Digest32,
    /// The content under which this number was seen before.
    pub seen: Option<Digest32>,
    /// Permits that can still be used. One that a charge has reserved comes back where the network declines, so it
    /// counts.
    pub outstanding: u64,
}

/// How a permit is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It is new: store it.
    New,
    /// The very same permit was taken before: nothing to do.
    Known,
}

/// How far ahead permits of a mandate may reach.
struct Reach {
    /// Seconds of the longest window.
    longest: i64,
    /// The latest end of a window.
    last: Timestamp,
    /// Most permits at a time.
    most: u32,
}

/// The permits to make now, so that with those that were `made` before (their `not_before` moments) there are no more than the
/// policy's number, none beyond the mandate's validity. Of a subscription those count whose period has not ended, used or not: no
/// period gets two. Of what is paid as it is used those count that can still be charged.
pub fn plan(
    rules: &PermitRules,
    terms: &Terms,
    active_since: Timestamp,
    now: Timestamp,
    made: &[Timestamp],
    next_number: u64,
) -> Vec<PlannedPermit> {
    let reach = Reach::of(rules, terms, active_since, now);
    let outstanding = u32::try_from(made.len()).unwrap_or(u32::MAX);
    let missing = reach.most.saturating_sub(outstanding);
    let windows: Vec<_> = match terms.kind {
        MandateKind::Subscription => periods(rules, terms, active_since, now)
            .filter(|period| !made.contains(&period.begin))
            .map(|period| (period.begin, period.end))
            .collect(),
        MandateKind::PayAsYouGo => {
            let window = (now, now.plus_seconds(rules.pay_as_you_go.window.get()));
            (0..missing).map(|_| window).collect()
        }
    };
    let amount = amount_within(&terms.limits);
    windows
        .into_iter()
        .map(|(begin, end)| (begin, end.min(reach.last)))
        .filter(|(begin, end)| begin < end && now < *end)
        .take(usize::try_from(missing).unwrap_or(usize::MAX))
        .zip(next_number..)
        .map(|((not_before, not_after), number)| PlannedPermit {
            number,
            amount,
            not_before,
            not_after,
        })
        .collect()
}

/// What a permit covers that is made under these limits.
fn amount_within(limits: &Limits) -> PermitAmount {
    if limits.exact {
        PermitAmount::Exact(limits.per_charge)
    } else {
        PermitAmount::AtMost(limits.per_charge)
    }
}

/// Whether a permit that was made ahead covers all that one charge may be under these limits. After a change of them
/// one that does not is worth less than the payer agreed to, or nothing: another takes its place.
#[must_use]
pub fn suits(limits: &Limits, amount: &PermitAmount) -> bool {
    match (amount_within(limits), amount) {
        (PermitAmount::AtMost(most), PermitAmount::AtMost(covered)) => most.within(covered) == Ok(true),
        (planned, amount) => planned == *amount,
    }
}

/// Whether a mandate takes permits at all as it stands.
///
/// # Errors
/// `step_order` before it is active, `mandate_held` once its end is scheduled, `too_late` while it ends,
/// `mandate_ended` after.
pub fn check_standing(mandate: &Mandate) -> Result<(), Code> {
    match mandate.state {
        MandateState::Active | MandateState::Suspended => Ok(()),
        MandateState::Draft
        | MandateState::PendingAuthorization
        | MandateState::PendingBank
        | MandateState::Provisioning => Err(Code::StepOrder),
        MandateState::RevocationScheduled => Err(Code::MandateHeld),
        MandateState::Revoking => Err(Code::TooLate),
        MandateState::Ended | MandateState::Rejected => Err(Code::MandateEnded),
    }
}

/// Takes only what the plan of the rules could have made: no number twice, no wider window, no higher cap, no more
/// permits at a time.
///
/// # Errors
/// `malformed` for number 0, `permit_challenge` for one that is handed over, `sequence_fork` for a number that was seen
/// with other content, `permit_payee`, `currency_mismatch`, `permit_amount`, `permit_window`, `limit_exceeded` where
/// enough are outstanding: in this order, each with the pointer of the member.
pub fn admit(deposit: &Deposit<'_>, permit: &Permit) -> Result<Admission, Problem> {
    let wrong = |code, pointer: &str| Err(Problem::new(code).at(pointer));
    if deposit.number == 0 {
        return Err(Problem::new(Code::Malformed)
            .at("/seq")
            .detail("permits are numbered from 1"));
    }
    // Before it is looked up: a merchant has the permit that answered its challenge, and says it again by itself.
    if permit.challenge.is_some() {
        return wrong(Code::PermitChallenge, "/challenge");
    }
    match deposit.seen {
        Some(content) if content == deposit.content => return Ok(Admission::Known),
        Some(_) => return wrong(Code::SequenceFork, "/seq"),
        None => {}
    }
    if permit.payee != deposit.payee {
        return wrong(Code::PermitPayee, "/payee");
    }
    let (PermitAmount::AtMost(amount) | PermitAmount::Exact(amount)) = &permit.amount;
    match amount.within(&deposit.terms.limits.per_charge) {
        Ok(true) if amount.is_positive() => {}
        Err(MoneyError::CurrencyMismatch) => return wrong(Code::CurrencyMismatch, "/amount"),
        _ => return wrong(Code::PermitAmount, "/amount"),
    }
    let reach = Reach::of(deposit.rules, deposit.terms, deposit.active_since, deposit.now);
    if permit.not_before >= permit.not_after || permit.not_after.seconds_since(permit.not_before) > reach.longest {
        return wrong(Code::PermitWindow, "/not_before");
    }
    if permit.not_after <= deposit.now || permit.not_after > reach.last.plus_seconds(CLOCK_AHEAD) {
        return wrong(Code::PermitWindow, "/not_after");
    }
    if deposit.outstanding >= u64::from(reach.most) {
        return Err(Problem::new(Code::LimitExceeded).detail("enough permits are deposited"));
    }
    Ok(Admission::New)
}

impl Reach {
    fn of(rules: &PermitRules, terms: &Terms, active_since: Timestamp, now: Timestamp) -> Self {
        let (longest, last, most) = match terms.kind {
            MandateKind::Subscription => {
                let current = Period::of(now, active_since, terms.limits.period_days);
                let last = periods(rules, terms, active_since, now).last().unwrap_or(current);
                let longest = current.end.seconds_since(current.begin);
                (longest, last.end, rules.subscription.periods_ahead)
            }
            MandateKind::PayAsYouGo => {
                let pool = &rules.pay_as_you_go;
                (pool.window.get(), now.plus_seconds(pool.window.get()), pool.pool)
            }
        };
        Self {
            longest,
            last: terms.valid_until.map_or(last, |until| until.min(last)),
            most: terms.limits.charges.map_or(most, |charges| charges.min(most)),
        }
    }
}

/// The billing periods that have a permit now.
fn periods(
    rules: &PermitRules,
    terms: &Terms,
    active_since: Timestamp,
    now: Timestamp,
) -> impl Iterator<Item = Period> {
    let days = terms.limits.period_days;
    let current = Period::of(now, active_since, days).index;
    (0..i64::from(rules.subscription.periods_ahead))
        .map(move |ahead| Period::numbered(current.saturating_add(ahead), active_since, days))
}

#[cfg(test)]
mod tests;

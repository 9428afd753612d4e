//! Charge permits: made by the phone's half of a token, deposited ahead or handed to a merchant who is present.

use crate::error::WalletError;
use crate::events::WalletEvent;
use crate::inner::Inner;
use crate::journal::{Deposited, MandateRow, OutboxRow, Purpose, token_record};
use crate::unit::Unit;
use quittance_flows::mandate::MandateEvent;
use quittance_flows::permits::plan;
use quittance_flows::{Hold, HoldOwner};
use quittance_protocol::answer::MandateRecord;
use quittance_protocol::ed25519::SigningKey;
use quittance_protocol::statement::{MandateKind, Permit, PermitAmount, ReplicaState};
use quittance_protocol::{MandateId, Money, Timestamp, Unsigned};
use quittance_vault::VaultError;
use std::sync::Arc;
use zeroize::Zeroizing;

/// The bytes of a half.
const SEED_BYTES: usize = 32;
/// What a half is called that has not the form of one.
const HALF: &str = "token";

/// What one permit covers, and when.
struct Cover {
    amount: PermitAmount,
    not_before: Timestamp,
    not_after: Timestamp,
    challenge: Option<String>,
}

impl Inner {
    /// Makes a permit for exactly one payment while the payer is present. Works offline.
    pub(crate) async fn payer_present_permit(
        self: &Arc<Self>,
        mandate: MandateId,
        amount: Money,
        challenge: String,
    ) -> Result<String, WalletError> {
        self.look(|inner| inner.enrolled().map(|_| ())).await?;
        self.unit(move |unit| {
            let mut row = unit.mandate(mandate)?;
            // A half that was lost since the last contact is no trouble of the phone's other permissions.
            if !row.can_pay() || !unit.has_half(&row)? {
                return Err(WalletError::NotPayable);
            }
            match amount.within(&row.terms.limits.per_charge) {
                Ok(true) if amount.is_positive() => {}
                Ok(false) => return Err(WalletError::AboveLimit),
                Ok(true) | Err(_) => return Err(WalletError::BadAmount),
            }
            let now = unit.now()?;
            // The gateway's time decides. A phone whose clock is ahead must not make a permit that begins later: the
            // window begins at a moment that the gateway has told already. It is as short as a proof's life.
            let told = unit.get::<crate::journal::TimeRow>(b"")?.map_or(now, |row| row.0.told);
            let life = unit.inner.policy()?.factor.proof_life.get();
            let cover = Cover {
                amount: PermitAmount::Exact(amount),
                not_before: told.min(now),
                not_after: now.plus_seconds(life),
                challenge: Some(challenge),
            };
            let (_number, compact) = unit.make_permit(&mut row, cover)?;
            unit.put(&row)?;
            Ok(compact)
        })
        .await
    }
}

impl Unit<'_> {
    /// The permits that a mandate should have ahead and does not have, signed; the row is changed and not yet staged.
    pub(crate) fn make_permits_ahead(
        &mut self,
        row: &mut MandateRow,
        now: Timestamp,
    ) -> Result<Vec<(u64, String)>, WalletError> {
        let rules = self.inner.policy()?.token.permit;
        let base = *row.permit_base.get_or_insert(now);
        let made = made_ahead(row, &self.list()?, now);
        let mut permits = Vec::new();
        for planned in plan(&rules, &row.terms, base, now, &made, row.next_permit) {
            let (not_before, not_after) = (planned.not_before, planned.not_after);
            let cover = Cover {
                amount: planned.amount,
                not_before,
                not_after,
                challenge: None,
            };
            let (number, compact) = self.make_permit(row, cover)?;
            row.deposited.push(Deposited {
                number,
                amount: planned.amount,
                not_before,
                not_after,
            });
            permits.push((number, compact));
        }
        Ok(permits)
    }

    /// Deposits the permits that a mandate which can pay has not got, one statement each; none while another one is under
    /// way, which the gateway's count of what is left lacks.
    ///
    /// # Errors
    /// What [`unless_half_is_lost`] takes, before anything is staged: the unit may go on without it.
    pub(crate) fn renew_permits(&mut self, mut row: MandateRow) -> Result<(), WalletError> {
        let mandate = row.mandate;
        let waits = self
            .list::<OutboxRow>()?
            .iter()
            .any(|waiting| matches!(waiting.purpose, Purpose::Permit { mandate: of, .. } if of == mandate));
        if waits || row.gateway.is_none() {
            return Ok(());
        }
        let now = self.now()?;
        let permits = self.make_permits_ahead(&mut row, now)?;
        if permits.is_empty() {
            return Ok(());
        }
        self.put(&row)?;
        for (number, permit) in permits {
            self.enqueue(Purpose::Permit { mandate, number }, Some(permit))?;
        }
        Ok(())
    }

    /// Signs one permit with the phone's half; its number is used up with the unit's commit.
    fn make_permit(&mut self, row: &mut MandateRow, cover: Cover) -> Result<(u64, String), WalletError> {
        let seed = self
            .inner
            .vault()?
            .get(&token_record(row.token))?
            .ok_or(WalletError::NotPayable)?;
        let seed: Zeroizing<[u8; 32]> =
            Zeroizing::new(seed.as_slice().try_into().map_err(|_| WalletError::Journal(HALF))?);
        let half = SigningKey::from_seed(&seed).map_err(|_| WalletError::Journal(HALF))?;
        let number = row.next_permit;
        row.next_permit = number.saturating_add(1);
        let body = Permit {
            token: row.token,
            payee: row.merchant,
            amount: cover.amount,
            not_before: cover.not_before,
            not_after: cover.not_after,
            challenge: cover.challenge,
        };
        let claims = self.claims(Some(number))?;
        let unsigned = Unsigned::new(&half.public_key().thumbprint(), &claims, &body)?;
        let signature = half.sign(unsigned.signing_input());
        Ok((number, unsigned.with_signature(&signature)))
    }

    /// Whether the vault has a mandate's half, so that it can be used. No key is made of it: that would leave it on the stack.
    ///
    /// # Errors
    /// Every error that is not about this half alone.
    pub(crate) fn has_half(&self, row: &MandateRow) -> Result<bool, WalletError> {
        let kept = self.inner.vault()?.get(&token_record(row.token));
        let found = match kept {
            Ok(Some(seed)) if seed.as_slice().len() == SEED_BYTES => return Ok(true),
            Ok(Some(_)) => WalletError::Journal(HALF),
            Ok(None) => WalletError::NotPayable,
            Err(error) => error.into(),
        };
        unless_half_is_lost(found).map(|()| false)
    }

    /// Holds what cannot pay because its half is gone, and tells the payer once (domain 7.2). The hold falls when the half is
    /// back and the gateway has heard of it.
    pub(crate) fn hold_what_is_lost(&mut self) -> Result<(), WalletError> {
        let (at, by) = (self.now()?, HoldOwner::Device);
        for mut row in self.list::<MandateRow>()? {
            if !row.should_have_half() || row.replica.holds.contains(&by) || self.has_half(&row)? {
                continue;
            }
            row.apply(MandateEvent::HoldAdded(Hold::new(by, at)));
            self.put(&row)?;
            let mandate = row.mandate;
            self.tell(WalletEvent::Held { mandate, by })?;
        }
        Ok(())
    }
}

/// Steps over a mandate whose half the vault does not have any more, or not so that it can be used: it gets no permits.
///
/// # Errors
/// Every other error: it is not about this half alone.
pub(crate) fn unless_half_is_lost(error: WalletError) -> Result<(), WalletError> {
    let is_lost = matches!(
        error,
        WalletError::NotPayable | WalletError::Journal(HALF) | WalletError::Vault(VaultError::Corrupt { .. })
    );
    if is_lost {
        tracing::warn!(%error, "a half cannot be used: what the vault has of it is damaged or gone");
        Ok(())
    } else {
        Err(error)
    }
}

/// The permits with which can still be charged, as far as this phone knows, earliest first: those whose window has not
/// ended, without those that were used. One of which the gateway has not spoken yet counts: it may have arrived.
/// `outbox`: what waits for the gateway.
pub(crate) fn standing<'r>(row: &'r MandateRow, outbox: &[OutboxRow], now: Timestamp) -> Vec<&'r Deposited> {
    if row.half == ReplicaState::Destroyed {
        return Vec::new();
    }
    let mut ahead: Vec<_> = row.deposited.iter().filter(|permit| permit.not_after > now).collect();
    ahead.sort_by_key(|permit| (permit.not_before, permit.number));
    // The earliest are used first.
    ahead.drain(..told_and_used(row, outbox, now));
    ahead
}

/// How many of the permits whose window has not ended were used: those that the gateway has spoken of, and does not have any
/// more. None before it has spoken of the mandate.
fn told_and_used(row: &MandateRow, outbox: &[OutboxRow], now: Timestamp) -> usize {
    row.gateway.as_ref().map_or(0, |record| {
        let told = |permit: &&Deposited| permit.not_after > now && is_told(permit, record, outbox);
        let left = usize::try_from(record.permits_left).unwrap_or(usize::MAX);
        row.deposited.iter().filter(told).count().saturating_sub(left)
    })
}

/// Whether the gateway had the permit when it told of the mandate. Of one that waits it is not known: the gateway may have
/// seen a higher number on the spot.
pub(crate) fn is_told(permit: &Deposited, record: &MandateRecord, outbox: &[OutboxRow]) -> bool {
    let deposit = Purpose::Permit {
        mandate: record.mandate,
        number: permit.number,
    };
    permit.number < record.next_permit && outbox.iter().all(|waiting| waiting.purpose != deposit)
}

/// When the permits begin beside which others are planned: of a subscription all whose period has not ended, since a period that
/// had its permit gets no other one; of what is paid as it is used those that can still be charged. The others are forgotten.
fn made_ahead(row: &mut MandateRow, outbox: &[OutboxRow], now: Timestamp) -> Vec<Timestamp> {
    row.deposited.retain(|permit| permit.not_after > now);
    if row.terms.kind == MandateKind::PayAsYouGo {
        let used = told_and_used(row, outbox, now);
        // The lowest are used first.
        row.deposited.drain(..used);
    }
    row.deposited.iter().map(|permit| permit.not_before).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::destruction::tests::signed;
    use quittance_protocol::answer::{EnrolmentKind, MandateState};
    use quittance_protocol::money::Currency;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_unix(1_800_000_000 + second).unwrap()
    }

    /// A mandate with three permits for ten seconds each, one after the other, of which the gateway has heard of `told`, and has
    /// `left`.
    fn mandate(kind: MandateKind, gateway: Option<(u64, u32)>) -> MandateRow {
        let mut row = signed(3);
        row.terms.kind = kind;
        row.half = ReplicaState::Active;
        row.deposited = (0..3u8)
            .map(|number| Deposited {
                number: u64::from(number),
                amount: PermitAmount::AtMost(Money::new(100, Currency::new("CNY").unwrap()).unwrap()),
                not_before: at(10 * i64::from(number)),
                not_after: at(10 * i64::from(number) + 10),
            })
            .collect();
        row.gateway = gateway.map(|(told, left)| MandateRecord {
            mandate: row.mandate,
            token: row.token,
            terms: row.terms.clone(),
            state: MandateState::Active,
            holds: Vec::new(),
            gateway_half: ReplicaState::Active,
            permits_left: left,
            next_permit: told,
            order: None,
            active_since: None,
            effective_at: None,
            ending: None,
            enrolment: EnrolmentKind::PayerSigned,
            auto_renewal: None,
            taken: None,
            as_of: None,
            version: 1,
        });
        row
    }

    /// Of those three permits, the beginnings of those that count at a moment.
    fn counted(kind: MandateKind, gateway: Option<(u64, u32)>, now: i64) -> Vec<Timestamp> {
        let mut row = mandate(kind, gateway);
        let counted = made_ahead(&mut row, &[], at(now));
        let kept: Vec<Timestamp> = row.deposited.iter().map(|permit| permit.not_before).collect();
        assert_eq!(kept, counted, "what does not count is not kept");
        counted
    }

    #[test]
    fn a_permit_counts_until_before_its_window_ends() {
        let all = [at(0), at(10), at(20)];
        assert_eq!(counted(MandateKind::Subscription, None, 9), all);
        assert_eq!(counted(MandateKind::Subscription, None, 10), all[1..]);
        assert_eq!(counted(MandateKind::Subscription, None, 30), []);
    }

    #[test]
    fn the_lowest_are_used_first_where_any_permit_serves_and_none_is_given_twice_for_a_period() {
        assert_eq!(counted(MandateKind::PayAsYouGo, Some((3, 1)), 0), [at(20)]);
        assert_eq!(counted(MandateKind::PayAsYouGo, Some((3, 3)), 0).len(), 3);
        assert_eq!(counted(MandateKind::PayAsYouGo, Some((3, 4)), 0).len(), 3);
        assert_eq!(
            counted(MandateKind::PayAsYouGo, None, 0).len(),
            3,
            "the gateway has told nothing yet"
        );
        assert_eq!(counted(MandateKind::Subscription, Some((3, 1)), 0).len(), 3);
    }

    #[test]
    fn a_permit_of_which_the_gateway_has_not_spoken_is_not_taken_for_used() {
        for (told, left, usable) in [(2, 2, 3), (2, 1, 2), (2, 0, 1), (0, 0, 3)] {
            let row = mandate(MandateKind::PayAsYouGo, Some((told, left)));
            let shown: Vec<Timestamp> = standing(&row, &[], at(0))
                .iter()
                .map(|permit| permit.not_before)
                .collect();
            assert_eq!(shown.len(), usable, "{told} told, {left} left");
            assert_eq!(
                counted(MandateKind::PayAsYouGo, Some((told, left)), 0),
                shown,
                "planned as shown"
            );
        }
    }
}

//! What a run brings about: an effect together with the wish that it carries out.

use crate::definition::FlowEffect;
use quittance_protocol::flow_event::Wish;
use quittance_protocol::statement::{Limits, StopScope};
use quittance_protocol::{AccountId, Money, OrderId, Timestamp};

/// An effect with what the payer wished for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// See [`FlowEffect::Provision`].
    Provision,
    /// See [`FlowEffect::Destroy`].
    Destroy,
    /// See [`FlowEffect::LiftPause`].
    LiftPause,
    /// See [`FlowEffect::Hold`].
    Hold,
    /// See [`FlowEffect::AutoRenewalOff`].
    AutoRenewalOff,
    /// Takes this order back.
    Undo(OrderId),
    /// Gives the mandate these limits.
    ChangeLimits(Limits),
    /// Keeps the safety lock on until then.
    ExtendLock(Timestamp),
    /// See [`FlowEffect::ReleaseLock`].
    ReleaseLock,
    /// Sets what this teen may spend on one charge without being asked.
    SetTeenLimit(AccountId, Money),
    /// Ends this account's teen mode.
    LeaveTeenMode(AccountId),
    /// Takes this stop instruction back.
    LiftStop(StopScope),
    /// See [`FlowEffect::AskContacts`].
    AskContacts,
    /// See [`FlowEffect::CheckContacts`].
    CheckContacts,
    /// See [`FlowEffect::SetContacts`].
    SetContacts,
    /// See [`FlowEffect::OpenPinReset`].
    OpenPinReset,
    /// See [`FlowEffect::OpenLockPassword`].
    OpenLockPassword,
    /// See [`FlowEffect::NoteObstruction`].
    NoteObstruction,
}

impl Deed {
    /// What an effect brings about in a run with this wish; nothing where it needs a wish and has none, or another one.
    /// An effect that needs none leaves the run's wish to the one that does.
    #[must_use]
    pub fn of(effect: FlowEffect, wish: Option<&Wish>) -> Option<Self> {
        Some(match (effect, wish) {
            (FlowEffect::Undo, Some(Wish::Undo { order })) => Self::Undo(*order),
            (FlowEffect::ChangeLimits, Some(Wish::Limits { limits })) => Self::ChangeLimits(*limits),
            (FlowEffect::ExtendLock, Some(Wish::ExtendLock { until })) => Self::ExtendLock(*until),
            (FlowEffect::SetTeenLimit, Some(Wish::TeenLimit { teen, per_charge })) => {
                Self::SetTeenLimit(*teen, *per_charge)
            }
            (FlowEffect::LeaveTeenMode, Some(Wish::TeenExit { teen })) => Self::LeaveTeenMode(*teen),
            (FlowEffect::LiftStop, Some(Wish::LiftStop { stop })) => Self::LiftStop(stop.clone()),
            (
                FlowEffect::Undo
                | FlowEffect::ChangeLimits
                | FlowEffect::ExtendLock
                | FlowEffect::SetTeenLimit
                | FlowEffect::LeaveTeenMode
                | FlowEffect::LiftStop,
                _,
            ) => return None,
            (FlowEffect::Provision, _) => Self::Provision,
            (FlowEffect::Destroy, _) => Self::Destroy,
            (FlowEffect::LiftPause, _) => Self::LiftPause,
            (FlowEffect::Hold, _) => Self::Hold,
            (FlowEffect::AutoRenewalOff, _) => Self::AutoRenewalOff,
            (FlowEffect::ReleaseLock, _) => Self::ReleaseLock,
            (FlowEffect::AskContacts, _) => Self::AskContacts,
            (FlowEffect::CheckContacts, _) => Self::CheckContacts,
            (FlowEffect::SetContacts, _) => Self::SetContacts,
            (FlowEffect::OpenPinReset, _) => Self::OpenPinReset,
            (FlowEffect::OpenLockPassword, _) => Self::OpenLockPassword,
            (FlowEffect::NoteObstruction, _) => Self::NoteObstruction,
        })
    }

    /// Whether a run that ends with this effect can begin with this wish: with the one that the effect needs, else none.
    #[must_use]
    pub fn fits(effect: FlowEffect, wish: Option<&Wish>) -> bool {
        match wish {
            None => !needs_wish(effect),
            Some(_) => needs_wish(effect) && Self::of(effect, wish).is_some(),
        }
    }
}

/// Whether an effect brings about what the payer wished, and nothing without it.
pub(crate) fn needs_wish(effect: FlowEffect) -> bool {
    Deed::of(effect, None).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use quittance_protocol::Currency;

    fn wishes() -> Vec<(FlowEffect, Wish)> {
        let money = Money::new(5000, Currency::new("CNY").unwrap()).unwrap();
        let teen = AccountId::from_bytes([1; 16]);
        let limits = Limits::new(money, money, 30);
        vec![
            (FlowEffect::ChangeLimits, Wish::Limits { limits }),
            (
                FlowEffect::Undo,
                Wish::Undo {
                    order: OrderId::from_bytes([2; 16]),
                },
            ),
            (
                FlowEffect::SetTeenLimit,
                Wish::TeenLimit {
                    teen,
                    per_charge: money,
                },
            ),
            (FlowEffect::LeaveTeenMode, Wish::TeenExit { teen }),
            (
                FlowEffect::LiftStop,
                Wish::LiftStop {
                    stop: StopScope::Everything {},
                },
            ),
            (
                FlowEffect::ExtendLock,
                Wish::ExtendLock {
                    until: Timestamp::from_unix(0).unwrap(),
                },
            ),
        ]
    }

    #[test]
    fn each_wish_fits_its_own_effect_and_no_other() {
        for (own, wish) in wishes() {
            let deed = Deed::of(own, Some(&wish));
            assert!(deed.is_some() && Deed::fits(own, Some(&wish)), "{own:?}");
            assert!(!Deed::fits(own, None), "{own:?} without a wish");
            for (other, _) in wishes().into_iter().filter(|(other, _)| *other != own) {
                assert_eq!(Deed::of(other, Some(&wish)), None, "{other:?} with the wish of {own:?}");
                assert!(!Deed::fits(other, Some(&wish)), "{other:?} with the wish of {own:?}");
            }
        }
    }

    #[test]
    fn an_effect_that_needs_no_wish_begins_with_none_and_is_carried_out_beside_any() {
        let (_, wish) = wishes().remove(0);
        for effect in [FlowEffect::Destroy, FlowEffect::Hold, FlowEffect::ReleaseLock] {
            assert!(Deed::fits(effect, None));
            assert!(!Deed::fits(effect, Some(&wish)), "{effect:?}");
            assert_eq!(Deed::of(effect, Some(&wish)), Deed::of(effect, None));
        }
    }
}

//! What a flow is to bring about, beyond the mandates that it names.

use crate::convert::{amount, id, timestamp};
use crate::error::WalletError;
use crate::records::{Limits, Money};
use crate::stopping::StopScope;
use quittance_protocol::{flow_event, statement};
use std::time::SystemTime;

/// What a flow is to bring about, where its mandates alone do not say it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Wish {
    /// Other limits for the mandate: `mandate.change_limits`.
    ChangeLimits {
        /// The new limits.
        limits: Limits,
    },
    /// Take back an order before it is effective: `mandate.undo`.
    UndoOrder {
        /// The order.
        order: String,
    },
    /// What a teen may spend on one charge: `teen.raise_limit`.
    TeenLimit {
        /// The teen's account.
        teen: String,
        /// Most for one charge.
        per_charge: Money,
    },
    /// Leave teen mode: `teen.exit`.
    TeenExit {
        /// The teen's account.
        teen: String,
    },
    /// Take a stop instruction back: `stop.lift`.
    LiftStop {
        /// Which.
        stop: StopScope,
    },
    /// Keep the safety lock on for longer: `lock.extend`.
    ExtendLock {
        /// Until when, in whole seconds.
        until: SystemTime,
    },
}

impl TryFrom<Wish> for flow_event::Wish {
    type Error = WalletError;

    /// The wish as the core takes it; a member that cannot be used is named.
    fn try_from(wish: Wish) -> Result<Self, WalletError> {
        Ok(match wish {
            Wish::ChangeLimits { limits } => Self::Limits {
                limits: limits.named("limits")?,
            },
            Wish::UndoOrder { order } => Self::Undo {
                order: id("order", &order)?,
            },
            Wish::TeenLimit { teen, per_charge } => Self::TeenLimit {
                teen: id("teen", &teen)?,
                per_charge: amount("per_charge", &per_charge)?,
            },
            Wish::TeenExit { teen } => Self::TeenExit {
                teen: id("teen", &teen)?,
            },
            Wish::LiftStop { stop } => Self::LiftStop {
                stop: stop.named("stop")?,
            },
            Wish::ExtendLock { until } => Self::ExtendLock {
                until: timestamp("until", until)?,
            },
        })
    }
}

impl Limits {
    /// The limits as the core takes them; `member` names the part that cannot be used.
    fn named(self, member: &str) -> Result<statement::Limits, WalletError> {
        let money = |part: &str, money: &Money| amount(&format!("{member}.{part}"), money);
        let mut limits = statement::Limits::new(
            money("per_charge", &self.per_charge)?,
            money("per_period", &self.per_period)?,
            self.period_days,
        );
        limits.total = self.total.map(|total| money("total", &total)).transpose()?;
        limits.charges_per_period = self.charges_per_period;
        limits.charges = self.charges;
        limits.exact = self.exact;
        Ok(limits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convert::tests::member;
    use quittance_protocol::{AccountId, MerchantId, OrderId};
    use std::time::{Duration, UNIX_EPOCH};

    fn money(minor: i64) -> Money {
        Money {
            minor,
            currency: "CNY".to_owned(),
        }
    }

    fn limits() -> Limits {
        Limits {
            per_charge: money(5000),
            per_period: money(50_000),
            period_days: 30,
            total: Some(money(60_000)),
            charges_per_period: Some(4),
            charges: Some(12),
            exact: true,
        }
    }

    fn taken(wish: Wish) -> flow_event::Wish {
        flow_event::Wish::try_from(wish).unwrap()
    }

    fn refused(wish: Wish) -> String {
        member(flow_event::Wish::try_from(wish).unwrap_err())
    }

    //
    #[test]
    fn every_limit_reaches_the_core() {
        let wanted = Wish::ChangeLimits { limits: limits() };
        let flow_event::Wish::Limits { limits: reached } = taken(wanted) else {
            panic!("another wish")
        };
        assert_eq!(Limits::from(reached), limits());
    }

    #[test]
    fn what_is_wrong_with_a_wish_is_named() {
        let mut wrong = limits();
        wrong.total = Some(money(i64::MAX));
        assert_eq!(refused(Wish::ChangeLimits { limits: wrong }), "limits.total.minor");
        let no_id = || "x".to_owned();
        assert_eq!(refused(Wish::UndoOrder { order: no_id() }), "order");
        assert_eq!(refused(Wish::TeenExit { teen: no_id() }), "teen");
        let before_time = UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(refused(Wish::ExtendLock { until: before_time }), "until");
        let stop = StopScope::Merchant { merchant: no_id() };
        assert_eq!(refused(Wish::LiftStop { stop }), "stop.merchant");
    }

    #[test]
    fn every_wish_keeps_what_it_is_about() {
        let (order, teen) = (OrderId::from_bytes([1; 16]), AccountId::from_bytes([2; 16]));
        let undo = Wish::UndoOrder {
            order: order.to_string(),
        };
        assert_eq!(taken(undo), flow_event::Wish::Undo { order });
        let exit = Wish::TeenExit { teen: teen.to_string() };
        assert_eq!(taken(exit), flow_event::Wish::TeenExit { teen });
        let until = UNIX_EPOCH + Duration::from_millis(1_795_000_000_900);
        let flow_event::Wish::ExtendLock { until } = taken(Wish::ExtendLock { until }) else {
            panic!("another wish")
        };
        assert_eq!(until.unix(), 1_795_000_000);
    }

    //
    #[test]
    fn every_scope_comes_back_as_it_went() {
        let scopes = [
            StopScope::Everything,
            StopScope::Category {
                category: "games".to_owned(),
            },
            StopScope::Merchant {
                merchant: MerchantId::from_bytes([3; 16]).to_string(),
            },
        ];
        for scope in scopes {
            assert_eq!(StopScope::from(scope.clone().named("stop").unwrap()), scope);
        }
    }
}

//! Ways back to a forgotten PIN: which would be open now, with what the others still need.

use crate::error::WalletError;
use crate::inner::Inner;
use crate::journal::RecoveryRow;
use crate::next::fact;
use crate::text::{Text, TextArgument};
use crate::texts;
use crate::time::is_stale;
use crate::unit::Unit;
use quittance_flows::Policy;
use quittance_flows::flow::Because;
use quittance_flows::recovery::{Missing, Way, ways};
use quittance_protocol::answer::Reconciled;
use quittance_protocol::{Quantity, Timestamp};

/// Every way back that the policy ships, without a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveryReadiness {
    /// The ways. To begin one of them takes a network.
    pub ways: Vec<WayBack>,
    /// When the gateway last told what they depend on; absent: never.
    pub as_of: Option<Timestamp>,
    /// That is longer ago than the policy's `sync.max_lag`, or never: say so.
    pub stale: bool,
}

/// One way back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WayBack {
    /// The definition that is begun.
    pub definition: String,
    /// What it is called.
    pub name: Text,
    /// What it asks for.
    pub about: Text,
    /// What it still needs; empty where it is ready.
    pub needs: Vec<NeedView>,
}

impl WayBack {
    /// Whether it would come to its first question if it were begun now.
    #[must_use]
    pub const fn is_ready(&self) -> bool {
        self.needs.is_empty()
    }

    /// Whether beginning it is worth trying: nothing that is known is missing.
    #[must_use]
    pub fn may_begin(&self) -> bool {
        self.needs.iter().all(|need| need.need == Need::AskedWhenItBegins)
    }
}

/// Something that a way back still needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeedView {
    /// What.
    pub need: Need,
    /// The same in words.
    pub says: Text,
}

/// What a way back can need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Need {
    /// More charges that were settled: too few to ask about.
    Charges {
        /// How many there are.
        have: u32,
        /// How many it takes.
        need: u32,
    },
    /// More trusted contacts who may vouch: the flow `contacts.set` names them.
    Contacts {
        /// How many may vouch now.
        have: u32,
        /// How many it takes.
        need: u32,
        /// From when on those count that were named last; absent where none wait for that.
        count_from: Option<Timestamp>,
    },
    /// Another day: it was tried as often as one day allows.
    AnotherDay {
        /// How often that is.
        most: u32,
    },
    /// Something that only the gateway can tell, and did not tell yet: it is asked when the way begins.
    AskedWhenItBegins,
    /// Something that this version has no word for.
    Other {
        /// The fact, as the policy names it.
        fact: String,
    },
}

impl Inner {
    /// The ways back; read from this phone alone.
    pub(crate) fn recovery_readiness(&self) -> Result<RecoveryReadiness, WalletError> {
        let (policy, now) = (self.policy()?, self.estimate()?);
        let row = self.read::<RecoveryRow>(b"")?;
        let as_of = row.as_ref().map(|row| row.as_of);
        let record = row.map(|row| row.record).unwrap_or_default();
        let found = ways(&policy, &record.facts).map_err(|_| WalletError::Internal("ways back"))?;
        let shown = found
            .into_iter()
            .map(|way| way_back(&policy, way, record.contacts_count_from));
        Ok(RecoveryReadiness {
            ways: shown.collect(),
            as_of,
            stale: is_stale(as_of, now, policy.sync.max_lag),
        })
    }
}

impl Unit<'_> {
    /// Keeps what the gateway tells about the ways back, for when there is no network.
    pub(crate) fn take_ways_back(&mut self, answer: &Reconciled) -> Result<(), WalletError> {
        match &answer.recovery {
            Some(record) => self.put(&RecoveryRow {
                record: record.clone(),
                as_of: answer.now,
            }),
            None => Ok(()),
        }
    }
}

fn way_back(policy: &Policy, way: Way, count_from: Option<Timestamp>) -> WayBack {
    let mut needs: Vec<NeedView> = Vec::new();
    for missing in way.missing {
        let shown = need(policy, &missing, count_from);
        // Two facts that nobody told are one thing to say.
        if !needs.contains(&shown) {
            needs.push(shown);
        }
    }
    WayBack {
        name: texts::name_of(&way.definition),
        about: texts::about_way_back(&way.definition),
        definition: way.definition,
        needs,
    }
}

fn need(policy: &Policy, missing: &Missing, count_from: Option<Timestamp>) -> NeedView {
    let (family, found) = match missing {
        Missing::Guard(Because::Lacks(found)) => ("because.lacks", found),
        Missing::Guard(Because::Exceeds(found)) => ("because.exceeds", found),
        Missing::Guard(_) | Missing::Unheard(_) => {
            return NeedView {
                need: Need::AskedWhenItBegins,
                says: Text::new("recovery.need.asked_when_it_begins"),
            };
        }
    };
    let (have, bound) = (whole(found.value), whole(found.bound));
    let need = match found.fact.as_str() {
        "settled_transactions" => Need::Charges { have, need: bound },
        "contacts_eligible" => Need::Contacts {
            have,
            need: bound,
            count_from,
        },
        "quiz_attempts_today" => Need::AnotherDay { most: bound },
        name => Need::Other { fact: name.to_owned() },
    };
    let says = match &need {
        Need::Contacts {
            count_from: Some(moment),
            ..
        } => Text::new("recovery.need.contacts_wait").with("moment", *moment),
        Need::AnotherDay { most } => Text::new("recovery.need.another_day").with("most", TextArgument::count(*most)),
        _ => fact(family, found, policy, None),
    };
    NeedView { need, says }
}

fn whole(number: Quantity) -> u32 {
    u32::try_from(number.trunc()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::KEYS;
    use quittance_flows::policy::DEFAULT_BUNDLE;
    use quittance_flows::recovery::{FactsByWay, definitions, facts_at_the_door};

    fn shown(known: &FactsByWay, count_from: Option<Timestamp>) -> Vec<WayBack> {
        let policy = Policy::load(DEFAULT_BUNDLE).unwrap();
        let ways = ways(&policy, known).unwrap();
        ways.into_iter().map(|way| way_back(&policy, way, count_from)).collect()
    }

    /// Every fact with this value.
    fn all(value: i64) -> FactsByWay {
        let policy = Policy::load(DEFAULT_BUNDLE).unwrap();
        let facts = |definition| {
            let names = facts_at_the_door(definition).into_iter();
            names.map(|name| (name.to_owned(), Quantity::whole(value))).collect()
        };
        definitions(&policy)
            .map(|(name, definition)| (name.to_owned(), facts(definition)))
            .collect()
    }

    fn needs(known: &FactsByWay, count_from: Option<Timestamp>) -> Vec<Vec<Need>> {
        let ways = shown(known, count_from).into_iter();
        ways.map(|way| way.needs.into_iter().map(|need| need.need).collect())
            .collect()
    }

    //
    #[test]
    fn what_a_way_needs_is_typed_with_how_much_there_is() {
        let charges = Need::Charges { have: 0, need: 20 };
        let contacts = |count_from| Need::Contacts {
            have: 0,
            need: 3,
            count_from,
        };
        assert_eq!(needs(&all(0), None), [vec![charges.clone()], vec![contacts(None)]]);
        let moment = Timestamp::from_unix(1_795_000_000).ok();
        assert_eq!(needs(&all(0), moment), [vec![charges], vec![contacts(moment)]]);
        let unresolved = Need::Other {
            fact: "lock_trigger_open".to_owned(),
        };
        let too_much = vec![unresolved, Need::AnotherDay { most: 2 }];
        assert_eq!(needs(&all(99), None), [too_much, vec![]]);
    }

    //
    #[test]
    fn what_the_gateway_never_told_is_said_once_and_makes_nothing_ready() {
        let unheard = vec![Need::AskedWhenItBegins];
        assert_eq!(needs(&FactsByWay::new(), None), [unheard.clone(), unheard]);
        let unknown = shown(&FactsByWay::new(), None);
        assert!(unknown.iter().all(|way| !way.is_ready() && way.may_begin()));
        assert!(!shown(&all(0), None).iter().any(WayBack::may_begin), "control");
    }

    #[test]
    fn every_way_and_every_need_has_words() {
        let moment = Timestamp::from_unix(1_795_000_000).ok();
        for known in [all(0), all(99), FactsByWay::new()] {
            for way in shown(&known, None).into_iter().chain(shown(&known, moment)) {
                assert!(KEYS.contains(&way.name.key.as_str()), "{}", way.name.key);
                assert!(KEYS.contains(&way.about.key.as_str()), "{}", way.about.key);
                assert_ne!(way.about.key, "recovery.about.other");
                for need in way.needs {
                    assert!(KEYS.contains(&need.says.key.as_str()), "{}", need.says.key);
                    assert_ne!(need.says.key, "because.other");
                }
            }
        }
    }
}

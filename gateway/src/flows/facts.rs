//! What the gateway finds out about a run's subject when it begins.

use std::collections::BTreeMap;

use quittance_flows::destruction::gateway::OwnHalf;
use quittance_flows::facts::{LOCK_TRIGGER_OPEN, RECOVERING, REQUESTED_LIMIT};
use quittance_flows::region::{self, Whereabouts};
use quittance_flows::{FlowDefinition, Policy, recovery, routes, teen};
use quittance_protocol::answer::RecoveryRecord;
use quittance_protocol::flow_event::{FlowStart, Wish};
use quittance_protocol::{AccountId, OrderId, Quantity};

use super::{contacts, settled};
use crate::failure::{Decided, Failure};
use crate::locks;
use crate::parties::{Call, CallKey, GeoQuestion, Location};
use crate::rating;
use crate::store::{Device, Mandate, Profile, SeenFrom};
use crate::turn::Turn;

/// The facts that a definition's conditions compare, as they are now. What is found out later, by answers, starts at
/// nothing.
pub(super) fn find_out(
    turn: &mut Turn<'_>,
    device: &Device,
    start: &FlowStart,
    definition: &FlowDefinition,
) -> Decided<BTreeMap<String, Quantity>> {
    let policy = &turn.world.policies.version(start.policy_version);
    let policy = &policy.ok_or(Failure::Damaged("a flow"))?.policy;
    let mut mandates = Vec::new();
    for id in &start.mandates {
        mandates.extend(turn.store.mandate(*id)?);
    }
    let subject = Subject {
        turn,
        policy,
        account: device.account,
        profile: turn.store.profile(device.account)?,
        definition: &start.definition,
        begun: true,
        wish: start.wish.as_ref(),
        mandates,
    };
    let asked = definition.facts();
    let mut found = subject.region(start)?;
    subject.remember_connection(&found)?;
    found.retain(|name, _| asked.contains(name.as_str()));
    for name in asked {
        if let Some(fact) = subject.fact(name)? {
            found.insert(name.to_owned(), fact);
        }
    }
    Ok(found)
}

/// What a payer's ways back to a forgotten PIN would begin with now, for a screen that shows which of them are open
/// . Nothing is begun and nobody outside is asked.
///
/// # Errors
/// What the store answers.
pub(crate) fn ways_back(turn: &Turn<'_>, account: AccountId) -> Decided<RecoveryRecord> {
    let policy = &turn.world.policies.current()?.policy;
    let profile = turn.store.profile(account)?;
    let sets = &profile.contacts;
    let contacts_count_from = quittance_flows::contacts::counts_from(policy, sets, turn.now);
    let mut facts = BTreeMap::new();
    for (name, definition) in recovery::definitions(policy) {
        let subject = Subject {
            turn,
            policy,
            account,
            profile: profile.clone(),
            definition: name,
            begun: false,
            wish: None,
            mandates: Vec::new(),
        };
        let mut found = BTreeMap::new();
        for fact in recovery::facts_at_the_door(definition) {
            if let Some(value) = subject.fact(fact)? {
                found.insert(fact.to_owned(), value);
            }
        }
        facts.insert(name.to_owned(), found);
    }
    Ok(RecoveryRecord {
        facts,
        contacts_count_from,
    })
}

/// What facts are about.
struct Subject<'s> {
    turn: &'s Turn<'s>,
    policy: &'s Policy,
    account: AccountId,
    profile: Profile,
    /// The definition's name.
    definition: &'s str,
    /// Whether the run has begun, so that it counts itself.
    begun: bool,
    wish: Option<&'s Wish>,
    mandates: Vec<Mandate>,
}

impl Subject<'_> {
    /// One fact; nothing where it is the phone's to say, or found out by an answer.
    fn fact(&self, name: &str) -> Decided<Option<Quantity>> {
        let holds = match name {
            "lock_active" => self.turn.store.lock(self.account)?.is_some(),
            LOCK_TRIGGER_OPEN => locks::has_open_trigger(self.turn, self.account)?,
            "undo_allowed" => self.undo_allowed()?,
            "is_guardian" => self.is_guardian()?,
            "teen_is_adult" => self.is_adult()?,
            RECOVERING => settled::is_recovering(self.turn, self.policy, self.account)?,
            REQUESTED_LIMIT => return Ok(self.requested_limit()),
            "settled_transactions" => return self.settled_transactions().map(Some),
            "contacts_eligible" => return self.contacts_eligible().map(Some),
            "recoveries_failed" => {
                let failed = rating::recent_failures(self.turn, self.policy, &self.profile)?;
                return Ok(Some(Quantity::from(failed)));
            }
            "quiz_attempts_today" => return self.begun_today().map(Some),
            _ => return Ok(self.of_mandates().remove(name)),
        };
        Ok(Some(Quantity::from(holds)))
    }

    fn of_mandates(&self) -> BTreeMap<String, Quantity> {
        let subject = |row: &Mandate| routes::Subject {
            state: row.standing.state,
            channel: row.terms.channel,
            enrolment: row.enrolment,
            auto_renewal: row.auto_renewal == Some(true),
        };
        routes::facts(&self.mandates.iter().map(subject).collect::<Vec<_>>())
    }

    fn region(&self, start: &FlowStart) -> Decided<BTreeMap<String, Quantity>> {
        let location = locate(self.turn, self.account, start, &self.profile);
        let whereabouts = Whereabouts {
            account: self.profile.region.as_deref(),
            connection: location.as_ref().map(|location| location.region.as_str()),
            vpn: location.as_ref().is_some_and(|location| location.vpn),
        };
        Ok(region::facts(self.policy, whereabouts)?)
    }

    /// The next rating counts what this run's connection says: when a mandate ends, nobody is connected.
    fn remember_connection(&self, found: &BTreeMap<String, Quantity>) -> Decided<()> {
        let holds = |name: &str| found.get(name).is_some_and(|fact| *fact >= Quantity::ONE);
        let seen = Some(SeenFrom {
            vpn: holds("vpn"),
            high_risk_region: holds("high_risk_region"),
        });
        if self.profile.connection == seen {
            return Ok(());
        }
        let mut profile = self.profile.clone();
        profile.connection = seen;
        Ok(self.turn.store.put_profile(self.account, &profile)?)
    }

    fn undo_allowed(&self) -> Decided<bool> {
        let Some(Wish::Undo { order }) = self.wish else {
            return Ok(false);
        };
        Ok(self.policy.cancellation.undo_allowed && self.is_scheduled(*order)?)
    }

    fn is_scheduled(&self, order: OrderId) -> Decided<bool> {
        let order = self.turn.store.order(order)?;
        Ok(order.is_some_and(|order| {
            order.account == self.account && order.state.own == OwnHalf::Scheduled && self.turn.now < order.effective_at
        }))
    }

    fn is_guardian(&self) -> Decided<bool> {
        let Some(Wish::TeenLimit { teen, .. } | Wish::TeenExit { teen }) = self.wish else {
            return Ok(false);
        };
        if !self.turn.store.has_account(*teen)? {
            return Ok(false);
        }
        let teen = self.turn.store.profile(*teen)?.teen;
        Ok(teen.is_some_and(|teen| teen.guardian == self.account))
    }

    fn is_adult(&self) -> Decided<bool> {
        let Some(born) = &self.profile.born else {
            return Ok(false);
        };
        let born = born.parse().map_err(|_| Failure::Damaged("a profile"))?;
        Ok(teen::is_adult(self.policy, born, self.turn.now))
    }

    fn requested_limit(&self) -> Option<Quantity> {
        match self.wish {
            Some(Wish::TeenLimit { per_charge, .. }) => Some(per_charge.in_main_units()),
            Some(Wish::Limits { limits }) => Some(limits.per_charge.in_main_units()),
            _ => None,
        }
    }

    fn settled_transactions(&self) -> Decided<Quantity> {
        let here = self.turn.store.count_of_transactions(self.account, self.turn.now)?;
        let before = u64::try_from(self.profile.transactions.len()).unwrap_or(u64::MAX);
        let all = here.saturating_add(before);
        Ok(Quantity::from(u32::try_from(all).unwrap_or(u32::MAX)))
    }

    fn contacts_eligible(&self) -> Decided<Quantity> {
        let fit = contacts::eligible(self.turn.store, self.policy, self.account, self.turn.now)?;
        Ok(Quantity::from(u32::try_from(fit.len()).unwrap_or(u32::MAX)))
    }

    /// Runs of this definition that the payer began on this day of the policy's, this one included.
    fn begun_today(&self) -> Decided<Quantity> {
        let today = self.policy.local_date(self.turn.now);
        let mut begun = u32::from(!self.begun);
        for at in self.turn.store.starts_of(self.account, self.definition)? {
            let day = self.policy.local_date(at);
            begun = begun.saturating_add(u32::from(day == today));
        }
        Ok(Quantity::from(begun))
    }
}

/// Where the payer's connection seems to be, where somebody knows at once.
fn locate(turn: &Turn<'_>, account: AccountId, start: &FlowStart, profile: &Profile) -> Option<Location> {
    let call = Call {
        key: CallKey::named(format!("geo|{}", start.flow)),
        at: turn.now,
    };
    let question = GeoQuestion {
        account,
        address: profile.ip,
    };
    let reply = turn.world.outside.geo_locator.locate(&call, &question).ok()?;
    let in_time = reply.after.from(turn.now).is_some_and(|at| at <= turn.now);
    in_time.then_some(reply.outcome)
}

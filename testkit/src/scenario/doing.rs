//! What the payer, their phone and time do.

use super::acts::{self, Act};
use super::answering::LOCK_PASSWORD;
use super::play::{Play, Run, Wrong};
use super::sandbox::outcome;
use super::setting::{PAYER, money};
use super::words::{LogKeySpec, StopSpec, Way, WishSpec};
use crate::stage::pin_of;
use crate::story::PIN;
use quittance_gateway::Clock as _;
use quittance_protocol::flow_event::Wish;
use quittance_protocol::statement::{Limits, StopScope};
use quittance_protocol::{Money, Quantity};
use quittance_wallet::ItemOutcome;
use serde_json::json;

impl Play {
    /// Does one thing.
    pub(super) async fn act(&mut self, act: &Act) -> Result<(), Wrong> {
        match act {
            Act::Pass(act) => self.pass(act).await,
            Act::Sync(act) => {
                let heard = self.phone(&act.sync)?.wallet.sync().await.map(|_| ());
                outcome(
                    act.fails.as_deref(),
                    heard.map_err(|error| self.refused(&act.sync, &error)),
                )
            }
            Act::Network(act) => match act.network {
                Way::Down => {
                    self.stage.network.down().await;
                    Ok(())
                }
                Way::Up => Ok(self.stage.network.again().await?),
            },
            Act::Restart(act) if act.restart == "gateway" => Ok(self.stage.restart_gateway().await?),
            Act::Restart(act) => self.restart_phone(&act.restart, act.fails.as_deref()),
            Act::LoseKeys(act) => self.lose_keys(&act.lose_keys),
            Act::BackUp(act) => self.back_up(act),
            Act::PutBack(act) => self.put_back(act),
            Act::SetUp(act) => self.set_up(act).await,
            Act::Locks(act) => self.locks(act),
            Act::SetClock(act) => self.set_clock(act),
            Act::LogKey(act) => Ok(self.stage.show_another_log_key(act.log_key == LogKeySpec::Another)?),
            Act::Sign(act) => {
                let name = act.sign.name.clone();
                let signed = self.sign(&act.by, &act.sign, &name).await?;
                outcome(act.fails.as_deref(), signed)
            }
            Act::Begin(act) => self.begin(act).await,
            Act::Answer(act) => self.answer(act).await,
            Act::Link(act) => self.link(act).await,
            Act::Follow(act) => self.follow(act),
            Act::Leave(act) => {
                let run = self.run(&act.leave)?;
                Ok(self.phone(&run.by)?.wallet.cancel_flow(run.flow).await?)
            }
            Act::Pause(act) => Ok(self.phone(PAYER)?.wallet.pause(&self.ids(&act.pause)?).await?),
            Act::Resume(act) => {
                let resumed = self.phone(PAYER)?.wallet.resume(&self.ids(&act.resume)?).await;
                outcome(
                    act.fails.as_deref(),
                    resumed.map_err(|error| self.refused(PAYER, &error)),
                )
            }
            Act::Lock(act) => {
                self.phone(&act.lock)?.wallet.lock_now(false).await?;
                Ok(())
            }
            Act::SetLockPassword(act) => {
                let password = act.password.as_deref().unwrap_or(LOCK_PASSWORD);
                let wallet = &self.phone(&act.set_lock_password)?.wallet;
                let set = wallet.set_lock_password(pin_of(PIN), pin_of(password)).await;
                let who = &act.set_lock_password;
                outcome(act.fails.as_deref(), set.map_err(|error| self.refused(who, &error)))
            }
            Act::Stop(act) => {
                let scope = self.scope(&act.stop).await?;
                Ok(self.phone(PAYER)?.wallet.stop(scope).await?)
            }
            Act::CountRotations(act) => {
                let epoch = self.phone(&act.count_rotations)?.keys.newest_epoch()?;
                self.epochs.insert(act.count_rotations.clone(), epoch);
                Ok(())
            }
            Act::Charge(act) => self.charge(act).await,
            Act::Refund(act) => self.refund(act).await,
            Act::Release(act) => self.release(act).await,
            Act::Object(act) => self.object(act).await,
            Act::RemoveCard(act) => self.remove_card(act).await,
            Act::Script(act) => self.script(&act.script, &act.lines).await,
            Act::Review(act) => self.review(act).await,
            Act::Vouch(act) => self.vouch(act).await,
            Act::Risk(act) => self.risk(act).await,
            Act::SetProfile(act) => self.tell_profile(&act.profile, &act.set).await,
        }
    }

    async fn pass(&mut self, act: &acts::Pass) -> Result<(), Wrong> {
        let seconds = act.pass.get();
        let moved = self
            .stage
            .http
            .post("/sandbox/clock", &json!({ "advance": act.pass }))
            .await;
        super::sandbox::taken(&moved)?;
        for phone in self.phones.values() {
            phone.clock.turn(seconds);
        }
        Ok(())
    }

    async fn begin(&mut self, act: &acts::Begin) -> Result<(), Wrong> {
        let mandates = self.ids(&act.mandates)?;
        let wish = match &act.wish {
            Some(wish) => Some(self.wish(wish).await?),
            None => None,
        };
        let begun = self.phone(&act.by)?.wallet.begin(&act.begin, mandates, wish).await;
        if let Ok(flow) = begun {
            let run = Run {
                by: act.by.clone(),
                flow,
                definition: act.begin.clone(),
            };
            self.runs.insert(act.name.clone(), run);
        }
        let begun = begun.map(|_| ()).map_err(|error| self.refused(&act.by, &error));
        outcome(act.fails.as_deref(), begun)
    }

    fn follow(&mut self, act: &acts::Follow) -> Result<(), Wrong> {
        let run = self.run(&act.follow)?;
        let mandate = self.signed(&act.mandate)?.mandate;
        let results = self.phone(&run.by)?.wallet.batch_results(run.flow)?;
        let item = results
            .iter()
            .find(|item| item.mandate == mandate)
            .map(|item| item.outcome);
        let Some(ItemOutcome::WaitsForBank { flow }) = item else {
            return Err(Wrong::new("an item that waits for its bank", format!("{item:?}")));
        };
        let followed = Run {
            flow,
            definition: String::new(),
            by: run.by.clone(),
        };
        self.runs.insert(act.name.clone(), followed);
        Ok(())
    }

    async fn wish(&mut self, wish: &WishSpec) -> Result<Wish, Wrong> {
        Ok(match wish {
            WishSpec::Undo(run) => {
                let run = self.run(run)?;
                let order = self.phone(&run.by)?.wallet.order_of(run.flow)?;
                Wish::Undo {
                    order: order.ok_or_else(|| Wrong::new("an order of this run", "none"))?,
                }
            }
            WishSpec::Limits {
                per_charge,
                per_period,
                days,
            } => Wish::Limits {
                limits: Limits::new(amount(*per_charge)?, amount(*per_period)?, *days),
            },
            WishSpec::TeenLimit { teen, per_charge } => Wish::TeenLimit {
                teen: self.account(teen)?,
                per_charge: amount(*per_charge)?,
            },
            WishSpec::TeenExit(teen) => Wish::TeenExit {
                teen: self.account(teen)?,
            },
            WishSpec::LiftStop(stop) => Wish::LiftStop {
                stop: self.scope(stop).await?,
            },
            WishSpec::ExtendLock(by) => Wish::ExtendLock {
                until: self.stage.clock.now().plus_seconds(by.get()),
            },
        })
    }

    pub(super) async fn scope(&mut self, stop: &StopSpec) -> Result<StopScope, Wrong> {
        Ok(match stop {
            StopSpec::Merchant(name) => StopScope::Merchant {
                merchant: self
                    .merchant(name)
                    .await?
                    .parse()
                    .map_err(|_| Wrong::unknown("merchant", name))?,
            },
            StopSpec::Category(category) => StopScope::Category {
                category: category.clone(),
            },
            StopSpec::Everything => StopScope::Everything {},
        })
    }
}

/// An amount in CNY.
pub(super) fn amount(amount: Quantity) -> Result<Money, Wrong> {
    Ok(serde_json::from_value(money(amount)?)?)
}

//! What befalls a phone: its app ends, its files and keys go, its locks and its clock change.

use super::acts;
use super::codes::{name_of, owed, remedy};
use super::expectations::{ExpectFinding, ExpectProblem};
use super::looking::written;
use super::play::{Play, Wrong, same};
use super::sandbox::outcome;
use super::saying;
use crate::stage::{IdlePhone, pin_of};
use crate::story::PIN;
use quittance_wallet::{FindingView, PhoneFacts, WalletError};

impl acts::SetClock {
    /// By how many seconds the clock is ahead; behind, where it is negative.
    pub(super) fn ahead_by(&self) -> i64 {
        let seconds = |span: Option<quittance_flows::Seconds>| span.map_or(0, quittance_flows::Seconds::get);
        seconds(self.ahead) - seconds(self.behind)
    }
}

impl Play {
    /// A refusal's name; what it owes its payer is kept until somebody looks.
    pub(super) fn refused(&mut self, who: &str, error: &WalletError) -> String {
        // As an app's log would print it.
        tracing::debug!(target: super::ERRORS, "{error} {error:?}");
        self.owed.insert(who.to_owned(), error.kind());
        name_of(error)
    }

    /// The app dies and is started again; where it does not open, it does not run.
    pub(super) fn restart_phone(&mut self, name: &str, fails: Option<&str>) -> Result<(), Wrong> {
        let phone = self.ended(name)?;
        let started = self.start(name, phone)?;
        outcome(fails, started)
    }

    pub(super) fn lose_keys(&mut self, name: &str) -> Result<(), Wrong> {
        let phone = self.ended(name)?.without_keys()?;
        self.idle.insert(name.to_owned(), phone);
        Ok(())
    }

    pub(super) fn back_up(&mut self, act: &acts::BackUp) -> Result<(), Wrong> {
        let copy = self.phone(&act.back_up)?.backup()?;
        self.backups.insert((act.back_up.clone(), act.name.clone()), copy);
        Ok(())
    }

    pub(super) fn put_back(&mut self, act: &acts::PutBack) -> Result<(), Wrong> {
        let phone = self.ended(&act.put_back)?;
        let copy = self.backups.get(&(act.put_back.clone(), act.files.clone()));
        let copy = copy.ok_or_else(|| Wrong::unknown("copy of files", &act.files))?;
        let phone = phone.with_files(copy.path())?;
        self.idle.insert(act.put_back.clone(), phone);
        Ok(())
    }

    pub(super) async fn set_up(&mut self, act: &acts::SetUp) -> Result<(), Wrong> {
        let who = &act.set_up;
        let erased = self.ended(who)?.erased()?;
        if let Err(code) = self.start(who, erased)? {
            return outcome(act.fails.as_deref(), Err(code));
        }
        let enrolled = self.enrol_phone(who).await?;
        outcome(
            act.fails.as_deref(),
            enrolled.map_err(|error| self.refused(who, &error)),
        )
    }

    /// Enrols the phone of somebody, who is known by its account from then on; the inner error is the wallet's.
    pub(super) async fn enrol_phone(&mut self, name: &str) -> Result<Result<(), WalletError>, Wrong> {
        match self.phone(name)?.wallet.enrol(pin_of(PIN)).await {
            Ok(enrolled) => {
                self.accounts.insert(name.to_owned(), enrolled.account);
                Ok(Ok(()))
            }
            Err(error) => Ok(Err(error)),
        }
    }

    pub(super) fn locks(&mut self, act: &acts::Locks) -> Result<(), Wrong> {
        let facts = PhoneFacts {
            screen_lock: act.screen_lock,
            biometrics: act.biometrics,
        };
        self.phone(&act.locks)?.locks.change(facts);
        Ok(())
    }

    pub(super) fn set_clock(&mut self, act: &acts::SetClock) -> Result<(), Wrong> {
        let was = self.clocks_off.insert(act.clock.clone(), act.ahead_by());
        self.phone(&act.clock)?.clock.turn(act.ahead_by() - was.unwrap_or(0));
        Ok(())
    }

    pub(super) fn expect_problem(&mut self, what: &ExpectProblem) -> Result<(), Wrong> {
        saying::check_screen(&what.expect_problem)?;
        let was = self.owed.remove(&what.by).map_or("nothing", owed);
        same("a refusal that owes", &what.expect_problem.as_str(), &was)
    }

    pub(super) fn expect_finding(&self, what: &ExpectFinding) -> Result<(), Wrong> {
        let phone = self.phone(&what.by)?;
        let checkup = phone.wallet.security(phone.locks.facts())?.checkup;
        let said: Vec<FindingView> = checkup.into_iter().flat_map(|group| group.findings).collect();
        let name = |finding: &FindingView| finding.says.key.rsplit('.').next().unwrap_or_default().to_owned();
        let Some(found) = said.iter().find(|finding| name(finding) == what.expect_finding) else {
            let names: Vec<String> = said.iter().map(name).collect();
            return if what.never {
                Ok(())
            } else {
                Err(Wrong::new(
                    format!("the finding {}", what.expect_finding),
                    names.join(", "),
                ))
            };
        };
        if what.never {
            return Err(Wrong::new(format!("no finding {}", what.expect_finding), "it"));
        }
        saying::check_text(&found.says)?;
        let values = found.says.args.iter().map(|(_, value)| written(value)).collect();
        super::expecting::check("values", &what.values, || values)?;
        super::expecting::check("remedy", &what.remedy.as_deref().map(Some), || found.remedy.map(remedy))
    }

    /// A phone whose app does not run any more.
    fn ended(&mut self, name: &str) -> Result<IdlePhone, Wrong> {
        if let Some(phone) = self.phones.remove(name) {
            return Ok(phone.ended());
        }
        self.idle.remove(name).ok_or_else(|| Wrong::unknown("person", name))
    }

    /// Starts an app; the inner error is the code of what keeps it from opening its wallet.
    fn start(&mut self, name: &str, phone: IdlePhone) -> Result<Result<(), String>, Wrong> {
        match phone.clone().started() {
            Ok(running) => {
                self.phones.insert(name.to_owned(), running);
                Ok(Ok(()))
            }
            Err(error) => {
                self.idle.insert(name.to_owned(), phone);
                let refused = error.downcast::<WalletError>()?;
                Ok(Err(self.refused(name, &refused)))
            }
        }
    }
}

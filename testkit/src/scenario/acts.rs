//! What can be done in a scenario.

use super::people::Profile;
use super::terms::MandateSpec;
use super::verbs::{approved, first, once, payer, run, verbs, yes};
use super::words::{LogKeySpec, StopSpec, Way, WishSpec, With};
use quittance_flows::Seconds;
use quittance_protocol::Quantity;
use serde_json::Value;

verbs! {
    /// Something is done.
    Act:
    /// Time passes, for the gateway as for every phone.
    "pass" => Pass {
        /// How much.
        pass: Seconds,
    }
    /// A phone contacts the gateway.
    "sync" => Sync {
        /// Whose.
        sync: String,
        /// The code of the refusal; that nobody answers is none.
        #[serde(default)]
        fails: Option<String>,
    }
    /// The phones' network goes or comes; merchants, banks and reviewers keep theirs.
    "network" => Network {
        /// `down` or `up`.
        network: Way,
    }
    /// A process dies and is started again on the same files.
    "restart" => Restart {
        /// Whose phone, or `gateway`.
        restart: String,
        /// The code of what keeps the app from opening its wallet: then it does not run.
        #[serde(default)]
        fails: Option<String>,
    }
    /// A phone's keystore loses every key; its app ends, and its files stay.
    "lose_keys" => LoseKeys {
        /// Whose.
        lose_keys: String,
    }
    /// The app's files are copied as they stand, without the keys.
    "back_up" => BackUp {
        /// Whose.
        back_up: String,
        /// What later steps call the copy.
        #[serde(rename = "as")]
        name: String,
    }
    /// A copy of the app's files takes the place of those of now, under the keys of now; the app ends.
    "put_back" => PutBack {
        /// Whose.
        put_back: String,
        /// Which copy of theirs.
        files: String,
    }
    /// A phone is set up: what its app kept is erased with its keys, then somebody enrols it. It ends no permission.
    "set_up" => SetUp {
        /// Whose.
        set_up: String,
        /// The code of the refusal: the app runs and is not enrolled.
        #[serde(default)]
        fails: Option<String>,
    }
    /// A phone's own locks stand so from here on. Keys that ask for a lock are not made without it and end with it.
    "locks" => Locks {
        /// Whose.
        locks: String,
        /// Whether it has a screen lock.
        #[serde(default = "yes")]
        screen_lock: bool,
        /// Whether it knows a finger or a face; one that comes after there was none is another one.
        #[serde(default = "yes")]
        biometrics: bool,
    }
    /// A phone's own clock is put wrong, or right where neither member says how.
    "clock" => SetClock {
        /// Whose.
        clock: String,
        /// How far it is ahead of everybody's.
        #[serde(default)]
        ahead: Option<Seconds>,
        /// How far it is behind.
        #[serde(default)]
        behind: Option<Seconds>,
    }
    /// The log that phones see is signed with this key from here on.
    "log_key" => LogKey {
        /// `own` or `another`.
        log_key: LogKeySpec,
    }
    /// Somebody signs a merchant's offer.
    "sign" => Sign {
        /// What is agreed.
        sign: MandateSpec,
        /// Who.
        #[serde(default = "payer")]
        by: String,
        /// The code of the refusal; absent: it becomes active.
        #[serde(default)]
        fails: Option<String>,
    }
    /// Somebody begins a flow.
    "begin" => Begin {
        /// The definition's name in the policy.
        begin: String,
        /// About which mandates.
        #[serde(default)]
        mandates: Vec<String>,
        /// What is wanted beyond them.
        #[serde(default)]
        wish: Option<WishSpec>,
        /// What later steps call the run.
        #[serde(rename = "as", default = "run")]
        name: String,
        /// Who.
        #[serde(default = "payer")]
        by: String,
        /// The code of the refusal.
        #[serde(default)]
        fails: Option<String>,
    }
    /// Whoever began a run answers its open step, well unless `with` says otherwise.
    "answer" => Answer {
        /// The run.
        answer: String,
        /// How.
        #[serde(default)]
        with: Option<With>,
        /// How often.
        #[serde(default = "once")]
        times: u32,
        /// Goes on until this step is open, until the run is `done`, or until it is `waiting` for somebody else.
        #[serde(default)]
        until: Option<String>,
        /// The code with which each of them fails.
        #[serde(default)]
        fails: Option<String>,
    }
    /// Whoever began a run comes back from the other app by its link.
    "link" => Link {
        /// The run.
        link: String,
        /// What the link says.
        #[serde(default = "approved")]
        outcome: String,
        /// The link carries the state of another run.
        #[serde(default)]
        foreign: bool,
        /// The code of the refusal.
        #[serde(default)]
        fails: Option<String>,
    }
    /// Steps from here on name the run in which one item of a batch waits for its bank.
    "follow" => Follow {
        /// The batch's run.
        follow: String,
        /// The item.
        mandate: String,
        /// What later steps call the item's run.
        #[serde(rename = "as")]
        name: String,
    }
    /// Whoever began a run leaves it.
    "leave" => Leave {
        /// The run.
        leave: String,
    }
    /// The payer pauses mandates.
    "pause" => Pause {
        /// Which.
        pause: Vec<String>,
    }
    /// The payer lifts the pause.
    "resume" => Resume {
        /// Which.
        resume: Vec<String>,
        /// The code of the refusal.
        #[serde(default)]
        fails: Option<String>,
    }
    /// Somebody puts the safety lock on.
    "lock" => Lock {
        /// Who.
        lock: String,
    }
    /// Somebody sets the safety lock's own password.
    "set_lock_password" => SetLockPassword {
        /// Who.
        set_lock_password: String,
        /// Another one than the usual.
        #[serde(default)]
        password: Option<String>,
        /// The code of the refusal.
        #[serde(default)]
        fails: Option<String>,
    }
    /// The payer stops every charge in a scope.
    "stop" => Stop {
        /// What is stopped.
        stop: StopSpec,
    }
    /// A merchant charges.
    "charge" => Charge {
        /// The mandate.
        charge: String,
        /// How much, in CNY.
        amount: Quantity,
        /// `approved`, or the code of the decline.
        gives: String,
        /// With a permit that the payer hands over now.
        #[serde(default)]
        present: bool,
        /// What later steps call it.
        #[serde(rename = "as", default)]
        name: Option<String>,
    }
    /// A merchant gives money back.
    "refund" => Refund {
        /// The charge.
        refund: String,
        /// How much, in CNY.
        amount: Quantity,
        /// The code of the refusal.
        #[serde(default)]
        fails: Option<String>,
    }
    /// A merchant ends a mandate by itself.
    "release" => Release {
        /// The mandate.
        release: String,
        /// The code of the refusal.
        #[serde(default)]
        fails: Option<String>,
    }
    /// A merchant objects to an end that was forced on it.
    "object" => Object {
        /// The mandate.
        object: String,
        /// The code of the refusal.
        #[serde(default)]
        fails: Option<String>,
    }
    /// An outside party is told what to answer from now on.
    "script" => Script {
        /// The party.
        script: String,
        /// Its lines.
        lines: Vec<Value>,
    }
    /// A reviewer of the desk decides about a run's open step.
    "review" => Review {
        /// The run.
        review: String,
        /// The reviewer's name; the name of a person of the scenario is that person.
        reviewer: String,
        /// Whether it goes on.
        #[serde(default = "yes")]
        approves: bool,
        /// The code of the refusal.
        #[serde(default)]
        fails: Option<String>,
    }
    /// Somebody answers for whoever began a run; whose own run it is objects with `approves: false`.
    "vouch" => Vouch {
        /// The run.
        vouch: String,
        /// Who.
        by: String,
        /// Whether they stand for it.
        #[serde(default = "yes")]
        approves: bool,
        /// They know of it by the code that they scan from the other phone.
        #[serde(default)]
        scans: bool,
        /// The code of the refusal.
        #[serde(default)]
        fails: Option<String>,
    }
    /// The risk engine sees something on the payer's account, or sees it resolved.
    "risk" => Risk {
        /// Such as `remote_login`.
        risk: String,
        /// Whether it is resolved.
        #[serde(default)]
        resolved: bool,
    }
    /// A card is removed; what it pays for is for the gateway to know.
    "remove_card" => RemoveCard {
        /// Whose.
        remove_card: String,
        /// Which of theirs.
        #[serde(default = "first")]
        card: String,
    }
    /// The gateway learns other facts about a person.
    "profile" => SetProfile {
        /// Whom.
        profile: String,
        /// All of what it knows from now on.
        set: Profile,
    }
    /// From here on rotations of the payer's vault are counted.
    "count_rotations" => CountRotations {
        /// Whose phone.
        count_rotations: String,
    }
}

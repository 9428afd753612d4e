//! What can be expected in a scenario.

use super::verbs::{one, payer, verbs};
use super::words::HistoryLine;
use quittance_flows::Seconds;
use quittance_protocol::{Quantity, Timestamp};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

verbs! {
    /// Something has to stand so.
    Expectation:
    /// A mandate stands so.
    "expect_mandate" => ExpectMandate {
        /// The mandate.
        expect_mandate: String,
        /// On the phone.
        #[serde(default)]
        state: Option<String>,
        /// At the gateway.
        #[serde(default)]
        at_gateway: Option<String>,
        /// Who holds it on the phone; all of them.
        #[serde(default)]
        holds: Option<Vec<String>>,
        /// Who holds it at the gateway; all of them.
        #[serde(default)]
        held_at_gateway: Option<Vec<String>>,
        /// Why it ended or ends.
        #[serde(default)]
        cause: Option<String>,
        /// Who ended it.
        #[serde(default)]
        actor: Option<String>,
        /// Whether the phone makes permits for it.
        #[serde(default)]
        can_pay: Option<bool>,
        /// Whether the phone's record of it is older than the policy lets it be.
        #[serde(default)]
        stale: Option<bool>,
        /// Where the order that ends it stands at the gateway.
        #[serde(default)]
        order: Option<String>,
        /// Whether its service renews itself.
        #[serde(default)]
        auto_renewal: Option<bool>,
        /// The service that it came along with, as the payer is shown it.
        #[serde(default)]
        bundled_with: Option<String>,
        /// Permits that could still be used without this phone, as the phone tells.
        #[serde(default)]
        permits_ahead: Option<u32>,
        /// When its scheduled end is effective.
        #[serde(default)]
        effective_at: Option<Timestamp>,
    }
    /// The open step of a run shows so; where the run has ended, how it came out.
    "expect_prompt" => ExpectPrompt {
        /// The run.
        expect_prompt: String,
        /// The step.
        #[serde(default)]
        step: Option<String>,
        /// The kind, such as `payment_pin` or `waiting`.
        #[serde(default)]
        kind: Option<String>,
        /// Which of the counted steps it is.
        #[serde(default)]
        number: Option<u32>,
        /// How many counted steps there are.
        #[serde(default)]
        of: Option<u32>,
        /// Tries that are left.
        #[serde(default)]
        attempts_left: Option<u32>,
        /// From now until it ends.
        #[serde(default)]
        deadline: Option<Seconds>,
        /// For whom it waits.
        #[serde(default)]
        waits_for: Option<String>,
        /// Facts that made it necessary, that it waits for, or that ended the run.
        #[serde(default)]
        because: Option<Vec<String>>,
        /// Text key of why it is asked.
        #[serde(default)]
        why: Option<String>,
        /// What happens next, all of it: text keys without `next.`, each with the values that it names.
        #[serde(default)]
        next: Option<Vec<String>>,
        /// What follows from confirming, all of it: text keys after `consequence.`, each with the values that it names.
        #[serde(default)]
        consequences: Option<Vec<String>>,
        /// How many digits are asked for.
        #[serde(default)]
        digits: Option<u32>,
        /// How many questions are asked.
        #[serde(default)]
        questions: Option<usize>,
        /// How many choices each of them has.
        #[serde(default)]
        choices: Option<Vec<usize>>,
        /// How many people can be named.
        #[serde(default)]
        people: Option<usize>,
        /// How many gestures are to be recorded.
        #[serde(default)]
        gestures: Option<usize>,
    }
    /// A run stands so.
    "expect_run" => ExpectRun {
        /// The run.
        expect_run: String,
        /// `open`, `done`, `scheduled`, `refused`, `expired` or `left`.
        is: String,
        /// The code of the refusal.
        #[serde(default)]
        code: Option<String>,
    }
    /// What people said who were asked in a run, late or not.
    "expect_voices" => ExpectVoices {
        /// The run.
        expect_voices: String,
        /// Who, in the sequence in which they said it.
        by: Vec<String>,
    }
    /// The payer holds receipts that the phone has verified, and an order for each.
    "expect_receipts" => ExpectReceipts {
        /// How many.
        expect_receipts: usize,
        /// Why the latest ended what it ended.
        #[serde(default)]
        cause: Option<String>,
        /// `two_sided` or `unilateral`.
        #[serde(default)]
        kind: Option<String>,
        /// How many mandates the latest ended.
        #[serde(default)]
        mandates: Option<usize>,
    }
    /// The ways to end a mandate.
    "expect_routes" => ExpectRoutes {
        /// The mandate.
        expect_routes: String,
        /// Those that are open, best first.
        #[serde(default)]
        open: Option<Vec<String>>,
        /// Some that are closed, with their reasons.
        #[serde(default)]
        closed: BTreeMap<String, String>,
        /// Counted steps of some.
        #[serde(default)]
        steps: BTreeMap<String, u32>,
        /// Waits after the last step of some.
        #[serde(default)]
        effective: BTreeMap<String, String>,
    }
    /// What became of the items of a batch: how many of each.
    "expect_items" => ExpectItems {
        /// The run.
        expect_items: String,
        /// How many stand how.
        are: BTreeMap<String, usize>,
    }
    /// How often a phone's vault was rotated since `count_rotations`.
    "expect_rotations" => ExpectRotations {
        /// How often.
        expect_rotations: u64,
        /// Whose phone.
        #[serde(default = "payer")]
        by: String,
    }
    /// What a phone tells its payer; taken by being looked at.
    "expect_event" => ExpectEvent {
        /// Its name.
        expect_event: String,
        /// Members that it has among others; mandates by their names here.
        #[serde(default)]
        with: Map<String, Value>,
        /// Whose phone.
        #[serde(default = "payer")]
        by: String,
        /// It is not told.
        #[serde(default)]
        never: bool,
    }
    /// What a merchant was told about a mandate.
    "expect_notice" => ExpectNotice {
        /// Its name.
        expect_notice: String,
        /// About which mandate.
        mandate: String,
        /// How often.
        #[serde(default = "one")]
        times: usize,
    }
    /// The history of a mandate, newest first.
    "expect_history" => ExpectHistory {
        /// The mandate.
        expect_history: String,
        /// Its lines.
        is: Vec<HistoryLine>,
    }
    /// The safety lock stands so on somebody's phone.
    "expect_lock" => ExpectLock {
        /// Whose.
        expect_lock: String,
        /// Whether it is on.
        on: bool,
        /// From now until it ends.
        #[serde(default)]
        left: Option<Seconds>,
        /// What put it on.
        #[serde(default)]
        trigger: Option<String>,
    }
    /// What can charge the payer: how many stand where.
    "expect_list" => ExpectList {
        /// Whose.
        expect_list: String,
        /// How many are on.
        #[serde(default)]
        on: Option<u32>,
        /// How many are paused.
        #[serde(default)]
        paused: Option<u32>,
        /// How many are ending.
        #[serde(default)]
        ending: Option<u32>,
        /// How many have ended.
        #[serde(default)]
        ended: Option<u32>,
    }
    /// What could be charged if the phone were lost now.
    "expect_exposure" => ExpectExposure {
        /// The mandate.
        expect_exposure: String,
        /// How many charges.
        charges: u32,
        /// At most how much each, in CNY.
        per_charge: Quantity,
    }
    /// How often the merchant of a mandate stood in the way of an end.
    "expect_obstructions" => ExpectObstructions {
        /// The mandate.
        expect_obstructions: String,
        /// How often.
        count: u64,
    }
    /// What the last refusal on a phone owes its payer; taken by being looked at.
    "expect_problem" => ExpectProblem {
        /// The kind of reaction, such as `retry` or `phone_settings`: the screen `app.error.<kind>` of both apps.
        expect_problem: String,
        /// Whose phone.
        #[serde(default = "payer")]
        by: String,
    }
    /// The check-up of a phone says so.
    "expect_finding" => ExpectFinding {
        /// Its text key without `checkup.finding.`.
        expect_finding: String,
        /// The values that the text names.
        #[serde(default)]
        values: Option<Vec<String>>,
        /// What its button does.
        #[serde(default)]
        remedy: Option<String>,
        /// Whose phone.
        #[serde(default = "payer")]
        by: String,
        /// It is not said.
        #[serde(default)]
        never: bool,
    }
    /// How long the code that was sent can be typed, how long until another one can be asked for.
    "expect_code" => ExpectCode {
        /// The run.
        expect_code: String,
        /// To which number it went: `own`, `bound` or `foreign`.
        #[serde(default)]
        number: Option<String>,
        /// For how long it is good.
        #[serde(default)]
        life: Option<Seconds>,
        /// In how long another one can be asked for.
        #[serde(default)]
        resend_in: Option<Seconds>,
    }
}

impl ExpectMandate {
    /// Whether it takes the gateway to say how a mandate stands.
    pub(super) fn asks_gateway(&self) -> bool {
        let of_gateway = [
            self.at_gateway.is_some(),
            self.held_at_gateway.is_some(),
            self.cause.is_some(),
            self.actor.is_some(),
            self.auto_renewal.is_some(),
            self.effective_at.is_some(),
            self.order.is_some(),
        ];
        of_gateway.contains(&true)
    }
}

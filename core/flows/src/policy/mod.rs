//! The policy bundle: every number of the rules, as signed data.

mod definitions;
mod lint;
mod tmp;

use crate::definition::FlowDefinition;
use quittance_protocol::Timestamp;
use quittance_protocol::jws::{Alg, Statement};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The bundle that the sandbox ships, as its author would sign it.
pub const DEFAULT_BUNDLE: &str = include_str!("../../policy/cn-default.json");

/// Seed of the *sandbox* policy author's Ed25519 key. It is public: whoever reads this can sign sandbox
/// bundles, so a gateway takes it only with `--sandbox`, and an app pins another author.
pub const SANDBOX_AUTHOR_SEED: [u8; 32] = *b"quittance sandbox policy author!";

/// The audience of every bundle: it is for whoever embeds Quittance, not for one gateway.
pub const BUNDLE_AUDIENCE: &str = "quittance";

/// The policy author's statement: the bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyBundle {
    /// The bundle itself.
    pub policy: Policy,
}

impl Statement for PolicyBundle {
    const NAME: &'static str = "policy";
    const ALG: Alg = Alg::Ed25519;
    const SEQUENCED: bool = false;
}

/// All values, keyed as in the article index; see docs/rules.md for the rule behind each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    missing_docs,
    reason = "each member is a policy key; the bundle's own page explains them"
)]
pub struct Policy {
    pub schema: String,
    pub bundle: BundleHead,
    pub cancellation: Cancellation,
    pub factor: FactorRules,
    pub flow: FlowRules,
    pub secrets: Secrets,
    pub token: TokenRules,
    #[serde(default)]
    pub parts: BTreeMap<String, Vec<crate::definition::Step>>,
    pub flows: BTreeMap<String, FlowDefinition>,
    #[serde(skip)]
    tree: serde_json::Value,
    #[serde(skip)]
    plain: BTreeMap<String, FlowDefinition>,
    #[serde(flatten)]
    more: serde_json::Map<String, serde_json::Value>,
}

/// Which bundle this is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundleHead {
    /// Name.
    pub id: String,
    /// Never goes back on a device (I10).
    pub version: u64,
    /// First moment of force.
    pub not_before: Timestamp,
    /// Oldest core that understands it.
    pub min_core: String,
    /// Where its days begin.
    pub time_zone: String,
    #[serde(flatten)]
    more: serde_json::Map<String, serde_json::Value>,
}

/// `cancellation.*`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancellation {
    /// Most mandates in one order.
    pub batch_max_items: u32,
    /// The quick path.
    pub quick: Route,
    #[serde(flatten)]
    more: serde_json::Map<String, serde_json::Value>,
}

/// One route to the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// From the intent to the moment after which nothing takes it back.
    pub effective: Seconds,
    #[serde(flatten)]
    more: serde_json::Map<String, serde_json::Value>,
}

/// `factor.*`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactorRules {
    /// How long a proof can be used after it was made.
    pub proof_life: Seconds,
    #[serde(flatten)]
    more: serde_json::Map<String, serde_json::Value>,
}

/// `flow.*`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowRules {
    /// A flow that nobody touches ends after this.
    pub idle_life: Seconds,
    #[serde(flatten)]
    more: serde_json::Map<String, serde_json::Value>,
}

/// `secrets.*`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secrets {
    /// The payment PIN.
    pub payment_pin: PinRules,
    #[serde(flatten)]
    more: serde_json::Map<String, serde_json::Value>,
}

/// `secrets.payment_pin.*`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PinRules {
    /// How many digits.
    pub digits: u8,
    /// Wrong guesses until it locks.
    pub max_attempts: u32,
    /// How long it stays locked.
    pub locked_for: Seconds,
}

/// `token.*`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenRules {
    /// Consent without activation is destroyed after this.
    pub provisioning_deadline: Seconds,
    /// An order whose phone is silent for this long closes unilaterally.
    pub device_deadline: Seconds,
    /// Charges in flight have this long before their outcome is asked for.
    pub drain: Seconds,
    /// How many permits are made ahead.
    pub permit: PermitRules,
    #[serde(flatten)]
    more: serde_json::Map<String, serde_json::Value>,
}

/// `token.permit.*`: the bound on what a lost phone can still be charged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PermitRules {
    /// One permit for each billing period.
    pub subscription: SubscriptionPermits,
    /// A rolling pool.
    pub pay_as_you_go: PooledPermits,
}

/// `token.permit.subscription.*`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubscriptionPermits {
    /// Billing periods that have a permit.
    pub periods_ahead: u32,
}

/// `token.permit.pay_as_you_go.*`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PooledPermits {
    /// Permits in the pool.
    pub pool: u32,
    /// How long each can be used.
    pub window: Seconds,
}

/// A length of time, written as ISO 8601 (`PT24H`, `P7D`; a day is 24 hours).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Seconds(i64);

/// Why a bundle is not loaded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Not JSON of this schema; the text names the line and the member.
    #[error("policy bundle: {0}")]
    Malformed(String),
    /// The schema is another one.
    #[error("policy bundle: schema is not quittance-policy/1")]
    Schema,
    /// A flow breaks a rule of the loader.
    #[error("policy bundle: flows.{flow}: {what}")]
    Flow {
        /// The flow's name.
        flow: String,
        /// What is wrong and how to mend it.
        what: String,
    },
    /// A number is outside what makes sense.
    #[error("policy bundle: {key}: {what}")]
    Value {
        /// The policy key.
        key: &'static str,
        /// What is wrong.
        what: &'static str,
    },
    /// An older bundle than the one in force (I10).
    #[error("policy bundle: version {found} is older than version {in_force}, which is in force")]
    Older {
        /// Version of the refused bundle.
        found: u64,
        /// Version in force.
        in_force: u64,
    },
}

impl Seconds {
    /// This many seconds.
    pub const fn new(seconds: i64) -> Self {
        Self(seconds)
    }

    /// The number of seconds.
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl TryFrom<String> for Seconds {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let span: jiff::Span = text
            .parse()
            .map_err(|_| format!("{text}: not an ISO 8601 duration such as PT24H"))?;
        let seconds = i64::from(span.get_days()) * 86_400
            + i64::from(span.get_hours()) * 3_600
            + span.get_minutes() * 60
            + span.get_seconds();
        let exact = span.get_years() == 0 && span.get_months() == 0 && span.get_weeks() == 0;
        if exact && seconds >= 0 {
            Ok(Self(seconds))
        } else {
            Err(format!("{text}: use days, hours, minutes, seconds"))
        }
    }
}

impl From<Seconds> for String {
    fn from(seconds: Seconds) -> String {
        format!("PT{}S", seconds.0)
    }
}

impl Policy {
    /// Reads a bundle and proves what the loader must prove (design section 8).
    ///
    /// # Errors
    /// Every variant of [`PolicyError`] but `Older`.
    pub fn load(json: &str) -> Result<Self, PolicyError> {
        let mut policy: Policy = serde_json::from_str(json).map_err(|e| PolicyError::Malformed(e.to_string()))?;
        policy.check()?;
        Ok(policy)
    }

    /// Checks the rules of the loader on a bundle that came as a statement.
    ///
    /// # Errors
    /// [`PolicyError::Schema`], [`PolicyError::Flow`], [`PolicyError::Value`].
    pub fn check(&mut self) -> Result<(), PolicyError> {
        self.tree = serde_json::to_value(&*self).unwrap_or_default();
        if self.schema != "quittance-policy/1" {
            return Err(PolicyError::Schema);
        }
        let pin = &self.secrets.payment_pin;
        let values = [
            (
                "secrets.payment_pin.max_attempts",
                pin.max_attempts >= 1,
                "must be at least 1",
            ),
            ("secrets.payment_pin.digits", pin.digits >= 4, "must be at least 4"),
            (
                "cancellation.batch_max_items",
                self.cancellation.batch_max_items >= 1,
                "must be at least 1",
            ),
            (
                "token.permit.subscription.periods_ahead",
                self.token.permit.subscription.periods_ahead >= 1,
                "must be at least 1",
            ),
            (
                "token.permit.pay_as_you_go.pool",
                self.token.permit.pay_as_you_go.pool >= 1,
                "must be at least 1",
            ),
            (
                "factor.proof_life",
                self.factor.proof_life.get() > 0,
                "must be longer than nothing",
            ),
        ];
        for (key, holds, what) in values {
            if !holds {
                return Err(PolicyError::Value { key, what });
            }
        }
        for name in ["mandate.sign", "mandate.cancel.quick", "mandate.resume"] {
            if !self.flows.contains_key(name) {
                return Err(PolicyError::Flow {
                    flow: name.to_owned(),
                    what: "is missing".to_owned(),
                });
            }
        }
        self.put_parts_in()
    }

    /// Accepts this bundle after `in_force`.
    ///
    /// # Errors
    /// [`PolicyError::Older`] where the version goes back.
    pub fn succeeds(&self, in_force: u64) -> Result<(), PolicyError> {
        if self.bundle.version < in_force {
            return Err(PolicyError::Older {
                found: self.bundle.version,
                in_force,
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(change: impl FnOnce(&mut serde_json::Value)) -> Result<Policy, PolicyError> {
        let mut json: serde_json::Value = serde_json::from_str(DEFAULT_BUNDLE).unwrap();
        change(&mut json);
        Policy::load(&json.to_string())
    }

    #[test]
    fn the_shipped_bundle_loads_with_the_numbers_of_the_article() {
        let policy = Policy::load(DEFAULT_BUNDLE).unwrap();
        assert_eq!(
            policy
                .flow("mandate.cancel.quick")
                .unwrap()
                .steps
                .iter()
                .filter(|step| step.counts() && step.insert_if.is_none())
                .count(),
            3,
            "R-013: three steps"
        );
        assert_eq!(policy.cancellation.quick.effective, Seconds::new(0), "R-013: at once");
        assert_eq!(policy.secrets.payment_pin.max_attempts, 5);
        assert_eq!(policy.token.device_deadline, Seconds::new(7 * 86_400));
    }

    #[test]
    fn a_missing_value_and_an_unknown_prompt_are_named_with_their_line() {
        let cut = DEFAULT_BUNDLE.replace("\"max_attempts\": 5, \"locked_for\"", "\"locked_for\"");
        let error = Policy::load(&cut).unwrap_err().to_string();
        assert!(error.contains("max_attempts") && error.contains("line"), "{error}");
        let strange = DEFAULT_BUNDLE.replace("\"prompt\": \"confirm\"", "\"prompt\": \"sing\"");
        let error = Policy::load(&strange).unwrap_err().to_string();
        assert!(error.contains("sing"), "{error}");
    }

    #[test]
    fn a_hold_that_asks_more_than_signing_did_is_refused() {
        let error = changed(|json| {
            json["flows"]["mandate.sign"]["steps"]
                .as_array_mut()
                .unwrap()
                .retain(|s| s["id"] != "identify");
        })
        .unwrap_err();
        assert!(error.to_string().contains("holding asks for biometric"), "{error}");
    }

    #[test]
    fn a_step_that_raises_authority_is_never_skipped_offline() {
        let error =
            changed(|json| json["flows"]["mandate.sign"]["steps"][2]["skip_if"] = "offline".into()).unwrap_err();
        assert!(error.to_string().contains("never skipped offline"), "{error}");
    }

    #[test]
    fn a_version_never_goes_back() {
        let policy = Policy::load(DEFAULT_BUNDLE).unwrap();
        assert_eq!(policy.succeeds(1), Ok(()));
        assert_eq!(policy.succeeds(2), Err(PolicyError::Older { found: 1, in_force: 2 }));
    }

    #[test]
    fn durations_are_exact_or_refused() {
        for (text, seconds) in [("PT0S", 0), ("PT24H", 86_400), ("P7D", 604_800), ("P1DT30M", 88_200)] {
            assert_eq!(Seconds::try_from(text.to_owned()), Ok(Seconds::new(seconds)), "{text}");
        }
        for text in ["P1M", "P1Y", "24h ago", "-PT1S", ""] {
            assert!(Seconds::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}

//! Lies about everything beside the order: lists, rules, and answers as they travel.

use super::lie::Lie;
use crate::network::{cut, refusal};
use crate::story::cny;
use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use quittance_flows::policy::{PolicyBundle, SANDBOX_AUTHOR_SEED};
use quittance_protocol::answer::{MandateState, OrderRecord, PayerEvent, PayerEventKind, PolicyAnswer, Reconciled};
use quittance_protocol::ed25519::SigningKey;
use quittance_protocol::statement::ReplicaState;
use quittance_protocol::{AccountId, EventId, MandateId, Problem, Received, TokenId, Unsigned, problem};
use zeroize::Zeroizing;

const TEN_YEARS: i64 = 3_652 * 86_400;
const NINE_MEGABYTES: usize = 9 << 20;

/// Changes what a reconciliation says; says whether there was something to change.
pub(super) fn reconciled(lie: Lie, answer: &mut Reconciled) -> bool {
    let honest = answer.clone();
    match lie {
        Lie::OtherToken => {
            for record in &mut answer.mandates {
                record.token = TokenId::from_bytes([9; 16]);
            }
        }
        Lie::Revived => {
            let ended = |state| matches!(state, MandateState::Revoking | MandateState::Ended);
            for record in answer.mandates.iter_mut().filter(|record| ended(record.state)) {
                (record.state, record.gateway_half) = (MandateState::Active, ReplicaState::Active);
                (record.holds, record.order, record.ending) = (Vec::new(), None, None);
            }
        }
        Lie::Stranger => {
            if let Some(mut record) = answer.mandates.first().cloned() {
                (record.mandate, record.token) = (MandateId::from_bytes([9; 16]), TokenId::from_bytes([9; 16]));
                answer.mandates.push(record);
            }
        }
        Lie::OtherAccount => {
            if let Some(phone) = &mut answer.phone {
                phone.account = AccountId::from_bytes([9; 16]);
            }
        }
        Lie::ClockAhead => answer.now = answer.now.plus_seconds(TEN_YEARS),
        Lie::Orphaned => answer.orphans = answer.mandates.iter().map(|record| record.token).collect(),
        Lie::ChargedAfter => {
            let ended = |half| half == ReplicaState::Destroyed;
            let dead = answer.mandates.iter().find(|record| ended(record.gateway_half));
            if let (Some(record), Ok(amount)) = (dead, cny(1_000)) {
                let charge = PayerEventKind::Charged {
                    mandate: record.mandate,
                    amount,
                };
                answer.events.push(PayerEvent {
                    event: EventId::from_bytes([9; 16]),
                    number: answer.events.last().map_or(1_000, |last| last.number + 1),
                    at: answer.now.plus_seconds(1),
                    kind: charge,
                });
            }
        }
        _ => {}
    }
    *answer != honest
}

/// Changes the rules, signed with what the liar has.
pub(super) fn policy(lie: Lie, answer: &mut PolicyAnswer) -> Option<()> {
    let (claims, honest) = Received::parse(&answer.bundle)
        .ok()?
        .unverified_body::<PolicyBundle>()
        .ok()?;
    let mut policy = serde_json::to_value(&honest.policy).ok()?;
    let (version, not_before) = (honest.policy.bundle.version, honest.policy.bundle.not_before);
    let bundle = policy.get_mut("bundle")?;
    let mut seed = SANDBOX_AUTHOR_SEED;
    match lie {
        Lie::PolicyOlder => bundle["version"] = version.checked_sub(1)?.into(),
        Lie::PolicyUnlogged => bundle["version"] = (version + 1).into(),
        Lie::PolicyTwice => bundle["not_before"] = serde_json::to_value(not_before.plus_seconds(-1)).ok()?,
        Lie::PolicyOtherAuthor => seed = [3; 32],
        _ => return None,
    }
    let body: PolicyBundle = serde_json::from_value(serde_json::json!({ "policy": policy })).ok()?;
    let key = SigningKey::from_seed(&Zeroizing::new(seed)).ok()?;
    let unsigned = Unsigned::new(&key.public_key().thumbprint(), &claims, &body).ok()?;
    answer.bundle = unsigned.with_signature(&key.sign(unsigned.signing_input()));
    Some(())
}

/// What a gateway tells of an order that it once gave and does not know any more: to the wish all that it is, else nothing.
pub(super) fn forgotten(said: Option<&str>, honest: &[u8]) -> Option<Response> {
    match said {
        Some("intent") => None,
        Some("reconciliation") => {
            let mut answer: Reconciled = serde_json::from_slice(honest).ok()?;
            answer.orders.clear();
            Some(Json(answer).into_response())
        }
        Some(_) => {
            let mut record: OrderRecord = serde_json::from_slice(honest).ok()?;
            (record.destroyed, record.closure) = (None, None);
            Some(Json(record).into_response())
        }
        None => Some(refusal(&Problem::new(problem::Code::NotFound))),
    }
}

/// What arrives in place of an answer about an order; nothing where this lie is about something else.
pub(super) fn instead(lie: Lie, honest: &[u8]) -> Option<Response> {
    let text = String::from_utf8_lossy(honest);
    let json = |text: String| ([(header::CONTENT_TYPE, "application/json")], text).into_response();
    let response = match lie {
        Lie::Dropped => cut(),
        Lie::Empty => json(String::new()),
        Lie::Html => Html("<!doctype html><title>Welcome</title><p>Please sign in to this network.").into_response(),
        Lie::Oversize => json(text.replacen('{', &format!("{{\"padding\":\"{}\",", "x".repeat(NINE_MEGABYTES)), 1)),
        Lie::Truncated => json(text.chars().take(text.len() / 2).collect()),
        // The member that comes twice is the one that is said last.
        Lie::DoubleMember => {
            let (head, _) = text.split_once(':')?;
            json(text.replacen('{', &format!("{{{}:null,", head.trim_start_matches('{')), 1))
        }
        Lie::UnknownMember => json(text.replacen('{', "{\"certified\":true,", 1)),
        Lie::Redirect => Redirect::temporary("/v1/elsewhere").into_response(),
        Lie::ServerError => (StatusCode::INTERNAL_SERVER_ERROR, "internal").into_response(),
        Lie::Busy => refusal(&Problem::new(problem::Code::ExternalUnavailable).retry_after(30)),
        _ => return None,
    };
    Some(response)
}

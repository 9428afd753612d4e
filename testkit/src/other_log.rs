//! A gateway whose log has another key: the honest library's router, with every checkpoint signed anew on its way out.

use crate::network::MOST_BYTES;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use quittance_protocol::log::proof::TlogProof;
use quittance_protocol::log::{Checkpoint, LogError, NoteSigner, VerifierKey};
use serde_json::Value;
use std::sync::Arc;
use zeroize::Zeroizing;

/// The seed of the other key, which nobody pins.
const OTHER_SEED: [u8; 32] = [0x0b; 32];

struct OtherLog {
    honest: VerifierKey,
    signer: NoteSigner,
}

/// Puts another log key in front of an honest gateway: the same name, the same tree, another signature.
///
/// # Errors
/// None for a log that has a name.
pub fn with_another_key(honest: Router, log: VerifierKey) -> Result<Router, LogError> {
    let signer = NoteSigner::new(log.name(), &Zeroizing::new(OTHER_SEED))?;
    let other = Arc::new(OtherLog { honest: log, signer });
    Ok(honest.layer(from_fn_with_state(other, sign_anew)))
}

async fn sign_anew(State(other): State<Arc<OtherLog>>, request: Request, next: Next) -> Response {
    let (mut parts, body) = next.run(request).await.into_parts();
    let Ok(bytes) = to_bytes(body, MOST_BYTES).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let signed = match serde_json::from_slice::<Value>(&bytes) {
        Ok(mut json) => {
            other.sign_each(&mut json);
            json.to_string()
        }
        Err(_) => match std::str::from_utf8(&bytes).ok().and_then(|text| other.signed(text)) {
            Some(text) => text,
            None => return Response::from_parts(parts, Body::from(bytes)),
        },
    };
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(signed))
}

impl OtherLog {
    /// Every text below this value that is a checkpoint, or a proof with one.
    fn sign_each(&self, json: &mut Value) {
        match json {
            Value::String(text) => {
                if let Some(signed) = self.signed(text) {
                    *text = signed;
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.sign_each(item)),
            Value::Object(members) => members.values_mut().for_each(|member| self.sign_each(member)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn signed(&self, text: &str) -> Option<String> {
        if let Ok(mut proof) = text.parse::<TlogProof>() {
            proof.checkpoint = self.checkpoint(&proof.checkpoint)?;
            return Some(proof.to_string());
        }
        self.checkpoint(text)
    }

    fn checkpoint(&self, note: &str) -> Option<String> {
        let honest = Checkpoint::open(note, &self.honest).ok()?;
        let signed = Checkpoint::sign(&self.signer, honest.size(), *honest.root()).ok()?;
        Some(signed.note().to_owned())
    }
}

//! The one way to change something: posting a statement.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, header};
use quittance_protocol::Problem;
use quittance_protocol::json::Limits;
use quittance_protocol::jws;
use quittance_protocol::problem::Code;

use super::{Refused, Served};
use crate::replay::Response;

/// How long a caller may take to send its bytes.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// Takes a compact statement.
pub(super) async fn post(State(shared): Served, headers: HeaderMap, body: Body) -> Result<Response, Refused> {
    let content = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if content != jws::CONTENT_TYPE {
        return Err(Problem::new(Code::Malformed)
            .detail("send the statement as application/jose")
            .into());
    }
    let bytes = read(body).await?;
    let compact = String::from_utf8(bytes)
        .map_err(|_| Problem::new(Code::Malformed).detail("send one compact JWS: three parts of base64url"))?;
    Ok(shared.submit(compact).await)
}

/// Reads a body up to the protocol's limit and not one byte further.
pub(super) async fn read(body: Body) -> Result<Vec<u8>, Refused> {
    let bytes = tokio::time::timeout(PATIENCE, to_bytes(body, Limits::PROTOCOL.bytes));
    match bytes.await {
        Ok(Ok(bytes)) => Ok(bytes.to_vec()),
        Ok(Err(_)) => Err(Problem::new(Code::TooLarge).detail("a body has at most 64 KiB").into()),
        Err(_) => Err(Problem::new(Code::Malformed)
            .detail("the body did not arrive in time")
            .into()),
    }
}

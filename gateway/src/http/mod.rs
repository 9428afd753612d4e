//! HTTP: the only way in. TLS ends in front of the gateway.

mod desk;
mod log;
mod reads;
mod sandbox;
mod simulators;
mod stage;
mod statements;
mod uploads;

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use quittance_protocol::Problem;
use quittance_protocol::problem::{self, Code};
use serde::Serialize;

use crate::gateway::Shared;
use crate::replay::Response;

/// Handlers' state.
pub(crate) type Served = axum::extract::State<Arc<Shared>>;

/// Every route.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    let mut router = Router::new()
        .route("/v1/statements", post(statements::post))
        .route("/v1/nonce", get(reads::nonce))
        .route("/v1/policy", get(reads::policy))
        .route("/v1/mandates", get(reads::mandates))
        .route("/v1/mandates/{mandate}/charges", get(reads::charges))
        .route("/v1/orders/{order}", get(reads::order))
        .route("/v1/flows/{flow}", get(reads::flow))
        .route("/v1/uploads", post(uploads::upload))
        .route("/log/checkpoint", get(log::checkpoint))
        .route("/log/vkey", get(log::vkey))
        .route("/log/consistency", get(log::consistency))
        .route("/log/tile/{*path}", get(log::tile));
    if shared.sandbox.is_some() {
        router = router
            .route("/sandbox/clock", post(sandbox::move_clock))
            .route("/sandbox/merchants", post(sandbox::create_merchant))
            .route("/sandbox/reviewers", post(desk::create))
            .route("/sandbox/reviewers/{reviewer}/decisions", post(desk::decide))
            .route("/sandbox/desk", get(desk::queue))
            .route("/sandbox/merchants/{merchant}/offers", post(sandbox::make_offer))
            .route("/sandbox/merchants/{merchant}/charges", post(sandbox::charge))
            .route("/sandbox/merchants/{merchant}/notices", get(sandbox::notices))
            .route("/sandbox/merchants/{merchant}", get(stage::merchant))
            .route("/sandbox/merchants/{merchant}/release", post(stage::release))
            .route("/sandbox/merchants/{merchant}/refund", post(stage::refund))
            .route("/sandbox/merchants/{merchant}/objection", post(stage::object))
            .route("/sandbox/accounts/{account}", post(stage::set_profile))
            .route("/sandbox/accounts/{account}/rating", get(stage::rating))
            .route(
                "/sandbox/accounts/{account}/cards",
                get(stage::cards).post(stage::choose_card),
            )
            .route("/sandbox/accounts/{account}/number", post(stage::set_number))
            .route("/sandbox/flows/{flow}/voices", get(stage::voices))
            .route("/sandbox/cards/{card}/removed", post(stage::remove_card))
            .route("/sandbox/mandates/{mandate}", post(stage::set_mandate))
            .route("/sandbox/endings", post(stage::end))
            .route(
                "/sandbox/card-network",
                get(sandbox::seen_charges).post(sandbox::script),
            )
            .route("/sandbox/parties/{party}/script", post(simulators::script))
            .route("/sandbox/parties/{party}/asked", get(simulators::asked))
            .route("/sandbox/inbox/{account}", get(simulators::inbox));
    }
    router
        .fallback(nothing_here)
        .method_not_allowed_fallback(nothing_here)
        .with_state(shared)
}

async fn nothing_here() -> Refused {
    Refused(Problem::new(Code::NotFound).detail("there is no such path, or not with this method"))
}

/// A problem on its way out.
pub(crate) struct Refused(pub(crate) Problem);

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<Code> for Refused {
    fn from(code: Code) -> Self {
        Self(Problem::new(code))
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> axum::response::Response {
        Response::problem(&self.0).into_response()
    }
}

impl IntoResponse for Response {
    fn into_response(self) -> axum::response::Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let content = if status == StatusCode::OK {
            "application/json"
        } else {
            problem::CONTENT_TYPE
        };
        let mut response = (status, [(header::CONTENT_TYPE, content)], self.body).into_response();
        if let Some(seconds) = self.retry_after {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// A record as JSON.
pub(crate) fn json<T: Serialize>(value: &T) -> Result<Response, Refused> {
    serde_json::to_vec(value)
        .map(Response::ok)
        .map_err(|_| Code::Internal.into())
}

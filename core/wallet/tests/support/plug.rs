//! The network between phone and gateway, that can be pulled, and that remembers what was said.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use quittance_protocol::statement::Hold;
use quittance_protocol::{MandateId, Received};
use serde_json::Value;
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Line {
    /// It arrives, and so does its answer.
    #[default]
    Up,
    /// It does not arrive.
    Down,
    /// It arrives, and its answer is lost.
    AnswersLost,
}

#[derive(Clone, Default)]
pub(crate) struct Plug {
    line: Arc<Mutex<Line>>,
    said: Arc<Mutex<Vec<String>>>,
    pulled_at: Arc<Mutex<Option<&'static str>>>,
    lie: Arc<Mutex<Option<Lie>>>,
    refused: Arc<Mutex<Option<(&'static str, &'static str)>>>,
    slow: Arc<Mutex<Option<Slow>>>,
    late: Arc<Mutex<Option<(&'static str, Late)>>>,
    instead: Arc<Mutex<Option<(&'static str, Value)>>>,
    stalled: Arc<Mutex<Vec<&'static str>>>,
    unpausable: Arc<Mutex<Option<MandateId>>>,
}

/// A kind of statement, and what ends its way.
type Slow = (&'static str, Arc<Notify>);

/// An answer that is made, and on its way until it is let through.
#[derive(Clone, Default)]
pub(crate) struct Late {
    made: Arc<Notify>,
    through: Arc<Notify>,
}

impl Late {
    /// Waits until the gateway has answered.
    pub(crate) async fn made(&self) {
        self.made.notified().await;
    }

    /// Lets the answer arrive.
    pub(crate) fn let_through(&self) {
        self.through.notify_one();
    }
}

/// Changes every JSON answer of the gateway.
type Lie = Box<dyn Fn(&mut Value) + Send>;

impl Plug {
    pub(crate) fn set(&self, line: Line) {
        *self.line.lock().unwrap() = line;
    }

    /// Pulls the plug as soon as a statement of this kind comes along; it arrives, its answer does not.
    pub(crate) fn lose_answer_of(&self, statement: &'static str) {
        *self.pulled_at.lock().unwrap() = Some(statement);
    }

    /// The next statement of a kind, or the next question at a path, is refused with a code, as if by the gateway.
    pub(crate) fn refuse(&self, what: &'static str, code: &'static str) {
        *self.refused.lock().unwrap() = Some((what, code));
    }

    /// The next statement of a kind is under way until it is told that it was lost.
    pub(crate) fn slow(&self, statement: &'static str) -> Arc<Notify> {
        let lost = Arc::new(Notify::new());
        *self.slow.lock().unwrap() = Some((statement, Arc::clone(&lost)));
        lost
    }

    /// The next statement of a kind arrives, and its answer is on its way until it is let through.
    pub(crate) fn late(&self, statement: &'static str) -> Late {
        let late = Late::default();
        *self.late.lock().unwrap() = Some((statement, late.clone()));
        late
    }

    /// The next statement of a kind does not arrive, and is answered all the same.
    pub(crate) fn answer_instead(&self, statement: &'static str, answer: Value) {
        *self.instead.lock().unwrap() = Some((statement, answer));
    }

    /// Statements of these kinds do not arrive, all others do.
    pub(crate) fn stall(&self, statements: &[&'static str]) {
        *self.stalled.lock().unwrap() = statements.to_vec();
    }

    /// Pauses of this mandate do not arrive, all else does.
    pub(crate) fn stall_pauses_of(&self, mandate: MandateId) {
        *self.unpausable.lock().unwrap() = Some(mandate);
    }

    /// Lets somebody between phone and gateway change every answer, or, with none, nobody.
    pub(crate) fn lie(&self, lie: Option<Lie>) {
        *self.lie.lock().unwrap() = lie;
    }

    async fn told(&self, response: Response) -> Response {
        let (head, body) = response.into_parts();
        let bytes = to_bytes(body, 1 << 20).await.unwrap();
        let bytes = match (&*self.lie.lock().unwrap(), serde_json::from_slice::<Value>(&bytes)) {
            (Some(lie), Ok(mut json)) => {
                lie(&mut json);
                serde_json::to_vec(&json).unwrap()
            }
            _ => bytes.to_vec(),
        };
        let mut response = (head.status, bytes).into_response();
        *response.headers_mut() = head.headers;
        response.headers_mut().remove("content-length");
        response
    }

    /// Every statement of a kind that the phone sent, as it was sent.
    pub(crate) fn said(&self, statement: &str) -> Vec<String> {
        let of_kind = |compact: &&String| Received::parse(compact).is_ok_and(|received| received.name() == statement);
        self.said.lock().unwrap().iter().filter(of_kind).cloned().collect()
    }

    /// The kind of every statement that the phone sent, in their sequence.
    pub(crate) fn names(&self) -> Vec<String> {
        let said = self.said.lock().unwrap();
        let name = |compact: &String| Received::parse(compact).map(|received| received.name().to_owned());
        said.iter().filter_map(|compact| name(compact).ok()).collect()
    }

    pub(crate) fn wrap(&self, router: Router) -> Router {
        let plug = self.clone();
        router.layer(from_fn(move |request: Request, next: Next| {
            let plug = plug.clone();
            async move { plug.pass(request, next).await }
        }))
    }

    async fn pass(&self, request: Request, next: Next) -> Response {
        let (head, body) = request.into_parts();
        let bytes = to_bytes(body, 1 << 20).await.unwrap();
        let mut line = *self.line.lock().unwrap();
        let refused = |name: &str| {
            let (_, code) = self.refused.lock().unwrap().take_if(|(of, _)| *of == name)?;
            let problem = serde_json::json!({ "type": "about:blank", "title": "Refused", "status": 409, "code": code });
            let head = [("content-type", "application/problem+json")];
            Some((axum::http::StatusCode::CONFLICT, head, problem.to_string()).into_response())
        };
        if let Some(answer) = refused(head.uri.path()) {
            return answer;
        }
        if head.uri.path() == "/v1/statements" {
            let compact = String::from_utf8_lossy(&bytes).into_owned();
            let name = Received::parse(&compact)
                .map(|received| received.name().to_owned())
                .unwrap_or_default();
            self.said.lock().unwrap().push(compact);
            if let Some(answer) = refused(&name) {
                return answer;
            }
            let instead = self.instead.lock().unwrap().take_if(|(of, _)| *of == name);
            if let Some((_, answer)) = instead {
                return axum::Json(answer).into_response();
            }
            let slow = self.slow.lock().unwrap().take_if(|(of, _)| *of == name);
            if let Some((_, lost)) = slow {
                lost.notified().await;
                return axum::http::StatusCode::BAD_GATEWAY.into_response();
            }
            let late = self.late.lock().unwrap().take_if(|(of, _)| *of == name);
            if let Some((_, late)) = late {
                let answer = next.run(Request::from_parts(head, Body::from(bytes))).await;
                late.made.notify_one();
                late.through.notified().await;
                return answer;
            }
            let is_about = |mandate: MandateId| {
                let received = Received::parse(&String::from_utf8_lossy(&bytes)).ok();
                let hold = received.and_then(|received| received.unverified_body::<Hold>().ok());
                hold.is_some_and(|(_, hold)| hold.mandates.contains(&mandate))
            };
            if self.stalled.lock().unwrap().contains(&name.as_str())
                || self.unpausable.lock().unwrap().is_some_and(is_about)
            {
                return axum::http::StatusCode::BAD_GATEWAY.into_response();
            }
            let mut pulled_at = self.pulled_at.lock().unwrap();
            if *pulled_at == Some(name.as_str()) {
                *pulled_at = None;
                *self.line.lock().unwrap() = Line::Down;
                line = Line::AnswersLost;
            }
        }
        let out_of_order = || axum::http::StatusCode::BAD_GATEWAY.into_response();
        match line {
            Line::Up => {
                self.told(next.run(Request::from_parts(head, Body::from(bytes))).await)
                    .await
            }
            Line::Down => out_of_order(),
            Line::AnswersLost => {
                next.run(Request::from_parts(head, Body::from(bytes))).await;
                out_of_order()
            }
        }
    }
}

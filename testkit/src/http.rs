//! A plain HTTP client for the gateway's sandbox, log and problem answers; loopback only.

use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// Longer than any gateway takes that still answers: one that dies over a request leaves nobody waiting.
const PATIENCE: Duration = Duration::from_secs(60);

/// Talks to one gateway.
#[derive(Debug, Clone)]
pub struct Http {
    client: reqwest::Client,
    base: String,
}

/// Status and body of an answer; the body is `Null` where it is no JSON.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status; 0 where the gateway could not be reached.
    pub status: u16,
    /// The body as JSON.
    pub json: Value,
    /// The body as text.
    pub text: String,
}

impl Http {
    /// A client for the gateway at `base`, such as `http://127.0.0.1:8080`.
    #[expect(
        clippy::disallowed_methods,
        clippy::expect_used,
        reason = "a test client for loopback; it cannot go on without"
    )]
    pub fn new(base: &str) -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring knows the default versions")
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .no_proxy()
            .timeout(PATIENCE)
            .build()
            .expect("a client");
        Self {
            client,
            base: base.trim_end_matches('/').to_owned(),
        }
    }

    /// `GET path`.
    pub async fn get(&self, path: &str) -> Answer {
        finish(self.client.get(format!("{}{path}", self.base)).send().await).await
    }

    /// `GET path` with a read token.
    pub async fn get_as(&self, path: &str, token: &str) -> Answer {
        finish(
            self.client
                .get(format!("{}{path}", self.base))
                .bearer_auth(token)
                .send()
                .await,
        )
        .await
    }

    /// `POST path` with a JSON body.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        finish(self.client.post(format!("{}{path}", self.base)).json(body).send().await).await
    }

    /// Posts a statement as it is.
    pub async fn statement(&self, compact: &str) -> Answer {
        let request = self.client.post(format!("{}/v1/statements", self.base));
        finish(
            request
                .header("content-type", "application/jose")
                .body(compact.to_owned())
                .send()
                .await,
        )
        .await
    }
}

impl Answer {
    /// The problem's code, or nothing.
    pub fn code(&self) -> &str {
        self.json.get("code").and_then(Value::as_str).unwrap_or_default()
    }

    /// A text member of the answer, or nothing.
    pub fn text_of(&self, member: &str) -> String {
        self.json
            .get(member)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    }
}

async fn finish(sent: Result<reqwest::Response, reqwest::Error>) -> Answer {
    let Ok(response) = sent else {
        return Answer {
            status: 0,
            json: Value::Null,
            text: String::new(),
        };
    };
    let status = response.status().as_u16();
    let text = response.text().await.unwrap_or_default();
    let json = serde_json::from_str(&text).unwrap_or(Value::Null);
    Answer { status, json, text }
}

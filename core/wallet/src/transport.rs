//! The way to the gateway: HTTP over TLS, statements out, answers in.

use crate::config::WalletConfig;
use crate::error::WalletError;
use quittance_protocol::json::{self, Limits};
use quittance_protocol::{Problem, jws, problem};
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{RequestBuilder, Response, StatusCode, Url, redirect};
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::time::Duration;

/// An answer is refused above this size: a list of every mandate that a phone's vault has room for fits.
const MOST_ANSWER_BYTES: usize = 8 * 1024 * 1024;
pub(crate) const ANSWER_LIMITS: Limits = Limits {
    bytes: MOST_ANSWER_BYTES,
    depth: 32,
};
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// How sending ends without an answer.
#[derive(Debug)]
pub(crate) enum SendError {
    /// No gateway at the other end. Whether the message arrived is not known.
    Unreachable,
    /// No connection could be made: nothing was sent, and nothing else would be.
    Unconnected,
    /// The gateway refused.
    Problem(Problem),
    /// Something answered that does not speak this protocol.
    NotUnderstood(&'static str),
}

impl From<SendError> for WalletError {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Unreachable | SendError::Unconnected => WalletError::Offline,
            SendError::Problem(problem) => WalletError::Problem(problem),
            SendError::NotUnderstood(what) => WalletError::Answer(what),
        }
    }
}

/// A client of one gateway.
pub(crate) struct Transport {
    base: Url,
    client: reqwest::Client,
}

impl Transport {
    /// Builds the client; opens no connection.
    ///
    /// # Errors
    /// [`WalletError::Config`] for an address that is not `https`, unless it is a loopback address in the sandbox.
    pub(crate) fn new(config: &WalletConfig) -> Result<Self, WalletError> {
        let wrong = |fix| WalletError::Config {
            field: "gateway_url",
            fix,
        };
        let base: Url = config
            .gateway_url
            .parse()
            .map_err(|_| wrong("write https://host, without a path"))?;
        let loopback = match base.host_str().map(|host| host.trim_matches(['[', ']'])) {
            Some(host) => host
                .parse()
                .is_ok_and(|address: std::net::IpAddr| address.is_loopback()),
            None => return Err(wrong("write https://host, without a path")),
        };
        match base.scheme() {
            "https" => {}
            "http" if config.sandbox && loopback => {}
            "http" => {
                return Err(wrong(
                    "use https: cleartext goes to 127.0.0.1 or [::1] only, in the sandbox only",
                ));
            }
            _ => return Err(wrong("write https://host, without a path")),
        }
        if base.path() != "/" || base.query().is_some() || base.fragment().is_some() || base.username() != "" {
            return Err(wrong("write https://host, without path, query or user"));
        }
        Ok(Self {
            client: client(loopback)?,
            base,
        })
    }

    /// Posts one compact statement, byte for byte.
    pub(crate) async fn post(&self, compact: &str) -> Result<Vec<u8>, SendError> {
        let url = self.url("/v1/statements")?;
        let request = self
            .client
            .post(url)
            .header(CONTENT_TYPE, jws::CONTENT_TYPE)
            .body(compact.to_owned());
        answer(request).await
    }

    /// Uploads bytes of a media type.
    pub(crate) async fn upload(
        &self,
        bytes: Vec<u8>,
        media_type: &'static str,
        bearer: &str,
    ) -> Result<Vec<u8>, SendError> {
        let request = self
            .client
            .post(self.url("/v1/uploads")?)
            .header(CONTENT_TYPE, media_type)
            .bearer_auth(bearer)
            .body(bytes);
        answer(request).await
    }

    /// Reads JSON, with a bearer token where one is given.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str, bearer: Option<&str>) -> Result<T, SendError> {
        let mut request = self.client.get(self.url(path)?).header(ACCEPT, "application/json");
        if let Some(bearer) = bearer {
            request = request.bearer_auth(bearer);
        }
        read(&answer(request).await?)
    }

    /// Reads text.
    pub(crate) async fn get_text(&self, path: &str) -> Result<String, SendError> {
        let bytes = answer(self.client.get(self.url(path)?)).await?;
        String::from_utf8(bytes).map_err(|_| SendError::NotUnderstood("expected UTF-8 text"))
    }

    fn url(&self, path: &str) -> Result<Url, SendError> {
        self.base.join(path).map_err(|_| SendError::NotUnderstood("path"))
    }
}

/// Reads the JSON of an answer; members of a newer gateway are skipped.
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, SendError> {
    json::from_slice(bytes, ANSWER_LIMITS).map_err(|_| SendError::NotUnderstood("the JSON has another shape"))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where a client is built: TLS is ring with pinned roots"
)]
fn client(loopback: bool) -> Result<reqwest::Client, WalletError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots = rustls::RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| WalletError::Internal("TLS versions"))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let mut builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(ANSWER_TIMEOUT);
    if loopback {
        builder = builder.no_proxy();
    }
    builder.build().map_err(|_| WalletError::Internal("HTTP client"))
}

async fn answer(request: RequestBuilder) -> Result<Vec<u8>, SendError> {
    let response = request.send().await.map_err(|error| {
        if error.is_connect() {
            SendError::Unconnected
        } else {
            SendError::Unreachable
        }
    })?;
    let status = response.status();
    let is_problem = response
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| {
            value
                .split(';')
                .next()
                .is_some_and(|kind| kind.trim() == problem::CONTENT_TYPE)
        });
    let body = body(response).await?;
    match status {
        StatusCode::OK => Ok(body),
        _ if is_problem => Err(SendError::Problem(read(&body)?)),
        // A proxy, a captive portal or a gateway that is just starting: nobody that speaks for the gateway.
        _ if status.is_server_error() || status.is_redirection() => Err(SendError::Unreachable),
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => Err(SendError::Unreachable),
        _ => Err(SendError::NotUnderstood("a refusal without a problem document")),
    }
}

async fn body(mut response: Response) -> Result<Vec<u8>, SendError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| SendError::Unreachable)? {
        if bytes.len().saturating_add(chunk.len()) > MOST_ANSWER_BYTES {
            return Err(SendError::NotUnderstood("the answer is too long"));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opens(url: &str, sandbox: bool) -> bool {
        let config = WalletConfig {
            data_dir: "unused".into(),
            gateway_url: url.to_owned(),
            origin: url.to_owned(),
            log_vkey: String::new(),
            policy_author: String::new(),
            sandbox,
        };
        Transport::new(&config).is_ok()
    }

    #[test]
    fn cleartext_goes_to_a_loopback_address_in_the_sandbox_alone() {
        assert!(opens("http://127.0.0.1:8080", true));
        assert!(opens("http://[::1]:8080", true));
        for url in ["http://127.0.0.1:8080", "http://[::1]:8080"] {
            assert!(!opens(url, false), "{url} outside the sandbox");
        }
        for url in [
            "http://10.0.0.1",
            "http://gateway.example",
            "http://localhost:8080",
            "http://127.0.0.1.example",
            "http://0.0.0.0",
        ] {
            assert!(!opens(url, true), "{url}");
        }
    }

    #[test]
    fn tls_goes_anywhere_and_other_schemes_nowhere() {
        assert!(opens("https://gateway.example", false));
        for url in [
            "ftp://gateway.example",
            "gateway.example",
            "",
            "file:///x",
            "https://user@gateway.example",
            "https://gateway.example/path",
        ] {
            assert!(!opens(url, true), "{url}");
        }
    }
}

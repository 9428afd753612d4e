//! Registrations of a payer's secret, message by message.

use quittance_protocol::answer::PinAnswer;
use quittance_protocol::pin::{self, Registering};
use quittance_protocol::statement::{PinPhase, PinRegister, SecretKind};
use quittance_protocol::{B64, RegistrationId};

use super::Reply;
use super::phone::{Phone, draws};

/// A registration whose first message was answered.
pub(crate) struct Begun {
    kind: SecretKind,
    secret: Vec<u8>,
    state: Registering,
    pub(crate) answer: PinAnswer,
}

impl Begun {
    /// The record: what the gateway is to store.
    pub(crate) fn record(self) -> Record {
        let answered = self.answer.message.as_slice();
        let bytes = pin::client_register_finish(self.state, &self.secret, answered, &mut draws()).unwrap();
        Record {
            kind: self.kind,
            registration: self.answer.registration,
            bytes,
        }
    }
}

/// A registration's last message.
#[derive(Clone)]
pub(crate) struct Record {
    pub(crate) kind: SecretKind,
    pub(crate) registration: Option<RegistrationId>,
    pub(crate) bytes: Vec<u8>,
}

impl Phone<'_> {
    /// A registration's first message.
    pub(crate) async fn registration_request(&self, kind: SecretKind, message: Vec<u8>) -> PinRegister {
        PinRegister {
            nonce: self.nonce().await,
            secret: kind,
            phase: PinPhase::Request,
            registration: None,
            message: B64::new(message),
        }
    }

    /// Begins a registration; else the refusal.
    pub(crate) async fn begin_registration(&self, kind: SecretKind, secret: &[u8]) -> Result<Begun, Reply> {
        let (state, message) = pin::client_register_start(secret, &mut draws()).unwrap();
        let reply = self.post(&self.registration_request(kind, message).await).await;
        if reply.status != 200 {
            return Err(reply);
        }
        Ok(Begun {
            kind,
            secret: secret.to_vec(),
            state,
            answer: reply.ok(),
        })
    }

    /// Ends a registration.
    pub(crate) async fn end_registration(&self, record: &Record) -> Reply {
        self.post(&PinRegister {
            nonce: self.nonce().await,
            secret: record.kind,
            phase: PinPhase::Record,
            registration: record.registration,
            message: B64::new(record.bytes.clone()),
        })
        .await
    }

    /// Registers a payment PIN: the last answer, or the first refusal.
    pub(crate) async fn register(&self, secret: &[u8]) -> Reply {
        self.register_secret(SecretKind::PaymentPin, secret).await
    }

    /// Registers a secret: the last answer, or the first refusal.
    pub(crate) async fn register_secret(&self, kind: SecretKind, secret: &[u8]) -> Reply {
        match self.begin_registration(kind, secret).await {
            Ok(begun) => self.end_registration(&begun.record()).await,
            Err(refused) => refused,
        }
    }
}

//! The biometric factor: a signature of the enrolled key over the core's own challenge, and nothing else.

use crate::error::WalletError;
use crate::flows::OpenFlow;
use crate::inner::Inner;
use crate::ports::{BiometricRequest, KeyAlias};
use crate::texts;
use quittance_protocol::bytes::{B64, Digest32};
use quittance_protocol::flow_event::FlowEventKind;
use quittance_protocol::statement::{FactorProof, StepAnswer};
use quittance_protocol::{Claims, FlowId, PublicKey, Received, StatementId, Unsigned, Verified};
use std::sync::Arc;

/// What is to be proved, with the one key that may prove it.
struct Challenge {
    key: PublicKey,
    origin: String,
    unsigned: Unsigned,
    body: FactorProof,
}

impl Challenge {
    /// Believes an answer of native code only as a DER signature of this key over these bytes.
    fn verify(&self, der: &[u8]) -> Result<Verified<FactorProof>, WalletError> {
        let compact = self
            .unsigned
            .with_der_signature(der)
            .map_err(|_| WalletError::ProofInvalid)?;
        let proof = Received::parse(&compact)
            .and_then(|received| received.verify::<FactorProof>(&self.key, &self.origin))
            .map_err(|_| WalletError::ProofInvalid)?;
        if *proof.body() == self.body {
            Ok(proof)
        } else {
            Err(WalletError::ProofInvalid)
        }
    }
}

impl Inner {
    /// Asks the biometric prompt about the open step; writes the event and its effects. No lock is held while the
    /// payer is asked.
    pub(crate) async fn prove_biometric(self: &Arc<Self>, open: &OpenFlow) -> Result<u64, WalletError> {
        let start = &open.row.start;
        let body = FactorProof {
            flow: start.flow,
            step: open.step.id.clone(),
            nonce: start.nonce.clone(),
            operation: start.operation,
        };
        let proof = self.ask_biometric(body, &start.definition).await?;
        let shown = open.clone();
        self.unit(move |unit| {
            let event = FlowEventKind::FactorProved {
                step: shown.step.id.clone(),
                evidence: proof.content(),
            };
            unit.answer(
                &shown,
                StepAnswer::Proof {
                    proof: proof.compact().to_owned(),
                },
                event,
            )
        })
        .await
    }

    /// Asks for a proof outside a flow that is folded: lifting a pause.
    pub(crate) async fn prove_wish(
        self: &Arc<Self>,
        flow: FlowId,
        nonce: B64,
        definition: &'static str,
        operation: Digest32,
    ) -> Result<String, WalletError> {
        let body = FactorProof {
            flow,
            step: "identify".to_owned(),
            nonce,
            operation,
        };
        Ok(self.ask_biometric(body, definition).await?.compact().to_owned())
    }

    async fn ask_biometric(
        self: &Arc<Self>,
        body: FactorProof,
        definition: &str,
    ) -> Result<Verified<FactorProof>, WalletError> {
        let challenge = self.look(move |inner| inner.challenge(body)).await?;
        let request = BiometricRequest {
            alias: KeyAlias::Biometric,
            challenge: challenge.unsigned.signing_input().to_vec(),
            title_key: texts::biometric_title(definition).to_owned(),
            reason_key: texts::biometric_reason(definition).to_owned(),
        };
        let der = self.prompt.sign(request).await?;
        challenge.verify(&der)
    }

    fn challenge(&self, body: FactorProof) -> Result<Challenge, WalletError> {
        let key = self.enrolled()?.biometric_key;
        let origin = self.pinned.origin.clone();
        let jti = StatementId::from_bytes(self.random()?);
        let claims = Claims {
            aud: origin.clone(),
            iat: self.estimate()?,
            jti,
            seq: None,
        };
        let unsigned = Unsigned::new(&key.thumbprint(), &claims, &body)?;
        Ok(Challenge {
            key,
            origin,
            unsigned,
            body,
        })
    }
}

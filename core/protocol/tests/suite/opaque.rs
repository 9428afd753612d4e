//! The payment PIN against the vectors of RFC 9807.
//!
//! The vectors stretch nothing, the protocol stretches with Argon2id. The gateway never stretches, nor does the phone
//! before its last message, so all that goes through the protocol's own functions; the phone's last messages
//! go through a suite that differs from the protocol's in the stretch alone.

use opaque_ke::ksf::Identity;
use opaque_ke::{
    CipherSuite, ClientLogin, ClientLoginFinishParameters, ClientRegistration, ClientRegistrationFinishParameters,
    CredentialRequest, CredentialResponse, Identifiers, RegistrationResponse, ServerLogin, ServerLoginParameters,
    ServerRegistration, ServerSetup,
};
use quittance_protocol::pin::{
    PinSuite, ServerKeys, client_login_start, client_register_start, server_login_finish, server_login_start,
    server_register, server_register_finish,
};
use rand_core::{CryptoRng, RngCore};

use crate::opaque_vectors::*;

/// The suite of the vectors: the protocol's without its stretch.
struct Unstretched;

impl CipherSuite for Unstretched {
    type OprfCs = <PinSuite as CipherSuite>::OprfCs;
    type KeyExchange = <PinSuite as CipherSuite>::KeyExchange;
    type Ksf = Identity;
}

/// Random bytes that a vector names, in the order in which they are drawn; then no more.
struct Drawn(Vec<u8>);

impl Drawn {
    fn of(parts: &[&str]) -> Self {
        Self(parts.iter().flat_map(|part| bytes(part)).collect())
    }

    /// A blind is drawn as 64 bytes that are reduced; the vectors give it reduced.
    fn blind(blind: &str, rest: &[&str]) -> Self {
        let wide = format!("{blind}{}", "00".repeat(32));
        Self::of(&[&[wide.as_str()], rest].concat())
    }
}

impl RngCore for Drawn {
    fn next_u32(&mut self) -> u32 {
        panic!("nothing of OPAQUE draws numbers")
    }
    fn next_u64(&mut self) -> u64 {
        panic!("nothing of OPAQUE draws numbers")
    }
    fn fill_bytes(&mut self, into: &mut [u8]) {
        let drawn: Vec<u8> = self.0.drain(..into.len()).collect();
        into.copy_from_slice(&drawn);
    }
    fn try_fill_bytes(&mut self, into: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(into);
        Ok(())
    }
}

impl CryptoRng for Drawn {}

fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text).unwrap()
}

/// What the gateway draws for an answer. It draws a masking key for somebody who never registered each time, so that how
/// long it takes tells nothing; a payer's own record has its own.
fn drawn_by_the_gateway() -> Drawn {
    let of_nobody = "00".repeat(64);
    Drawn::of(&[&of_nobody, MASKING_NONCE, SERVER_KEYSHARE_SEED, SERVER_NONCE])
}

fn server_keys() -> Vec<u8> {
    // The last part is the key of those who never registered, which the real vectors never use.
    bytes(&[OPRF_SEED, SERVER_PRIVATE_KEY, SERVER_PUBLIC_KEY].concat())
}

#[test]
fn rfc_9807_real_vector_1_through_the_protocols_own_functions() {
    let (password, account, context) = (bytes(PASSWORD), bytes(CREDENTIAL_IDENTIFIER), bytes(CONTEXT));
    let keys = ServerKeys::from_bytes(&server_keys()).unwrap();

    let (_, request) = client_register_start(&password, &mut Drawn::blind(BLIND_REGISTRATION, &[])).unwrap();
    assert_eq!(hex::encode(&request), REGISTRATION_REQUEST);
    let response = server_register(&keys, &account, &request).unwrap();
    assert_eq!(hex::encode(response), REGISTRATION_RESPONSE);
    let record = server_register_finish(&bytes(REAL_1.upload)).unwrap();

    let mut drawn = Drawn::blind(BLIND_LOGIN, &[CLIENT_KEYSHARE_SEED, CLIENT_NONCE]);
    let (_, ke1) = client_login_start(&password, &mut drawn).unwrap();
    assert_eq!(hex::encode(&ke1), KE1);
    let mut drawn = drawn_by_the_gateway();
    let (state, ke2) = server_login_start(&keys, &account, Some(&record), &ke1, &context, &mut drawn).unwrap();
    assert_eq!(hex::encode(ke2), REAL_1.ke2);
    let session_key = server_login_finish(&state, &bytes(REAL_1.ke3)).unwrap();
    assert_eq!(hex::encode(session_key), REAL_1.session_key);
}

#[test]
fn rfc_9807_real_vectors_1_and_2_from_both_sides_without_a_stretch() {
    let (password, account, context) = (bytes(PASSWORD), bytes(CREDENTIAL_IDENTIFIER), bytes(CONTEXT));
    let setup = ServerSetup::<Unstretched>::deserialize(&server_keys()).unwrap();
    for vector in [REAL_1, REAL_2] {
        let identifiers = Identifiers {
            client: vector.client,
            server: vector.server,
        };
        let mut drawn = Drawn::blind(BLIND_REGISTRATION, &[ENVELOPE_NONCE]);
        let begun = ClientRegistration::<Unstretched>::start(&mut drawn, &password).unwrap();
        assert_eq!(hex::encode(begun.message.serialize()), REGISTRATION_REQUEST);
        let response = ServerRegistration::start(&setup, begun.message, &account).unwrap();
        assert_eq!(hex::encode(response.message.serialize()), REGISTRATION_RESPONSE);
        let response = RegistrationResponse::deserialize(&response.message.serialize()).unwrap();
        let parameters = ClientRegistrationFinishParameters::new(identifiers, None);
        let registered = begun.state.finish(&mut drawn, &password, response, parameters).unwrap();
        assert_eq!(hex::encode(registered.message.serialize()), vector.upload);
        assert_eq!(hex::encode(registered.export_key), EXPORT_KEY);
        let record = ServerRegistration::finish(registered.message);

        let mut drawn = Drawn::blind(BLIND_LOGIN, &[CLIENT_KEYSHARE_SEED, CLIENT_NONCE]);
        let begun = ClientLogin::<Unstretched>::start(&mut drawn, &password).unwrap();
        assert_eq!(hex::encode(begun.message.serialize()), KE1);
        let parameters = ServerLoginParameters {
            context: Some(&context),
            identifiers,
        };
        let answered = ServerLogin::start(
            &mut drawn_by_the_gateway(),
            &setup,
            Some(record),
            begun.message,
            &account,
            parameters.clone(),
        )
        .unwrap();
        assert_eq!(hex::encode(answered.message.serialize()), vector.ke2);
        let response = CredentialResponse::deserialize(&answered.message.serialize()).unwrap();
        let finish = ClientLoginFinishParameters::new(Some(&context), identifiers, None);
        let done = begun.state.finish(&mut drawn, &password, response, finish).unwrap();
        assert_eq!(hex::encode(done.message.serialize()), vector.ke3);
        assert_eq!(hex::encode(done.session_key), vector.session_key);
        assert_eq!(hex::encode(done.export_key), EXPORT_KEY);
        let judged = answered.state.finish(done.message, parameters).unwrap();
        assert_eq!(hex::encode(judged.session_key), vector.session_key);
    }
}

#[test]
fn rfc_9807_fake_vector_1_answers_about_nobody() {
    let setup = bytes(&[fake::OPRF_SEED, fake::SERVER_PRIVATE_KEY, fake::CLIENT_PUBLIC_KEY].concat());
    let setup = ServerSetup::<Unstretched>::deserialize(&setup).unwrap();
    let mut drawn = Drawn::of(&[
        fake::MASKING_KEY,
        fake::MASKING_NONCE,
        fake::SERVER_KEYSHARE_SEED,
        fake::SERVER_NONCE,
    ]);
    let parameters = ServerLoginParameters {
        context: Some(&bytes(CONTEXT)),
        identifiers: Identifiers {
            client: Some(b"alice"),
            server: Some(b"bob"),
        },
    };
    let request = CredentialRequest::deserialize(&bytes(fake::KE1)).unwrap();
    let answered = ServerLogin::<Unstretched>::start(
        &mut drawn,
        &setup,
        None,
        request,
        &bytes(CREDENTIAL_IDENTIFIER),
        parameters,
    )
    .unwrap();
    assert_eq!(hex::encode(answered.message.serialize()), fake::KE2);
}

//! The payment PIN: OPAQUE (RFC 9807), so that the PIN never leaves the phone.
//!
//! One suite, pinned: ristretto255 with SHA-512 for the OPRF, triple Diffie-Hellman, Argon2id with
//! [`MEMORY_KIB`], [`PASSES`], [`LANES`] on the phone. A login covers its purpose: both sides put [`context`] into
//! the transcript, so a proof for one step of one flow is worth nothing for another.
//!
//! Messages are bytes of fixed lengths; another length is `malformed`. Randomness is handed in.

use argon2::{Algorithm, Argon2, Params, Version};
use opaque_ke::errors::{InternalError, ProtocolError};
use opaque_ke::generic_array::{ArrayLength, GenericArray};
use opaque_ke::ksf::Ksf;
use opaque_ke::{
    CipherSuite, ClientLogin, ClientLoginFinishParameters, ClientRegistration, ClientRegistrationFinishParameters,
    CredentialFinalization, CredentialRequest, CredentialResponse, RegistrationRequest, RegistrationResponse,
    RegistrationUpload, Ristretto255, ServerLogin, ServerLoginParameters, ServerRegistration, ServerSetup, TripleDh,
};
use rand_core::{CryptoRng, RngCore};
use sha2::Sha512;
use zeroize::Zeroizing;

use crate::bytes::Digest32;
use crate::id::FlowId;
use crate::problem::{Code, Problem};

/// Argon2id memory in KiB (RFC 9106 section 4 leaves it to the application; this is the OWASP floor, which an old
/// phone does in well under a second).
pub const MEMORY_KIB: u32 = 19 * 1024;
/// Argon2id passes over the memory.
pub const PASSES: u32 = 2;
/// Argon2id lanes.
pub const LANES: u32 = 1;

/// Bytes of a registration's first message, the phone's.
pub const REGISTER_REQUEST_BYTES: usize = 32;
/// Bytes of a registration's second message, the gateway's.
pub const REGISTER_RESPONSE_BYTES: usize = 64;
/// Bytes of a registration's third message, which is also what the gateway stores.
pub const RECORD_BYTES: usize = 192;
/// Bytes of a login's first message (KE1), the phone's.
pub const LOGIN_REQUEST_BYTES: usize = 96;
/// Bytes of a login's second message (KE2), the gateway's.
pub const LOGIN_RESPONSE_BYTES: usize = 320;
/// Bytes of a login's third message (KE3), the phone's.
pub const LOGIN_FINISH_BYTES: usize = 64;
/// Bytes of what the gateway remembers between KE1 and KE3.
pub const LOGIN_STATE_BYTES: usize = 128;
/// Bytes of the gateway's long-lived secret.
pub const SERVER_KEYS_BYTES: usize = 128;

/// The one OPAQUE suite of the protocol.
#[derive(Clone, Copy, Debug)]
pub struct PinSuite;

impl CipherSuite for PinSuite {
    type OprfCs = Ristretto255;
    type KeyExchange = TripleDh<Ristretto255, Sha512>;
    type Ksf = PinStretch;
}

/// Argon2id with the pinned parameters. The salt is zero, as RFC 9807 section 4 says: the input is an OPRF output.
#[derive(Clone, Copy, Debug, Default)]
pub struct PinStretch;

impl Ksf for PinStretch {
    fn hash<L: ArrayLength<u8>>(&self, input: GenericArray<u8, L>) -> Result<GenericArray<u8, L>, InternalError> {
        let parameters = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|_| InternalError::KsfError)?;
        let mut output = GenericArray::default();
        Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters)
            .hash_password_into(&input, &[0; argon2::RECOMMENDED_SALT_LEN], &mut output)
            .map_err(|_| InternalError::KsfError)?;
        Ok(output)
    }
}

/// What one login is for, as bytes that both sides put into the transcript: each part after its length.
#[must_use]
pub fn context(flow: FlowId, step: &str, nonce: &[u8], operation: &Digest32) -> Vec<u8> {
    let flow = flow.to_string();
    let mut bytes = b"quittance-pin/1\n".to_vec();
    for part in [flow.as_bytes(), step.as_bytes(), nonce, operation.as_bytes()] {
        bytes.extend((part.len() as u64).to_be_bytes());
        bytes.extend(part);
    }
    bytes
}

/// The phone between the first and the third message of a registration. Wiped on drop.
pub struct Registering(ClientRegistration<PinSuite>);

/// Begins a registration on the phone: the state to keep and the message to send.
///
/// # Errors
/// `malformed` for an empty PIN or one over 65,535 bytes.
pub fn client_register_start<R: RngCore + CryptoRng>(
    pin: &[u8],
    rng: &mut R,
) -> Result<(Registering, Vec<u8>), Problem> {
    let pin = checked_pin(pin)?;
    let begun = ClientRegistration::start(rng, pin).map_err(refusal)?;
    Ok((Registering(begun.state), begun.message.serialize().to_vec()))
}

/// Ends a registration on the phone: the record to send. Runs Argon2id.
///
/// # Errors
/// `malformed` where the gateway's answer is not of the protocol; `internal` where memory for Argon2id is lacking.
pub fn client_register_finish<R: RngCore + CryptoRng>(
    state: Registering,
    pin: &[u8],
    response: &[u8],
    rng: &mut R,
) -> Result<Vec<u8>, Problem> {
    let response = RegistrationResponse::deserialize(sized(response, REGISTER_RESPONSE_BYTES)?).map_err(refusal)?;
    let parameters = ClientRegistrationFinishParameters::default();
    let done = state
        .0
        .finish(rng, checked_pin(pin)?, response, parameters)
        .map_err(refusal)?;
    Ok(done.message.serialize().to_vec())
}

/// The phone between the first and the third message of a login. Wiped on drop.
pub struct LoggingIn(ClientLogin<PinSuite>);

/// Begins a login on the phone: the state to keep and KE1. Sending KE1 costs a guess.
///
/// # Errors
/// `malformed` for an empty PIN or one over 65,535 bytes.
pub fn client_login_start<R: RngCore + CryptoRng>(pin: &[u8], rng: &mut R) -> Result<(LoggingIn, Vec<u8>), Problem> {
    let begun = ClientLogin::start(rng, checked_pin(pin)?).map_err(refusal)?;
    Ok((LoggingIn(begun.state), begun.message.serialize().to_vec()))
}

/// Ends a login on the phone: KE3 with the session key. Runs Argon2id.
///
/// # Errors
/// `proof_rejected` for a wrong PIN, or a gateway that put another context into the transcript or does not hold the
/// record; `malformed` where KE2 is not of the protocol.
pub fn client_login_finish<R: RngCore + CryptoRng>(
    state: LoggingIn,
    pin: &[u8],
    response: &[u8],
    context: &[u8],
    rng: &mut R,
) -> Result<(Vec<u8>, Zeroizing<Vec<u8>>), Problem> {
    let response = CredentialResponse::deserialize(sized(response, LOGIN_RESPONSE_BYTES)?).map_err(refusal)?;
    let parameters = ClientLoginFinishParameters {
        context: Some(context),
        ..ClientLoginFinishParameters::default()
    };
    let done = state
        .0
        .finish(rng, checked_pin(pin)?, response, parameters)
        .map_err(refusal)?;
    Ok((
        done.message.serialize().to_vec(),
        Zeroizing::new(done.session_key.to_vec()),
    ))
}

/// The gateway's long-lived secret: OPRF seed and key pair. It belongs into the key custodian; with the database
/// alone no PIN can be searched for. Wiped on drop.
pub struct ServerKeys(ServerSetup<PinSuite>);

impl ServerKeys {
    /// Draws a new secret: every registration made under another one ends with it.
    #[must_use]
    pub fn generate<R: RngCore + CryptoRng>(rng: &mut R) -> Self {
        Self(ServerSetup::new(rng))
    }

    /// The secret as bytes, for the custodian.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.0.serialize().to_vec())
    }

    /// Takes the secret from the custodian.
    ///
    /// # Errors
    /// `internal` where the bytes are not what [`Self::to_bytes`] gave.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Problem> {
        let defect = || Problem::new(Code::Internal).detail("the stored PIN keys are damaged");
        let bytes = sized(bytes, SERVER_KEYS_BYTES).map_err(|_| defect())?;
        ServerSetup::deserialize(bytes).map(Self).map_err(|_| defect())
    }
}

/// Answers a registration's first message. `credential` names what is registered (the credential identifier). The answer
/// evaluates one guess under the key of that name, so each registration needs a name of its own.
///
/// # Errors
/// `malformed` where the message is not of the protocol.
pub fn server_register(keys: &ServerKeys, credential: &[u8], request: &[u8]) -> Result<Vec<u8>, Problem> {
    let request = RegistrationRequest::deserialize(sized(request, REGISTER_REQUEST_BYTES)?).map_err(refusal)?;
    let answer = ServerRegistration::start(&keys.0, request, credential).map_err(refusal)?;
    Ok(answer.message.serialize().to_vec())
}

/// Takes a registration's third message: the record to store.
///
/// # Errors
/// `malformed` where the message is not of the protocol.
pub fn server_register_finish(upload: &[u8]) -> Result<Vec<u8>, Problem> {
    let upload = RegistrationUpload::<PinSuite>::deserialize(sized(upload, RECORD_BYTES)?).map_err(refusal)?;
    Ok(ServerRegistration::finish(upload).serialize().to_vec())
}

/// Answers KE1: what to remember until KE3, durably, and KE2. Count the guess before sending it. `credential` is
/// the one that the record was registered under. Without a record the answer looks the same, so nobody learns who has a
/// PIN; its login never succeeds.
///
/// # Errors
/// `malformed` where KE1 is not of the protocol; `internal` where the stored record is damaged.
pub fn server_login_start<R: RngCore + CryptoRng>(
    keys: &ServerKeys,
    credential: &[u8],
    record: Option<&[u8]>,
    request: &[u8],
    context: &[u8],
    rng: &mut R,
) -> Result<(Zeroizing<Vec<u8>>, Vec<u8>), Problem> {
    let defect = || Problem::new(Code::Internal).detail("the stored PIN record is damaged");
    let record = match record {
        Some(bytes) => {
            let bytes = sized(bytes, RECORD_BYTES).map_err(|_| defect())?;
            Some(ServerRegistration::<PinSuite>::deserialize(bytes).map_err(|_| defect())?)
        }
        None => None,
    };
    let request = CredentialRequest::deserialize(sized(request, LOGIN_REQUEST_BYTES)?).map_err(refusal)?;
    let parameters = ServerLoginParameters {
        context: Some(context),
        ..ServerLoginParameters::default()
    };
    let begun = ServerLogin::start(rng, &keys.0, record, request, credential, parameters).map_err(refusal)?;
    Ok((
        Zeroizing::new(begun.state.serialize().to_vec()),
        begun.message.serialize().to_vec(),
    ))
}

/// Judges KE3 against what was remembered; the context is bound in there since KE2, so remember the state under the
/// flow's step that it was made for. The session key is the one that the phone got.
///
/// # Errors
/// `proof_rejected` for a KE3 that does not answer this KE2; `malformed` where KE3 is not of the protocol; `internal`
/// where the remembered state is damaged.
pub fn server_login_finish(state: &[u8], message: &[u8]) -> Result<Zeroizing<Vec<u8>>, Problem> {
    let defect = || Problem::new(Code::Internal).detail("the stored PIN login is damaged");
    let state = sized(state, LOGIN_STATE_BYTES).map_err(|_| defect())?;
    let state = ServerLogin::<PinSuite>::deserialize(state).map_err(|_| defect())?;
    let message = CredentialFinalization::deserialize(sized(message, LOGIN_FINISH_BYTES)?).map_err(refusal)?;
    let done = state
        .finish(message, ServerLoginParameters::default())
        .map_err(refusal)?;
    Ok(Zeroizing::new(done.session_key.to_vec()))
}

fn checked_pin(pin: &[u8]) -> Result<&[u8], Problem> {
    if pin.is_empty() || u16::try_from(pin.len()).is_err() {
        return Err(Problem::new(Code::Malformed).detail("the PIN is empty or too long"));
    }
    Ok(pin)
}

fn sized(bytes: &[u8], length: usize) -> Result<&[u8], Problem> {
    if bytes.len() == length {
        Ok(bytes)
    } else {
        Err(Problem::new(Code::Malformed)
            .at("/message")
            .detail("the PIN message has another length"))
    }
}

/// The library's reasons never leave: they would tell a wrong PIN from a wrong record.
fn refusal(error: ProtocolError) -> Problem {
    match error {
        ProtocolError::InvalidLoginError => Problem::new(Code::ProofRejected),
        ProtocolError::LibraryError(_) => Problem::new(Code::Internal),
        ProtocolError::SerializationError
        | ProtocolError::SizeError { .. }
        | ProtocolError::ReflectedValueError
        | ProtocolError::Custom(_) => Problem::new(Code::Malformed).at("/message"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting(u64);

    impl RngCore for Counting {
        fn next_u32(&mut self) -> u32 {
            self.next_u64() as u32
        }
        fn next_u64(&mut self) -> u64 {
            let mut bytes = [0; 8];
            self.fill_bytes(&mut bytes);
            u64::from_be_bytes(bytes)
        }
        fn fill_bytes(&mut self, into: &mut [u8]) {
            for chunk in into.chunks_mut(32) {
                self.0 += 1;
                let block = Digest32::of(&self.0.to_be_bytes());
                chunk.copy_from_slice(&block.as_bytes()[..chunk.len()]);
            }
        }
        fn try_fill_bytes(&mut self, into: &mut [u8]) -> Result<(), rand_core::Error> {
            self.fill_bytes(into);
            Ok(())
        }
    }

    impl CryptoRng for Counting {}

    fn registered(rng: &mut Counting) -> (ServerKeys, Vec<u8>) {
        let keys = ServerKeys::generate(rng);
        let (state, request) = client_register_start(b"258036", rng).unwrap();
        let response = server_register(&keys, b"acc", &request).unwrap();
        let upload = client_register_finish(state, b"258036", &response, rng).unwrap();
        (keys, server_register_finish(&upload).unwrap())
    }

    struct Purpose<'a> {
        phone: &'a [u8],
        gateway: &'a [u8],
    }

    fn login(pin: &[u8], purpose: &Purpose<'_>) -> Result<bool, Code> {
        let mut rng = Counting(0);
        let (keys, record) = registered(&mut rng);
        let keys = ServerKeys::from_bytes(&keys.to_bytes()).unwrap();
        let (state, request) = client_login_start(pin, &mut rng).unwrap();
        let (stored, response) =
            server_login_start(&keys, b"acc", Some(&record), &request, purpose.gateway, &mut rng).unwrap();
        let (message, phone) =
            client_login_finish(state, pin, &response, purpose.phone, &mut rng).map_err(|problem| problem.code())?;
        let gateway = server_login_finish(&stored, &message).map_err(|problem| problem.code())?;
        Ok(phone == gateway)
    }

    #[test]
    fn the_right_pin_for_the_same_purpose_gives_both_sides_one_key() {
        assert_eq!(
            login(
                b"258036",
                &Purpose {
                    phone: b"a",
                    gateway: b"a"
                }
            ),
            Ok(true)
        );
    }

    #[test]
    fn a_wrong_pin_or_another_purpose_is_rejected() {
        assert_eq!(
            login(
                b"258037",
                &Purpose {
                    phone: b"a",
                    gateway: b"a"
                }
            ),
            Err(Code::ProofRejected)
        );
        assert_eq!(
            login(
                b"258036",
                &Purpose {
                    phone: b"a",
                    gateway: b"b"
                }
            ),
            Err(Code::ProofRejected)
        );
    }

    #[test]
    fn the_gateway_itself_rejects_a_third_message_that_does_not_answer_its_second() {
        let mut rng = Counting(0);
        let (keys, record) = registered(&mut rng);
        let (state, request) = client_login_start(b"258036", &mut rng).unwrap();
        let (stored, response) = server_login_start(&keys, b"acc", Some(&record), &request, b"a", &mut rng).unwrap();
        let (message, _) = client_login_finish(state, b"258036", &response, b"a", &mut rng).unwrap();
        assert!(server_login_finish(&stored, &message).is_ok());
        let mut flipped = message;
        flipped[0] ^= 1;
        assert_eq!(
            server_login_finish(&stored, &flipped).unwrap_err().code(),
            Code::ProofRejected
        );
    }

    #[test]
    fn without_a_record_the_answer_has_the_same_form_but_never_succeeds() {
        let mut rng = Counting(0);
        let keys = ServerKeys::generate(&mut rng);
        let (state, request) = client_login_start(b"258036", &mut rng).unwrap();
        let (_, response) = server_login_start(&keys, b"acc", None, &request, b"a", &mut rng).unwrap();
        let refused = client_login_finish(state, b"258036", &response, b"a", &mut rng).unwrap_err();
        assert_eq!(refused.code(), Code::ProofRejected);
    }

    /// Another value here means that the suite or its parameters changed: every PIN of every payer would be lost.
    #[test]
    fn the_suite_is_frozen() {
        let (keys, record) = registered(&mut Counting(0));
        assert_eq!(
            hex::encode(Digest32::of(&keys.to_bytes()).as_bytes()),
            "aed735d648f6deafc167b8fd685237a08481fa940556262f757ba56689483180"
        );
        assert_eq!(
            hex::encode(Digest32::of(&record).as_bytes()),
            "c4f35e070808e285f8dbf655f5ecb483b3eac8c96c66c2063d726b5089a89299"
        );
    }

    #[test]
    fn the_stretch_is_argon2id_with_19_mib_and_two_passes() {
        let input = GenericArray::<u8, opaque_ke::generic_array::typenum::U64>::default();
        let mut expected = [0; 64];
        let parameters = Params::new(19_456, 2, 1, None).unwrap();
        Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters)
            .hash_password_into(&[0; 64], &[0; 16], &mut expected)
            .unwrap();
        assert_eq!(PinStretch.hash(input).unwrap().as_slice(), expected);
    }

    #[test]
    fn messages_of_another_length_are_malformed() {
        let mut rng = Counting(0);
        let (keys, record) = registered(&mut rng);
        for length in [0, 1, 31, 33, 95, 97, 1000] {
            let bytes = vec![7; length];
            assert_eq!(
                server_register(&keys, b"a", &bytes).unwrap_err().code(),
                Code::Malformed
            );
            assert_eq!(server_register_finish(&bytes).unwrap_err().code(), Code::Malformed);
            let answer = server_login_start(&keys, b"a", Some(&record), &bytes, b"", &mut rng);
            assert_eq!(answer.unwrap_err().code(), Code::Malformed);
        }
        assert_eq!(
            client_login_start(b"", &mut rng).err().map(|problem| problem.code()),
            Some(Code::Malformed)
        );
    }

    #[test]
    fn parts_of_a_context_do_not_run_into_one_another() {
        let flow = FlowId::from_bytes([1; 16]);
        let digest = Digest32::of(b"");
        assert_ne!(context(flow, "ab", b"c", &digest), context(flow, "a", b"bc", &digest));
    }
}

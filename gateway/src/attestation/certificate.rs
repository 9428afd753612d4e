//! One X.509 certificate, as far as a chain needs it.

use quittance_protocol::{Digest32, Timestamp};
use x509_cert::Certificate as Parsed;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::{Decode as _, Encode as _, Reader as _, SliceReader};
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage};
use x509_cert::name::Name;

use super::signature::{P256, curve, verifies};

/// The extension that states how a key is kept.
const STATEMENT: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.11129.2.1.17");
const BASIC_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");
const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");

/// A certificate is not well-formed, or says something critical that is not understood here.
#[derive(Debug)]
pub(super) struct Malformed;

impl From<x509_cert::der::Error> for Malformed {
    fn from(_: x509_cert::der::Error) -> Self {
        Self
    }
}

/// One certificate.
pub(super) struct Certificate<'c> {
    /// The bytes that are signed, as they came.
    signed: &'c [u8],
    parsed: Parsed,
    /// Whether it may sign other certificates.
    pub(super) is_authority: bool,
    /// SHA-256 of its key.
    pub(super) key: Digest32,
}

impl<'c> Certificate<'c> {
    pub(super) fn read(der: &'c [u8]) -> Result<Self, Malformed> {
        let parsed = Parsed::from_der(der)?;
        let mut reader = SliceReader::new(der)?;
        let signed = reader.sequence(|inner| {
            let signed = inner.tlv_bytes()?;
            let rest = inner.remaining_len();
            inner.drain(rest)?;
            Ok::<_, Malformed>(signed)
        })?;
        let body = parsed.tbs_certificate();
        // RFC 5280 4.1.1.2: the algorithm inside is the signed one.
        if body.signature() != parsed.signature_algorithm() {
            return Err(Malformed);
        }
        let extensions = body.extensions().map(Vec::as_slice).unwrap_or_default();
        for (place, extension) in extensions.iter().enumerate() {
            let known = [BASIC_CONSTRAINTS, KEY_USAGE, STATEMENT].contains(&extension.extn_id);
            let again = extensions
                .iter()
                .skip(place + 1)
                .any(|later| later.extn_id == extension.extn_id);
            if again || (extension.critical && !known) {
                return Err(Malformed);
            }
        }
        let constraints = body.get_extension::<BasicConstraints>()?;
        let usage = body.get_extension::<KeyUsage>()?;
        let is_authority =
            constraints.is_some_and(|(_, it)| it.ca) && usage.is_none_or(|(_, usage)| usage.key_cert_sign());
        let key = Digest32::of(&body.subject_public_key_info().to_der()?);
        Ok(Self {
            signed,
            parsed,
            is_authority,
            key,
        })
    }

    pub(super) fn subject(&self) -> &Name {
        self.parsed.tbs_certificate().subject()
    }

    pub(super) fn issuer(&self) -> &Name {
        self.parsed.tbs_certificate().issuer()
    }

    /// Whether this issuer's key signed it.
    pub(super) fn is_signed_by(&self, issuer: &Certificate<'_>) -> bool {
        let key = issuer.parsed.tbs_certificate().subject_public_key_info();
        let Some(signature) = self.parsed.signature().as_bytes() else {
            return false;
        };
        verifies(key, self.parsed.signature_algorithm(), self.signed, signature)
    }

    /// Its key as an uncompressed point, where it is one on P-256.
    pub(super) fn p256_point(&self) -> Option<&[u8]> {
        let key = self.parsed.tbs_certificate().subject_public_key_info();
        (curve(key)? == P256).then(|| key.subject_public_key.as_bytes())?
    }

    /// Whether its dates have begun, and whether they are over.
    pub(super) fn dates(&self, now: Timestamp) -> (bool, bool) {
        let validity = self.parsed.tbs_certificate().validity();
        let now = u64::try_from(now.unix()).unwrap_or_default();
        let begun = now >= validity.not_before.to_unix_duration().as_secs();
        let over = now > validity.not_after.to_unix_duration().as_secs();
        (begun, over)
    }

    /// Its serial number, lowercase hex.
    pub(super) fn serial(&self) -> String {
        hex::encode(self.parsed.tbs_certificate().serial_number().as_bytes())
    }

    /// What it states about how its key is kept: the extension's bytes.
    pub(super) fn statement(&self) -> Option<&[u8]> {
        let extensions = self.parsed.tbs_certificate().extensions()?;
        let found = extensions.iter().find(|extension| extension.extn_id == STATEMENT)?;
        Some(found.extn_value.as_bytes())
    }
}

//! A chain of certificates, leaf first: read within bounds, then every link checked.

use super::certificate::Certificate;
use super::statement::KeyStatement;

/// Most certificates in a chain. Remotely provisioned phones bring five.
pub const MAX_CERTIFICATES: usize = 6;

/// Most bytes in one certificate.
pub const MAX_CERTIFICATE: usize = 6 * 1024;

/// What no honest phone brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Flaw {
    /// More than [`MAX_CERTIFICATES`].
    TooMany,
    /// More than [`MAX_CERTIFICATE`] bytes.
    TooLarge,
    /// No certificate in strict DER.
    Certificate,
    /// Its statement about the key is not well-formed.
    Statement,
    /// A certificate other than the leaf makes a statement about a key: a key that was attested signed another.
    StatementAbove,
    /// The next certificate is not the issuer that it names; or it names itself, and is not the last.
    Issuer,
    /// The next certificate's key did not sign it.
    Signature,
    /// The leaf is about another key than the enrolled one.
    OtherKey,
}

impl Flaw {
    /// Every flaw.
    pub const ALL: [Self; 8] = [
        Self::TooMany,
        Self::TooLarge,
        Self::Certificate,
        Self::Statement,
        Self::StatementAbove,
        Self::Issuer,
        Self::Signature,
        Self::OtherKey,
    ];

    /// One stable sentence, the detail of the problem `attestation_refused`.
    #[must_use]
    pub const fn says(self) -> &'static str {
        match self {
            Self::TooMany => "too_many: the chain is longer than any phone's",
            Self::TooLarge => "too_large: a certificate is larger than any phone's",
            Self::Certificate => "malformed_certificate: this is no certificate in strict DER",
            Self::Statement => "malformed_statement: what the certificate states about its key is not well-formed",
            Self::StatementAbove => "statement_above: a certificate above the leaf states something about a key",
            Self::Issuer => "issuer_differs: this one's issuer does not follow, or it names itself before the end",
            Self::Signature => "signature_wrong: the next certificate's key did not sign this one",
            Self::OtherKey => "other_key: the chain is about another key than the enrolled one",
        }
    }
}

/// A chain that is refused, and which certificate of it is why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("certificate {certificate}: {}", flaw.says())]
pub struct Refused {
    /// Its place, from 0, the leaf's.
    pub certificate: usize,
    /// What is wrong with it.
    pub flaw: Flaw,
}

/// A chain whose links hold.
pub(super) struct Chain<'c> {
    pub(super) leaf: Certificate<'c>,
    /// What the leaf states about its key, where it states something.
    pub(super) stated: Option<KeyStatement>,
    /// The leaf's issuer, its issuer, and so on, without the root.
    pub(super) between: Vec<Certificate<'c>>,
    /// Signed by itself; absent where the leaf stands alone.
    pub(super) root: Option<Certificate<'c>>,
}

impl<'c> Chain<'c> {
    /// Reads a chain and checks every signature in it, the root's own too; `None` where it is empty.
    ///
    /// # Errors
    /// [`Refused`].
    pub(super) fn read<D: AsRef<[u8]>>(chain: &'c [D]) -> Result<Option<Self>, Refused> {
        let at = |certificate, flaw| Refused { certificate, flaw };
        if chain.len() > MAX_CERTIFICATES {
            return Err(at(MAX_CERTIFICATES, Flaw::TooMany));
        }
        let mut certificates = Vec::with_capacity(chain.len());
        for (place, der) in chain.iter().enumerate() {
            let der = der.as_ref();
            if der.len() > MAX_CERTIFICATE {
                return Err(at(place, Flaw::TooLarge));
            }
            let certificate = Certificate::read(der).map_err(|_| at(place, Flaw::Certificate))?;
            if place > 0 && certificate.statement().is_some() {
                return Err(at(place, Flaw::StatementAbove));
            }
            certificates.push(certificate);
        }
        // Form before signatures: what is not well-formed costs next to nothing.
        let stated = certificates.first().and_then(Certificate::statement);
        let stated = stated
            .map(KeyStatement::read)
            .transpose()
            .map_err(|_| at(0, Flaw::Statement))?;
        // The last one is its own issuer, but for a leaf that stands alone: without a root it proves nothing, and the
        // key in it may be one that signs only after a prompt.
        let root = certificates.iter().skip(1).last();
        let issuers = certificates.iter().skip(1).chain(root);
        for (place, (certificate, issuer)) in certificates.iter().zip(issuers).enumerate() {
            let is_last = place + 1 == certificates.len();
            let names_itself = certificate.issuer() == certificate.subject();
            if certificate.issuer() != issuer.subject() || names_itself != is_last {
                return Err(at(place, Flaw::Issuer));
            }
            if !certificate.is_signed_by(issuer) {
                return Err(at(place, Flaw::Signature));
            }
        }
        let mut certificates = certificates.into_iter();
        let Some(leaf) = certificates.next() else {
            return Ok(None);
        };
        let root = certificates.next_back();
        Ok(Some(Self {
            leaf,
            stated,
            between: certificates.collect(),
            root,
        }))
    }

    /// All of its certificates, leaf first.
    pub(super) fn all(&self) -> impl Iterator<Item = &Certificate<'c>> {
        std::iter::once(&self.leaf).chain(&self.between).chain(&self.root)
    }
}

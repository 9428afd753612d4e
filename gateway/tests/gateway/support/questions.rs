//! One question for each outside party.

use std::collections::BTreeMap;
use std::path::Path;

use quittance_gateway::parties::{
    BankRequest, Call, CallKey, CardClaim, ContactChannel, ContactRequest, DocumentKind, DocumentScan, FaceCapture,
    FaceQuestion, GeoQuestion, HistoryQuestion, IdentityClaim, NumberKind, PayerNotice, PersonalText, ReleaseRequest,
    SimulatedParties, TextMessage, VideoRequest,
};
use quittance_protocol::{AccountId, Digest32, FlowId, MandateId, MerchantId, Timestamp};

pub(crate) const ACCOUNT: AccountId = AccountId::from_bytes([1; 16]);
pub(crate) const OTHER: AccountId = AccountId::from_bytes([2; 16]);
pub(crate) const FLOW: FlowId = FlowId::from_bytes([3; 16]);
pub(crate) const MANDATE: MandateId = MandateId::from_bytes([4; 16]);
pub(crate) const MERCHANT: MerchantId = MerchantId::from_bytes([5; 16]);
const START: i64 = 1_800_000_000;

pub(crate) fn now() -> Timestamp {
    Timestamp::from_unix(START).unwrap()
}

/// The first try of a step.
pub(crate) fn call(step: &str) -> Call {
    Call {
        key: CallKey::of_step(FLOW, step, 1),
        at: now(),
    }
}

pub(crate) fn evidence() -> Digest32 {
    Digest32::of(b"evidence")
}

pub(crate) fn open(folder: &Path) -> SimulatedParties {
    SimulatedParties::open(&folder.join("parties.sqlite")).unwrap()
}

pub(crate) fn bank() -> BankRequest {
    BankRequest {
        mandate: MANDATE,
        operation: evidence(),
        state: evidence(),
    }
}

pub(crate) fn release() -> ReleaseRequest {
    ReleaseRequest {
        merchant: MERCHANT,
        mandate: MANDATE,
    }
}

pub(crate) fn face() -> FaceQuestion {
    FaceQuestion {
        account: ACCOUNT,
        capture: FaceCapture::GestureVideo {
            gestures: vec!["nod".to_owned(), "blink".to_owned()],
        },
        evidence: evidence(),
    }
}

pub(crate) fn scan(document: DocumentKind) -> DocumentScan {
    DocumentScan {
        account: ACCOUNT,
        document,
        images: vec![evidence()],
    }
}

pub(crate) fn claim() -> IdentityClaim {
    IdentityClaim {
        account: ACCOUNT,
        name: PersonalText::new("Anna Maria Eriksson".to_owned()),
        document_number: PersonalText::new("L898902C3".to_owned()),
    }
}

pub(crate) fn card() -> CardClaim {
    CardClaim {
        account: ACCOUNT,
        number: PersonalText::new("6222029990001234567".to_owned()),
        phone: PersonalText::new("+8613800004321".to_owned()),
    }
}

pub(crate) fn text(account: AccountId, code: &str) -> TextMessage {
    TextMessage {
        account,
        number: NumberKind::Bound,
        template: "otp".to_owned(),
        arguments: BTreeMap::from([("code".to_owned(), code.to_owned())]),
    }
}

pub(crate) fn video() -> VideoRequest {
    VideoRequest {
        account: ACCOUNT,
        operation: evidence(),
    }
}

pub(crate) fn contact() -> ContactRequest {
    ContactRequest {
        contact: OTHER,
        requester: ACCOUNT,
        flow: FLOW,
        purpose: "recovery.trusted_contacts".to_owned(),
        channel: ContactChannel::QrCode,
    }
}

pub(crate) fn place() -> GeoQuestion {
    GeoQuestion {
        account: ACCOUNT,
        address: Some("192.0.2.7".parse().unwrap()),
    }
}

pub(crate) fn notice() -> PayerNotice {
    PayerNotice {
        account: ACCOUNT,
        text: "lock.expires".to_owned(),
        arguments: BTreeMap::new(),
    }
}

pub(crate) const HISTORY: HistoryQuestion = HistoryQuestion { account: ACCOUNT };

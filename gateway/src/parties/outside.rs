//! Every outside party that flows ask, as one value.

use std::sync::Arc;

use super::bank_app::{BankApp, BankDecision, BankRequest};
use super::card_holder::{CardClaim, CardHolder, CardMatch};
use super::contact_peer::{ContactAnswer, ContactPeer, ContactRequest};
use super::face_vendor::{FaceFindings, FaceQuestion, FaceVendor};
use super::geo_locator::{GeoLocator, GeoQuestion, Location};
use super::identity_source::{IdentityClaim, IdentityMatch, IdentitySource};
use super::merchant_release::{MerchantRelease, ReleaseAnswer, ReleaseRequest};
use super::ocr_vendor::{DocumentOutcome, DocumentScan, OcrVendor};
use super::push::{PayerNotice, Push};
use super::sms_carrier::{SmsCarrier, TextMessage};
use super::transaction_history::{HistoryQuestion, SettledTransaction, TransactionHistory};
use super::video_desk::{VideoDesk, VideoRequest, VideoVerification};
use super::{Call, Delivery, Reply, Unavailable};

/// The parties that a gateway works with.
#[derive(Clone)]
pub struct OutsideParties {
    /// Brings texts to phones.
    pub sms_carrier: Arc<dyn SmsCarrier>,
    /// Knows whose name belongs to which document.
    pub identity_source: Arc<dyn IdentitySource>,
    /// Knows whose a card is.
    pub card_holder: Arc<dyn CardHolder>,
    /// Reads documents.
    pub ocr_vendor: Arc<dyn OcrVendor>,
    /// Judges faces.
    pub face_vendor: Arc<dyn FaceVendor>,
    /// Speaks with people by video.
    pub video_desk: Arc<dyn VideoDesk>,
    /// The payer's bank.
    pub bank_app: Arc<dyn BankApp>,
    /// Merchants who may release mandates.
    pub merchant_release: Arc<dyn MerchantRelease>,
    /// Trusted contacts.
    pub contact_peer: Arc<dyn ContactPeer>,
    /// Knows where an address is.
    pub geo_locator: Arc<dyn GeoLocator>,
    /// Remembers settled transactions.
    pub transaction_history: Arc<dyn TransactionHistory>,
    /// Brings notices to phones.
    pub push: Arc<dyn Push>,
}

impl OutsideParties {
    /// No party at all: none of them answers, so that nothing that needs one is approved. A gateway outside of the
    /// sandbox begins with these, because a simulator says yes to everybody.
    #[must_use]
    pub fn absent() -> Self {
        let absent = Arc::new(Absent);
        Self {
            sms_carrier: absent.clone(),
            identity_source: absent.clone(),
            card_holder: absent.clone(),
            ocr_vendor: absent.clone(),
            face_vendor: absent.clone(),
            video_desk: absent.clone(),
            bank_app: absent.clone(),
            merchant_release: absent.clone(),
            contact_peer: absent.clone(),
            geo_locator: absent.clone(),
            transaction_history: absent.clone(),
            push: absent,
        }
    }
}

/// A party that is not there.
struct Absent;

macro_rules! absent {
    ($($party:ident::$ask:ident($question:ty) -> $outcome:ty;)*) => {$(
        impl $party for Absent {
            fn $ask(&self, _: &Call, _: &$question) -> Result<Reply<$outcome>, Unavailable> {
                Err(Unavailable)
            }
        }
    )*};
}

absent! {
    SmsCarrier::send(TextMessage) -> Delivery;
    IdentitySource::compare(IdentityClaim) -> IdentityMatch;
    CardHolder::compare(CardClaim) -> CardMatch;
    OcrVendor::read(DocumentScan) -> DocumentOutcome;
    FaceVendor::judge(FaceQuestion) -> FaceFindings;
    VideoDesk::verify(VideoRequest) -> VideoVerification;
    BankApp::confirm(BankRequest) -> BankDecision;
    MerchantRelease::ask(ReleaseRequest) -> ReleaseAnswer;
    ContactPeer::ask(ContactRequest) -> ContactAnswer;
    GeoLocator::locate(GeoQuestion) -> Location;
    TransactionHistory::settled(HistoryQuestion) -> Vec<SettledTransaction>;
    Push::notify(PayerNotice) -> Delivery;
}

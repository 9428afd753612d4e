//! Outside parties: one trait each, with a durable simulator.
//!
//! In the order that a reader needs them: how a party is asked (`call`), who they are (`outside`), one module a
//! party, the gateway's own checks of what they are given (`images`, `mrz`), then the simulators' common parts
//! (`script`, `simulated`, `simulator_file`).

mod call;
mod delivery;
mod outside;
mod party;
mod score;

mod bank_app;
mod card_holder;
mod card_network;
mod contact_peer;
mod face_vendor;
mod geo_locator;
mod identity_source;
mod merchant_release;
mod merchants;
mod ocr_vendor;
mod push;
mod sms_carrier;
mod transaction_history;
mod video_desk;

pub mod images;
pub mod mrz;

mod script;
mod simulated;
mod simulated_card_network;
mod simulator_file;

pub use call::{After, Call, CallKey, Reply, Unavailable};
pub use delivery::Delivery;
pub use outside::OutsideParties;
pub use party::Party;
pub use score::{NotAScore, Score};

pub use bank_app::{BankApp, BankDecision, BankRequest, SimulatedBankApp};
pub use card_holder::{CardClaim, CardHolder, CardMatch, SimulatedCardHolder};
pub use card_network::{CardNetwork, Funding, FundingReference, NetworkCharge, NetworkOutcome, NetworkRefund};
pub use contact_peer::{ContactAnswer, ContactChannel, ContactPeer, ContactRequest, SimulatedContactPeer};
pub use face_vendor::{FaceCapture, FaceFindings, FaceQuestion, FaceVendor, SimulatedFaceVendor};
pub use geo_locator::{GeoLocator, GeoQuestion, Location, SimulatedGeoLocator};
pub use identity_source::{IdentityClaim, IdentityMatch, IdentitySource, PersonalText, SimulatedIdentitySource};
pub use merchant_release::{MerchantRelease, ReleaseAnswer, ReleaseRequest, SimulatedMerchantRelease};
pub use merchants::{MerchantNotice, MerchantSystem, SimulatedMerchants};
pub use ocr_vendor::{
    DocumentKind, DocumentOutcome, DocumentRejection, DocumentScan, ImageQuality, OcrVendor, ScriptedReading,
    SimulatedOcrVendor, judge as judge_document,
};
pub use push::{PayerNotice, Push, SimulatedPush};
pub use sms_carrier::{NumberKind, ReceivedText, SimulatedSmsCarrier, SmsCarrier, TextMessage};
pub use transaction_history::{
    HistoryQuestion, ScriptedHistory, SettledTransaction, SimulatedTransactionHistory, TransactionHistory,
};
pub use video_desk::{SimulatedVideoDesk, VideoDesk, VideoRequest, VideoVerification};

pub use script::{Asked, ScriptError, ScriptLine};
pub use simulated::SimulatedParties;
pub use simulated_card_network::{NetworkScript, ScriptedOutcome, SeenCard, SeenCharge, SimulatedCardNetwork};
pub use simulator_file::SimulatorError;

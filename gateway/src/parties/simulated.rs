//! Every outside party as a simulator, over one durable file.

use std::path::Path;
use std::sync::Arc;

use super::script::{self, Asked, ScriptError, Scripted};
use super::simulator_file::SimulatorFile;
use super::{
    OutsideParties, Party, SimulatedBankApp, SimulatedCardHolder, SimulatedContactPeer, SimulatedFaceVendor,
    SimulatedGeoLocator, SimulatedIdentitySource, SimulatedMerchantRelease, SimulatedOcrVendor, SimulatedPush,
    SimulatedSmsCarrier, SimulatedTransactionHistory, SimulatedVideoDesk, SimulatorError,
};

/// The parties of a sandbox. Scripts, questions, replies survive a restart.
pub struct SimulatedParties {
    file: Arc<SimulatorFile>,
    sms_carrier: Arc<SimulatedSmsCarrier>,
    identity_source: Arc<SimulatedIdentitySource>,
    card_holder: Arc<SimulatedCardHolder>,
    ocr_vendor: Arc<SimulatedOcrVendor>,
    face_vendor: Arc<SimulatedFaceVendor>,
    video_desk: Arc<SimulatedVideoDesk>,
    bank_app: Arc<SimulatedBankApp>,
    merchant_release: Arc<SimulatedMerchantRelease>,
    contact_peer: Arc<SimulatedContactPeer>,
    geo_locator: Arc<SimulatedGeoLocator>,
    transaction_history: Arc<SimulatedTransactionHistory>,
    push: Arc<SimulatedPush>,
}

impl SimulatedParties {
    /// Opens the simulators' file, made where it is missing.
    ///
    /// # Errors
    /// What SQLite answers.
    pub fn open(path: &Path) -> Result<Self, SimulatorError> {
        let file = Arc::new(SimulatorFile::open(path, script::TABLES)?);
        Ok(Self {
            sms_carrier: Arc::new(SimulatedSmsCarrier::new(&file)),
            identity_source: Arc::new(SimulatedIdentitySource::new(&file)),
            card_holder: Arc::new(SimulatedCardHolder::new(&file)),
            ocr_vendor: Arc::new(SimulatedOcrVendor::new(&file)),
            face_vendor: Arc::new(SimulatedFaceVendor::new(&file)),
            video_desk: Arc::new(SimulatedVideoDesk::new(&file)),
            bank_app: Arc::new(SimulatedBankApp::new(&file)),
            merchant_release: Arc::new(SimulatedMerchantRelease::new(&file)),
            contact_peer: Arc::new(SimulatedContactPeer::new(&file)),
            geo_locator: Arc::new(SimulatedGeoLocator::new(&file)),
            transaction_history: Arc::new(SimulatedTransactionHistory::new(&file)),
            push: Arc::new(SimulatedPush::new(&file)),
            file,
        })
    }

    /// The simulators as the gateway is given them.
    #[must_use]
    pub fn outside(&self) -> OutsideParties {
        OutsideParties {
            sms_carrier: self.sms_carrier.clone(),
            identity_source: self.identity_source.clone(),
            card_holder: self.card_holder.clone(),
            ocr_vendor: self.ocr_vendor.clone(),
            face_vendor: self.face_vendor.clone(),
            video_desk: self.video_desk.clone(),
            bank_app: self.bank_app.clone(),
            merchant_release: self.merchant_release.clone(),
            contact_peer: self.contact_peer.clone(),
            geo_locator: self.geo_locator.clone(),
            transaction_history: self.transaction_history.clone(),
            push: self.push.clone(),
        }
    }

    /// The carrier, for its inboxes.
    #[must_use]
    pub fn sms_carrier(&self) -> &SimulatedSmsCarrier {
        &self.sms_carrier
    }

    /// Replaces what is left of a party's script by JSON lines: one [`super::ScriptLine`] a line, or one JSON array
    /// of them; nothing empties it. Lines are used up in their order, then the party is benign again. Replies that
    /// were given stay. Says how many lines the script has now.
    ///
    /// # Errors
    /// [`ScriptError`]; the script of before then stands.
    pub fn script(&self, party: Party, lines: &[u8]) -> Result<usize, ScriptError> {
        self.scripted(party).set(lines)
    }

    /// What a party was asked, in the order of first calls.
    ///
    /// # Errors
    /// What SQLite answers.
    pub fn asked(&self, party: Party) -> Result<Vec<Asked>, SimulatorError> {
        script::asked(&self.file, party)
    }

    fn scripted(&self, party: Party) -> &dyn Scripted {
        match party {
            Party::SmsCarrier => &self.sms_carrier.script,
            Party::IdentitySource => &self.identity_source.script,
            Party::CardNetwork => &self.card_holder.script,
            Party::OcrVendor => &self.ocr_vendor.script,
            Party::FaceVendor => &self.face_vendor.script,
            Party::VideoDesk => &self.video_desk.script,
            Party::BankApp => &self.bank_app.script,
            Party::MerchantRelease => &self.merchant_release.script,
            Party::ContactPeer => &self.contact_peer.script,
            Party::GeoLocator => &self.geo_locator.script,
            Party::TransactionHistory => &self.transaction_history.script,
            Party::Push => &self.push.script,
        }
    }
}

//! A stage in one process: a real gateway on loopback, phones, a merchant, and everything that can go wrong between.

mod doubles;
mod idle;
mod locks;
mod merchant;
mod phone;
mod reads;
mod saved;

pub use doubles::{DyingKeys, FaultyCustodian, GatedCardNetwork, Hostile, PhoneClock};
pub use idle::IdlePhone;
pub use locks::PhoneLocks;
pub use merchant::decision;
pub(crate) use phone::random;
pub use phone::{StagePhone, pin_of};

use crate::http::Http;
use crate::network::Network;
use crate::other_log::with_another_key;
use crate::story::PIN;
use axum::Router;
use quittance_gateway::attestation::Trust;
use quittance_gateway::parties::SimulatedParties;
use quittance_gateway::{
    Clock as _, Config, FolderCustodian, Gateway, Parts, PolicySource, Sandbox, SandboxClock, SimulatedCardNetwork,
    SimulatedMerchants,
};
use quittance_protocol::{MandateId, Timestamp};
use quittance_vault::{Randomness, SystemRandomness};
use serde_json::json;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Whatever a stage fails with; a test unwraps it.
pub type Staged<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// How long a condition may take to become true.
const PATIENCE: Duration = Duration::from_secs(20);

/// Gateway, merchant and the folder that everything lives in.
pub struct Stage {
    /// The way from the phones to the gateway, with its faults.
    pub network: Network,
    /// The merchant's, the log reader's and the director's own way, which never fails.
    pub http: Http,
    /// Gateway time.
    pub clock: Arc<SandboxClock>,
    /// The card network, whose charges can be kept waiting.
    pub card_network: Arc<GatedCardNetwork>,
    /// The gateway's keystore, which can fail.
    pub custodian: Arc<FaultyCustodian>,
    back_door: Network,
    folder: tempfile::TempDir,
    gateway: Mutex<Option<Gateway>>,
    sandbox: Sandbox,
    policy: PolicySource,
    merchant: String,
    /// Whether phones see a log that is signed with another key.
    another_log_key: AtomicBool,
}

/// Whoever leaves it ends its gateway, which would keep its thread and its files until the program ends.
impl Drop for Stage {
    fn drop(&mut self) {
        let gateway = self.gateway.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(gateway) = gateway {
            // It waits for what is queued, which may need the thread that is here.
            std::thread::spawn(move || gateway.shutdown());
        }
    }
}

impl Stage {
    /// Sets the stage: a new gateway in the sandbox, one merchant, no phone yet.
    ///
    /// # Errors
    /// What the system or the gateway says.
    pub async fn set() -> Staged<Self> {
        Self::set_at(None, PolicySource::Sandbox).await
    }

    /// As [`Stage::set`], under another policy; where a moment is given, all clocks stand there.
    ///
    /// # Errors
    /// What the system or the gateway says.
    pub async fn set_at(moment: Option<Timestamp>, policy: PolicySource) -> Staged<Self> {
        let folder = tempfile::tempdir()?;
        let data = folder.path().join("gateway");
        std::fs::create_dir_all(&data)?;
        let random: Arc<dyn Randomness> = Arc::new(SystemRandomness::new());
        let network = Network::up(Router::new(), None).await?;
        let back_door = Network::up(Router::new(), None).await?;
        let clock_file = data.join("sandbox-clock");
        let clock = Arc::new(match moment {
            Some(moment) => SandboxClock::standing_at(moment, &clock_file)?,
            None => SandboxClock::open(&clock_file)?,
        });
        let simulated = Arc::new(SimulatedCardNetwork::open(&data.join("card-network.sqlite"))?);
        let merchants = Arc::new(SimulatedMerchants::open(
            &data.join("merchants.sqlite"),
            Arc::clone(&random),
        )?);
        let honest = FolderCustodian::open(&data.join("keys"), random)?;
        let sandbox = Sandbox {
            clock: Arc::clone(&clock),
            card_network: Arc::clone(&simulated),
            merchants,
            parties: Arc::new(SimulatedParties::open(&data.join("parties.sqlite"))?),
        };
        let http = Http::new(&format!("http://{}", back_door.address()));
        let mut stage = Self {
            network,
            http,
            clock,
            card_network: Arc::new(GatedCardNetwork::new(simulated)),
            custodian: Arc::new(FaultyCustodian::new(honest)),
            back_door,
            folder,
            gateway: Mutex::default(),
            sandbox,
            policy: policy.clone(),
            merchant: String::new(),
            another_log_key: AtomicBool::new(false),
        };
        stage.open_gateway(policy)?;
        let made = stage
            .http
            .post("/sandbox/merchants", &json!({ "name": "Bluebird Rides" }))
            .await;
        stage.merchant = made.text_of("merchant");
        Ok(stage)
    }

    /// A stage with an enrolled phone and one active mandate: CNY 50.00 a charge, CNY 300.00 in 30 days.
    ///
    /// # Errors
    /// As [`Stage::set`], or what the phone says.
    pub async fn with_mandate() -> Staged<(Self, StagePhone, MandateId)> {
        Self::set().await?.and_mandate().await
    }

    /// The same, where all clocks stand: no day ends meanwhile, with what is counted by the day.
    ///
    /// # Errors
    /// As [`Stage::with_mandate`].
    pub async fn with_mandate_at(moment: Timestamp) -> Staged<(Self, StagePhone, MandateId)> {
        let stage = Self::set_at(Some(moment), PolicySource::Sandbox).await?;
        stage.and_mandate().await
    }

    async fn and_mandate(self) -> Staged<(Self, StagePhone, MandateId)> {
        let stage = self;
        let phone = stage.enrolled().await?;
        let mandate = phone.sign(&stage.offer().await?).await?;
        Ok((stage, phone, mandate))
    }

    /// The origin of every statement.
    pub fn origin(&self) -> String {
        format!("http://{}", self.network.address())
    }

    /// The gateway that runs now.
    ///
    /// # Errors
    /// While none does.
    pub fn gateway(&self) -> Staged<Gateway> {
        let gateway = self.gateway.lock().unwrap_or_else(PoisonError::into_inner).clone();
        gateway.ok_or_else(|| "the gateway is not running".into())
    }

    /// A phone that nobody has used.
    ///
    /// # Errors
    /// What the wallet says.
    pub fn phone(&self) -> Staged<StagePhone> {
        self.phone_believing(&self.gateway()?.log_key().to_string())
    }

    /// A phone that was built for the log with this key.
    ///
    /// # Errors
    /// What the wallet says.
    pub fn phone_believing(&self, log_vkey: &str) -> Staged<StagePhone> {
        let folder: PathBuf = (1..)
            .map(|n| self.folder.path().join(format!("phone-{n}")))
            .find(|f| !f.exists())
            .ok_or("no folder")?;
        StagePhone::new(&folder, &self.origin(), log_vkey, self.clock.now())
    }

    /// A phone whose payer has enrolled it, with [`PIN`].
    ///
    /// # Errors
    /// What the wallet says.
    pub async fn enrolled(&self) -> Staged<StagePhone> {
        let phone = self.phone()?;
        phone.enrol(PIN).await?;
        Ok(phone)
    }

    fn open_gateway(&self, policy: PolicySource) -> Staged<()> {
        let config = Config {
            data: self.folder.path().join("gateway"),
            origin: self.origin(),
            log_name: None,
            merchants: Vec::new(),
            policy,
            attestation: Trust::default(),
        };
        let clock = Arc::<SandboxClock>::clone(&self.clock);
        let card_network = Arc::<GatedCardNetwork>::clone(&self.card_network);
        let merchants = Arc::<SimulatedMerchants>::clone(&self.sandbox.merchants);
        let custodian = Arc::<FaultyCustodian>::clone(&self.custodian);
        let randomness = Arc::new(SystemRandomness::new());
        let sandbox = Some(self.sandbox.clone());
        let gateway = Gateway::open(
            config,
            Parts {
                custodian,
                clock,
                randomness,
                card_network,
                merchants,
                outside: self.sandbox.parties.outside(),
                sandbox,
            },
        )?;
        self.network.exchange(self.seen_by_phones(&gateway)?);
        self.back_door.exchange(gateway.router());
        *self.gateway.lock().unwrap_or_else(PoisonError::into_inner) = Some(gateway);
        Ok(())
    }

    /// From here on the log that phones see is signed with another key, or with its own again.
    ///
    /// # Errors
    /// While no gateway runs.
    pub fn show_another_log_key(&self, another: bool) -> Staged<()> {
        self.another_log_key.store(another, Ordering::SeqCst);
        self.network.exchange(self.seen_by_phones(&self.gateway()?)?);
        Ok(())
    }

    fn seen_by_phones(&self, gateway: &Gateway) -> Staged<Router> {
        Ok(if self.another_log_key.load(Ordering::SeqCst) {
            with_another_key(gateway.router(), gateway.log_key())?
        } else {
            gateway.router()
        })
    }

    /// Stops the gateway: nobody answers, its files are closed.
    ///
    /// # Errors
    /// Where it does not stop.
    pub async fn stop_gateway(&self) -> Staged<()> {
        self.network.down().await;
        self.network.exchange(Router::new());
        self.back_door.exchange(Router::new());
        let gateway = self.gateway.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(gateway) = gateway {
            tokio::task::spawn_blocking(move || gateway.shutdown()).await?;
        }
        Ok(())
    }

    /// Starts the gateway on the files that stand.
    ///
    /// # Errors
    /// What the gateway says.
    pub async fn start_gateway(&self, policy: PolicySource) -> Staged<()> {
        self.open_gateway(policy)?;
        Ok(self.network.again().await?)
    }

    /// The gateway ends and is started again on the same files.
    ///
    /// # Errors
    /// What the gateway says.
    pub async fn restart_gateway(&self) -> Staged<()> {
        self.stop_gateway().await?;
        self.start_gateway(self.policy.clone()).await
    }

    /// Lets gateway time pass, and whatever is due by then happen.
    ///
    /// # Errors
    /// What the file system says.
    pub async fn pass(&self, seconds: u32) -> Staged<Timestamp> {
        let now = self.clock.advance(seconds)?;
        self.gateway()?.wake().await;
        Ok(now)
    }
}

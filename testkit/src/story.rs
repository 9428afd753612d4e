//! A gateway, a phone, a merchant: the cast that the demo and the process tests share.

use crate::http::{Answer, Http};
use crate::kill::{Fault, KillSwitch};
use crate::merchant;
use crate::phone_protocol::{Command, Reply};
use crate::process::{GatewayProcess, GatewaySetup, PhoneProcess, PhoneSetup, Programs};
use quittance_protocol::{MandateId, Money};
use serde_json::{Value, json};
use std::io;
use std::path::Path;

/// The PIN of every made-up payer.
pub const PIN: &str = "482913";

/// What the two processes are started with.
#[derive(Debug, Clone, Default)]
pub struct Casting {
    /// Another program than the real gateway, by name.
    pub gateway_program: Option<&'static str>,
    /// Further arguments of the gateway.
    pub gateway_arguments: Vec<String>,
    /// Another program than the phone of the test kit, by name.
    pub phone_program: Option<&'static str>,
    /// Further arguments of the phone.
    pub phone_arguments: Vec<String>,
    /// Files whose syncs count for nothing when the power goes, by the end of their names, as a control.
    pub unsynced: Option<&'static str>,
}

/// Both processes, the merchant and the folder that they live in. Restarts whoever has died.
#[derive(Debug)]
pub struct Story {
    /// Sandbox, log and statements of the gateway.
    pub http: Http,
    programs: Programs,
    gateway_setup: GatewaySetup,
    phone_setup: PhoneSetup,
    gateway: Option<GatewayProcess>,
    phone: Option<PhoneProcess>,
    switches: Option<Switches>,
    merchant: String,
    deaths: u32,
}

#[derive(Debug)]
struct Switches {
    gateway: KillSwitch,
    phone: KillSwitch,
}

/// One of the two processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The gateway.
    Gateway,
    /// The phone.
    Phone,
}

impl Story {
    /// Sets the stage in `folder`; `killable` puts both processes under a kill switch.
    ///
    /// # Errors
    /// What the system says, or a gateway that does not start.
    pub async fn open(programs: Programs, folder: &Path, casting: &Casting, killable: bool) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let port_file = folder.join("port");
        let port = match std::fs::read_to_string(&port_file) {
            Ok(text) => text.trim().parse().map_err(io::Error::other)?,
            Err(_) => GatewaySetup::free_port()?,
        };
        std::fs::write(&port_file, port.to_string())?;
        let gateway_setup = GatewaySetup {
            program: programs.path(casting.gateway_program.unwrap_or("quittance-gateway")),
            data: folder.join("gateway"),
            port,
            arguments: casting.gateway_arguments.clone(),
        };
        let switches = killable
            .then(|| {
                io::Result::Ok(Switches {
                    gateway: KillSwitch::new(&folder.join("gateway.switch"))?.syncing_in_vain(casting.unsynced),
                    phone: KillSwitch::new(&folder.join("phone.switch"))?.syncing_in_vain(casting.unsynced),
                })
            })
            .transpose()?;
        let library = programs.kill_library();
        let under = switches.as_ref().map(|s| (&s.gateway, library.as_path()));
        let gateway = GatewayProcess::start(gateway_setup.clone(), under).await?;
        let http = Http::new(&gateway_setup.origin());
        let phone_setup = PhoneSetup {
            program: programs.path(casting.phone_program.unwrap_or("quittance-phone")),
            data: folder.join("phone"),
            gateway: gateway_setup.origin(),
            log_vkey: http.get("/log/vkey").await.text.trim_end().to_owned(),
            arguments: casting.phone_arguments.clone(),
        };
        let merchant_file = folder.join("merchant");
        let merchant = match std::fs::read_to_string(&merchant_file) {
            Ok(merchant) => merchant,
            Err(_) => http
                .post("/sandbox/merchants", &json!({ "name": "Bluebird Rides" }))
                .await
                .text_of("merchant"),
        };
        std::fs::write(&merchant_file, &merchant)?;
        Ok(Self {
            http,
            programs,
            gateway_setup,
            phone_setup,
            gateway: Some(gateway),
            phone: None,
            switches,
            merchant,
            deaths: 0,
        })
    }

    /// The process ids, gateway first.
    pub fn ids(&self) -> (Option<u32>, Option<u32>) {
        (
            self.gateway.as_ref().and_then(GatewayProcess::id),
            self.phone.as_ref().and_then(PhoneProcess::id),
        )
    }

    /// Arms one side's switch.
    ///
    /// # Errors
    /// What the file system says; a story that was not opened killable.
    pub fn arm(&self, side: Side, n: u64, fault: Fault) -> io::Result<()> {
        self.switch(side)?.arm(n, fault)
    }

    /// Disarms one side's switch.
    ///
    /// # Errors
    /// As [`Story::arm`].
    pub fn disarm(&self, side: Side) -> io::Result<()> {
        self.switch(side)?.disarm()
    }

    /// How many steps one side made since it was armed.
    ///
    /// # Errors
    /// As [`Story::arm`].
    pub fn counted(&self, side: Side) -> io::Result<u64> {
        self.switch(side)?.counted()
    }

    /// The kinds of steps that one side ever made under its switch, a bit each.
    ///
    /// # Errors
    /// As [`Story::arm`].
    pub fn kinds(&self, side: Side) -> io::Result<u64> {
        self.switch(side)?.kinds()
    }

    /// The kinds of steps of one side that were ever struck, a bit each.
    ///
    /// # Errors
    /// As [`Story::arm`].
    pub fn kinds_struck(&self, side: Side) -> io::Result<u64> {
        self.switch(side)?.struck()
    }

    /// The first step of each kind of the disk that one side made under its switch; 0 where there was none.
    ///
    /// # Errors
    /// As [`Story::arm`].
    pub fn firsts(&self, side: Side) -> io::Result<[u64; 6]> {
        self.switch(side)?.firsts()
    }

    /// What one side had left before each of its steps since it was armed; see [`KillSwitch::left_before_each`].
    ///
    /// # Errors
    /// As [`Story::arm`].
    pub fn left_before_each(&self, side: Side) -> io::Result<Vec<u64>> {
        self.switch(side)?.left_before_each()
    }

    /// How the gateway of this story is set up.
    pub fn gateway_setup(&self) -> &GatewaySetup {
        &self.gateway_setup
    }

    /// How the phone of this story is set up.
    pub fn phone_setup(&self) -> &PhoneSetup {
        &self.phone_setup
    }

    fn switch(&self, side: Side) -> io::Result<&KillSwitch> {
        let switches = self
            .switches
            .as_ref()
            .ok_or_else(|| io::Error::other("the story was not opened killable"))?;
        Ok(match side {
            Side::Gateway => &switches.gateway,
            Side::Phone => &switches.phone,
        })
    }

    /// SIGKILL for one side, from outside.
    ///
    /// # Errors
    /// What the system says.
    pub async fn kill(&mut self, side: Side) -> io::Result<()> {
        match side {
            Side::Gateway => match self.gateway.take() {
                Some(gateway) => gateway.kill().await.map(drop),
                None => Ok(()),
            },
            Side::Phone => match self.phone.take() {
                Some(phone) => phone.kill().await.map(drop),
                None => Ok(()),
            },
        }
    }

    /// Whether one side's process is there, as far as its death was noticed.
    pub fn is_up(&self, side: Side) -> bool {
        match side {
            Side::Gateway => self.gateway.is_some(),
            Side::Phone => self.phone.is_some(),
        }
    }

    /// Notices a gateway that has died; starts nobody.
    pub async fn bury(&mut self) {
        if let Some(gateway) = self.gateway.as_mut()
            && gateway.has_died().await
        {
            self.deaths += 1;
            self.gateway = None;
        }
    }

    /// Waits for the end of one side that its switch has struck.
    ///
    /// # Errors
    /// What the system says.
    pub async fn mourn(&mut self, side: Side) -> io::Result<()> {
        match side {
            Side::Gateway => match self.gateway.take() {
                Some(gateway) => gateway.ended().await?,
                None => return Ok(()),
            },
            Side::Phone => match self.phone.take() {
                Some(phone) => phone.ended().await?,
                None => return Ok(()),
            },
        }
        self.deaths += 1;
        Ok(())
    }

    /// Starts whoever is dead. A gateway that was killed by its switch is started with the switch as it stands.
    ///
    /// # Errors
    /// What the system says.
    pub async fn revive(&mut self) -> io::Result<()> {
        self.bury().await;
        if self.gateway.is_none() {
            let library = self.programs.kill_library();
            let under = self.switches.as_ref().map(|s| (&s.gateway, library.as_path()));
            self.gateway = Some(GatewayProcess::start(self.gateway_setup.clone(), under).await?);
        }
        if self.phone.is_none() {
            let library = self.programs.kill_library();
            let under = self.switches.as_ref().map(|s| (&s.phone, library.as_path()));
            self.phone = Some(PhoneProcess::start(self.phone_setup.clone(), under)?);
        }
        Ok(())
    }

    /// How often a process died by itself, as far as it was noticed; killing from outside does not count.
    pub fn deaths(&self) -> u32 {
        self.deaths
    }

    /// Gives the phone one command; nothing comes back where it died over it.
    ///
    /// # Errors
    /// What the system says.
    pub async fn try_ask(&mut self, command: &Command) -> io::Result<Option<Reply>> {
        self.revive().await?;
        let Some(phone) = self.phone.as_mut() else {
            return Ok(None);
        };
        let reply = phone.ask(command).await?;
        if reply.is_none() {
            self.deaths += 1;
            self.kill(Side::Phone).await?;
        }
        Ok(reply)
    }

    /// Gives the phone one command that must succeed.
    ///
    /// # Errors
    /// The phone's error, or its death.
    pub async fn ask(&mut self, command: &Command) -> io::Result<Value> {
        match self.try_ask(command).await? {
            Some(reply) => reply.ok().map_err(io::Error::other),
            None => Err(io::Error::other("the phone died")),
        }
    }

    /// The merchant makes an offer: rides, CNY 50.00 a charge, CNY 300.00 in 30 days.
    ///
    /// # Errors
    /// Where the gateway does not answer.
    pub async fn offer(&self) -> io::Result<String> {
        merchant::offer(&self.http, &self.merchant).await
    }

    /// The merchant charges. The same reference is the same charge.
    pub async fn charge(&self, mandate: MandateId, minor: i64, reference: &str, permit: Option<&str>) -> Answer {
        merchant::charge(&self.http, &self.merchant, mandate, minor, reference, permit).await
    }

    /// The simulated card network's ledger.
    pub async fn ledger(&self) -> Vec<Value> {
        self.http
            .get("/sandbox/card-network")
            .await
            .json
            .as_array()
            .cloned()
            .unwrap_or_default()
    }

    /// Enrols the phone, then signs a mandate of a fresh offer.
    ///
    /// # Errors
    /// The phone's error, or a gateway that makes no offer.
    pub async fn enrol_and_sign(&mut self) -> io::Result<MandateId> {
        self.ask(&Command::Enrol { pin: PIN.to_owned() }).await?;
        let offer = self.offer().await?;
        self.sign(&offer).await
    }

    /// Signs a mandate.
    ///
    /// # Errors
    /// The phone's error.
    pub async fn sign(&mut self, offer: &str) -> io::Result<MandateId> {
        let signed = self
            .ask(&Command::Sign {
                offer: offer.to_owned(),
                pin: PIN.to_owned(),
            })
            .await?;
        mandate_of(&signed)
    }

    /// The command that cancels one mandate.
    pub fn cancel(mandate: MandateId) -> Command {
        Command::Cancel {
            mandates: vec![mandate],
            pin: PIN.to_owned(),
        }
    }
}

/// The mandate that a reply names.
///
/// # Errors
/// Where it names none.
pub fn mandate_of(reply: &Value) -> io::Result<MandateId> {
    let text = reply.get("mandate").and_then(Value::as_str).unwrap_or_default();
    text.parse()
        .map_err(|_| io::Error::other(format!("no mandate in {reply}")))
}

/// An amount in CNY.
///
/// # Errors
/// None for amounts of a test.
pub fn cny(minor: i64) -> io::Result<Money> {
    let currency = quittance_protocol::Currency::new("CNY").map_err(io::Error::other)?;
    Money::new(minor, currency).map_err(io::Error::other)
}

//! A gateway that is not honest: it lies about closures, or keeps the keys that it says it deleted.
//!
//! It is a program of its own over the gateway's library, so that the product has no switch that weakens it.

use clap::Parser;
use quittance_gateway::attestation::Trust;
use quittance_gateway::parties::SimulatedParties;
use quittance_gateway::{
    Config, FolderCustodian, Gateway, Parts, PolicySource, Sandbox, SandboxClock, SimulatedCardNetwork,
    SimulatedMerchants,
};
use quittance_testkit::hoarder::HoardingCustodian;
use quittance_testkit::liar::{Liar, Lie};
use quittance_vault::{Randomness, SystemRandomness};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::net::TcpListener;

/// The reference gateway's sandbox with a fault of character.
#[derive(Parser)]
struct Arguments {
    /// Where to listen.
    #[arg(long)]
    listen: String,
    /// Folder of database and vault.
    #[arg(long)]
    data: PathBuf,
    /// The origin that statements are addressed to.
    #[arg(long)]
    origin: String,
    /// As the real gateway's; there is nothing else here.
    #[arg(long)]
    sandbox: bool,
    /// Lies about closures.
    #[arg(long, value_enum)]
    lie: Option<Lie>,
    /// Keeps deleted vault keys in this folder.
    #[arg(long)]
    keep_old_keys: Option<PathBuf>,
}

type Failed = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> ExitCode {
    match serve(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("quittance-hostile-gateway: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(arguments: Arguments) -> Result<(), Failed> {
    let listener = TcpListener::bind(&arguments.listen).await?;
    let data = &arguments.data;
    std::fs::create_dir_all(data)?;
    let randomness: Arc<dyn Randomness> = Arc::new(SystemRandomness::new());
    let folder = data.join("keys");
    let honest = FolderCustodian::open(&folder, Arc::clone(&randomness))?;
    let card_network = Arc::new(SimulatedCardNetwork::open(&data.join("simulated-card-network.sqlite"))?);
    let merchants = Arc::new(SimulatedMerchants::open(
        &data.join("simulated-merchants.sqlite"),
        Arc::clone(&randomness),
    )?);
    let clock = Arc::new(SandboxClock::open(&data.join("sandbox-clock"))?);
    let parties = Arc::new(SimulatedParties::open(&data.join("simulated-parties.sqlite"))?);
    let parts = Parts {
        custodian: match arguments.keep_old_keys {
            Some(stash) => Arc::new(HoardingCustodian::new(honest, folder, stash)?),
            None => Arc::new(honest),
        },
        clock: Arc::<SandboxClock>::clone(&clock),
        randomness,
        card_network: Arc::<SimulatedCardNetwork>::clone(&card_network),
        merchants: Arc::<SimulatedMerchants>::clone(&merchants),
        outside: parties.outside(),
        sandbox: Some(Sandbox {
            clock,
            card_network,
            merchants,
            parties,
        }),
    };
    let config = Config {
        data: data.clone(),
        origin: arguments.origin,
        log_name: None,
        merchants: Vec::new(),
        policy: PolicySource::Sandbox,
        attestation: Trust::default(),
    };
    let gateway = Gateway::open(config, parts)?;
    let router = match arguments.lie {
        Some(lie) => Liar::new(gateway.router(), gateway.log_signer(), lie).router(),
        None => gateway.router(),
    };
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, router).await?;
    Ok(())
}

//! The reference gateway as a program.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use quittance_flows::policy::SANDBOX_AUTHOR_SEED;
use quittance_gateway::attestation::{RevocationList, Roots, Trust};
use quittance_gateway::parties::{OutsideParties, SimulatedParties};
use quittance_gateway::{
    Clock, Config, FolderCustodian, Gateway, KnownMerchant, Parts, PolicySource, Room, Sandbox, SandboxClock,
    SimulatedCardNetwork, SimulatedMerchants, SystemClock, private_folder,
};
use quittance_protocol::PublicKey;
use quittance_protocol::ed25519::SigningKey;
use quittance_vault::{Randomness, SystemRandomness};
use serde::de::DeserializeOwned;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

/// Freed memory is wiped: keys pass through buffers of libraries that do not wipe their own.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);

/// The reference gateway of Quittance: the other half of the protocol. It speaks plain HTTP; TLS ends in front of it.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Where to listen; port 0 takes a free one, which the first line of output names.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: String,
    /// Folder of database and vault; made where it is missing. One gateway at a time.
    #[arg(long, default_value = "./quittance-data")]
    data: PathBuf,
    /// Folder of the vault's keys, default DATA/keys. It stands for an HSM: put it on another volume, in no backup.
    #[arg(long)]
    keys: Option<PathBuf>,
    /// The origin that statements are addressed to, default http://LISTEN.
    #[arg(long)]
    origin: Option<String>,
    /// The log's name, default the origin's host; a log keeps the name that it was begun under.
    #[arg(long)]
    log_name: Option<String>,
    /// For trying things out: a clock that can be moved, a card network and other parties that can be scripted,
    /// merchants that can be made, the public policy author. Never with real money.
    #[arg(long)]
    sandbox: bool,
    /// JSON list of merchants to know: [{"merchant": "mer_…", "name": "…", "jwk": {…}}].
    #[arg(long)]
    merchants: Option<PathBuf>,
    /// The policy bundle as its author signed it, a compact JWS. Default: the shipped bundle, signed by an author key
    /// of this gateway's own vault (its public half is written to DATA/policy-author.jwk); in the sandbox by the
    /// public sandbox author.
    #[arg(long, requires = "policy_author")]
    policy: Option<PathBuf>,
    /// The policy author's public key, a JWK; the sandbox author's only with --sandbox.
    #[arg(long, requires = "policy")]
    policy_author: Option<PathBuf>,
    /// Attestation roots to pin beside the published hardware roots: certificates in PEM, or a JSON list of such texts.
    #[arg(long)]
    attestation_roots: Option<PathBuf>,
    /// Pins the roots of --attestation-roots alone.
    #[arg(long, requires = "attestation_roots")]
    without_published_roots: bool,
    /// The published status list of attestation certificates: {"entries": {"<serial in hex>": {"status": …}}}. Read at
    /// the start; it counts for phones that enrolled before, too.
    #[arg(long)]
    attestation_status: Option<PathBuf>,
}

/// How long callers may take to hear their answers once the gateway is told to stop.
const PATIENCE: Duration = Duration::from_secs(10);

type Failed = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .json()
        // What cannot be logged would be said on the same pipe, by a macro that panics: who decides would die of it.
        .log_internal_errors(false)
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    match serve(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // For people, beside the structured line: this is what they see at a terminal, where there is one.
            let _unheard = writeln!(std::io::stderr(), "quittance-gateway: {error}");
            tracing::error!(%error, "the gateway does not run");
            ExitCode::FAILURE
        }
    }
}

async fn serve(arguments: Arguments) -> Result<(), Failed> {
    let listener = TcpListener::bind(&arguments.listen)
        .await
        .map_err(|error| format!("--listen {}: {error}", arguments.listen))?;
    let address = format!("http://{}", listener.local_addr()?);
    let policy = policy(&arguments)?;
    let own_author = matches!(policy, PolicySource::Own);
    let config = Config {
        data: arguments.data.clone(),
        origin: arguments.origin.clone().unwrap_or_else(|| address.clone()),
        log_name: arguments.log_name.clone(),
        merchants: match &arguments.merchants {
            Some(path) => json_file::<Vec<KnownMerchant>>("--merchants", path)?,
            None => Vec::new(),
        },
        policy,
        attestation: trust(&arguments)?,
    };
    let gateway = Gateway::open(config, parts(&arguments)?)?;
    if own_author {
        let author = serde_json::to_vec_pretty(&gateway.policy_author()?)?;
        std::fs::write(arguments.data.join("policy-author.jwk"), author)?;
    }
    println!("listening on {address}");
    std::io::stdout().flush()?;
    tracing::info!(%address, log = %gateway.log_key(), sandbox = arguments.sandbox, "serving");
    answer(gateway, listener, Room::default()).await
}

/// Answers callers until the process is asked to stop.
async fn answer(gateway: Gateway, listener: TcpListener, room: Room) -> Result<(), Failed> {
    let router = gateway.router();
    let (stop, mut stopping) = tokio::sync::watch::channel(());
    let serving = quittance_gateway::serve(listener, router, room, async move {
        told_to_stop().await;
        stop.send_replace(());
    });
    tokio::select! {
        () = serving => {}
        // Whoever is still connected has an answer that is stored: it can ask again.
        () = async {
            if stopping.changed().await.is_ok() {
                tokio::time::sleep(PATIENCE).await;
            } else {
                std::future::pending::<()>().await;
            }
        } => tracing::warn!("callers were cut off"),
        // Nothing can be decided any more: whoever watches the process has to see that, and start it again.
        () = gateway.ended() => return Err("the sequencer ended by itself; start the gateway again".into()),
    }
    let stopped = tokio::task::spawn_blocking(move || gateway.shutdown()).await;
    tracing::info!("stopped");
    Ok(stopped?)
}

/// What the gateway works with. There is no other card network than the simulated one yet, in the sandbox or not.
fn parts(arguments: &Arguments) -> Result<Parts, Failed> {
    let data = &arguments.data;
    private_folder(data).map_err(|error| format!("--data {}: {error}", data.display()))?;
    let randomness: Arc<dyn Randomness> = Arc::new(SystemRandomness::new());
    let keys = arguments.keys.clone().unwrap_or_else(|| data.join("keys"));
    let custodian = FolderCustodian::open(&keys, Arc::clone(&randomness))
        .map_err(|error| format!("--keys {}: {error}", keys.display()))?;
    // A vault's file has its name, and what says that it is one, before its first key is made, wherever a first start is
    // interrupted. So keys without it are another's, or it was emptied.
    let vault = data.join("vault.sqlite");
    let stands = vault.try_exists()? && !quittance_vault::is_emptied(&vault)?;
    if !stands && !custodian.epochs()?.is_empty() {
        return Err(format!(
            "--keys {}: these are the keys of another gateway's data, or vault.sqlite was lost; choose an empty folder, or \
             put the file back",
            keys.display()
        )
        .into());
    }
    let card_network = Arc::new(SimulatedCardNetwork::open(&data.join("simulated-card-network.sqlite"))?);
    let merchants = Arc::new(SimulatedMerchants::open(
        &data.join("simulated-merchants.sqlite"),
        Arc::clone(&randomness),
    )?);
    let (clock, outside, sandbox): (Arc<dyn Clock>, _, _) = if arguments.sandbox {
        let clock = Arc::new(SandboxClock::open(&data.join("sandbox-clock"))?);
        let sandbox = Sandbox {
            clock: Arc::clone(&clock),
            card_network: Arc::clone(&card_network),
            merchants: Arc::clone(&merchants),
            parties: Arc::new(SimulatedParties::open(&data.join("simulated-parties.sqlite"))?),
        };
        (clock, sandbox.parties.outside(), Some(sandbox))
    } else {
        (Arc::new(SystemClock::new()?), OutsideParties::absent(), None)
    };
    Ok(Parts {
        custodian: Arc::new(custodian),
        clock,
        randomness,
        card_network,
        merchants,
        outside,
        sandbox,
    })
}

fn policy(arguments: &Arguments) -> Result<PolicySource, Failed> {
    match (&arguments.policy, &arguments.policy_author) {
        (Some(policy), Some(author)) => {
            let bundle =
                std::fs::read_to_string(policy).map_err(|error| format!("--policy {}: {error}", policy.display()))?;
            let path = author;
            let author = json_file::<PublicKey>("--policy-author", path)?;
            if !arguments.sandbox && is_of_the_sandbox(&author)? {
                return Err(format!(
                    "--policy-author {}: everybody has the key of this author; its bundles are taken with --sandbox only",
                    path.display()
                )
                .into());
            }
            Ok(PolicySource::Signed {
                bundle: bundle.trim().to_owned(),
                author,
            })
        }
        _ if arguments.sandbox => Ok(PolicySource::Sandbox),
        _ => Ok(PolicySource::Own),
    }
}

/// Whether a policy author is the one whose private key is public.
fn is_of_the_sandbox(author: &PublicKey) -> Result<bool, Failed> {
    let public = SigningKey::from_seed(&SANDBOX_AUTHOR_SEED.into())?;
    Ok(author.thumbprint() == public.public_key().thumbprint())
}

/// Which attestation chains are believed.
fn trust(arguments: &Arguments) -> Result<Trust, Failed> {
    let mut roots = if arguments.without_published_roots {
        Roots::none()
    } else {
        Roots::published()
    };
    if let Some(path) = &arguments.attestation_roots {
        let failed = |error: &dyn std::fmt::Display| format!("--attestation-roots {}: {error}", path.display());
        let file = std::fs::read(path).map_err(|error| failed(&error))?;
        roots = roots.and(&file).map_err(|error| failed(&error))?;
    }
    let revoked = match &arguments.attestation_status {
        Some(path) => {
            let failed = |error: &dyn std::fmt::Display| format!("--attestation-status {}: {error}", path.display());
            let file = std::fs::read(path).map_err(|error| failed(&error))?;
            RevocationList::from_json(&file).map_err(|error| failed(&error))?
        }
        None => RevocationList::default(),
    };
    tracing::info!(revoked = revoked.len(), "attestation chains are judged");
    Ok(Trust { roots, revoked })
}

fn json_file<T: DeserializeOwned>(argument: &str, path: &Path) -> Result<T, Failed> {
    let failed = |error: &dyn std::fmt::Display| format!("{argument} {}: {error}", path.display());
    let text = std::fs::read(path).map_err(|error| failed(&error))?;
    Ok(serde_json::from_slice(&text).map_err(|error| failed(&error))?)
}

/// Ends when the process is asked to stop.
async fn told_to_stop() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    // Without a handler the signal ends the process, which loses nothing that was acknowledged.
    let _interrupted = tokio::signal::ctrl_c().await;
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    fn sandbox(folder: &Path) -> Gateway {
        let data = folder.to_str().unwrap();
        let arguments = Arguments::parse_from(["quittance-gateway", "--sandbox", "--data", data]);
        let config = Config {
            data: arguments.data.clone(),
            origin: "https://gateway.test".to_owned(),
            log_name: None,
            merchants: Vec::new(),
            policy: policy(&arguments).unwrap(),
            attestation: trust(&arguments).unwrap(),
        };
        Gateway::open(config, parts(&arguments).unwrap()).unwrap()
    }

    #[tokio::test]
    async fn a_program_that_cannot_decide_any_more_does_not_go_on_and_does_not_end_well() {
        let folder = tempfile::tempdir().unwrap();
        let gateway = sandbox(folder.path());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let answering = tokio::spawn(answer(gateway.clone(), listener, Room::default()));
        // As its thread ends of a defect: nobody has asked the process to stop.
        gateway.shutdown();
        let ended = tokio::time::timeout(Duration::from_secs(30), answering).await;
        let failed = ended.expect("it goes on").unwrap().unwrap_err();
        assert!(failed.to_string().contains("start the gateway again"), "{failed}");
    }

    #[tokio::test]
    async fn a_program_does_not_wait_for_who_says_half_a_request_line_and_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let gateway = sandbox(folder.path());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let room = Room {
            patience: Duration::from_secs(1),
            ..Room::default()
        };
        let answering = tokio::spawn(answer(gateway.clone(), listener, room));
        // The control is whole, and then says no more either.
        for (said, is_answered) in [
            ("GET /v1/no", false),
            ("GET /v1/nonce HTTP/1.1\r\nhost: h\r\n\r\n", true),
        ] {
            let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
            stream.write_all(said.as_bytes()).await.unwrap();
            let mut heard = String::new();
            let closed = tokio::time::timeout(Duration::from_secs(20), stream.read_to_string(&mut heard)).await;
            closed.expect("it is kept").unwrap();
            assert_eq!(heard.contains("200 OK"), is_answered, "{said}: {heard}");
        }
        gateway.shutdown();
        let _ended = answering.await;
    }
}

//! Opening a gateway: whatever stands in the data folder is checked before anything is written.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};

use quittance_flows::policy::{BUNDLE_AUDIENCE, DEFAULT_BUNDLE, PolicyBundle, SANDBOX_AUTHOR_SEED};
use quittance_flows::{Policy, PolicyError};
use quittance_protocol::ed25519::SigningKey;
use quittance_protocol::log::{EntryKind, LogError, NoteSigner};
use quittance_protocol::log_body::PolicyBody;
use quittance_protocol::{Claims, Problem, PublicKey, Received, StatementId, Unsigned, Verified};
use quittance_vault::{RootKeys, Vault, VaultError, VaultOptions};
use rusqlite::Connection;
use zeroize::Zeroizing;

use crate::clock::OnwardClock;
use crate::config::{Config, Parts, PolicySource};
use crate::failure::Failure;
use crate::files;
use crate::logbook;
use crate::secrets::{Secrets, settle_halves};
use crate::sequencer::Sequencer;
use crate::store::{self, DatabaseState, Merchant, Store};
use crate::world::{Policies, Sessions, World};

/// Name of the database's fact about the log's name.
const LOG_NAME: &str = "log_name";

/// Name of the database's fact about its mode.
const MODE: &str = "mode";

/// Journal row that says that database and vault are both there.
const COMPLETE: (&str, &[u8]) = ("gateway", b"complete");

/// Why a gateway does not open. Nothing was overwritten.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process has the data folder.
    #[error("data folder: another gateway has it open; stop that one first, or choose another --data")]
    InUse,
    /// The database is of a newer program.
    #[error("database: it has schema version {found}, this program knows {known} at most; update the program")]
    NewerDatabase {
        /// The version in the file.
        found: i32,
        /// The newest version that this program reads.
        known: i32,
    },
    /// Some other file stands at the database's path.
    #[error("database: gateway.sqlite is no gateway database; move it away, or choose another --data")]
    NotADatabase,
    /// The database stands without its vault.
    #[error(
        "vault: vault.sqlite is missing beside an existing database; put it back: without it no token can be charged or destroyed"
    )]
    VaultMissing,
    /// A page of the database went bad.
    #[error(
        "database: gateway.sqlite is damaged and was left alone; an older copy lacks what was answered since, and phones find a log that went back; repair the file, or choose another --data"
    )]
    DatabaseDamaged,
    /// The vault stands without its database.
    #[error("database: gateway.sqlite is missing beside an existing vault; put it back, or choose another --data")]
    DatabaseMissing,
    /// The database does not know what was done in the vault since: a copy of before was put back.
    #[error(
        "gateway.sqlite and vault.sqlite are not of one time; put the newest of both back: these would cost live tokens their halves, or bring ended ones back"
    )]
    DatabaseOlder,
    /// The vault does not open.
    #[error("vault: {0}")]
    Vault(VaultError),
    /// The data folder cannot be used.
    #[error("data folder: {0}")]
    Folder(#[from] io::Error),
    /// The policy bundle breaks a rule of its loader, is not its author's, comes too early, or is older than the one
    /// in force.
    #[error("{0}")]
    Policy(#[from] PolicyError),
    /// A policy bundle in the database is no statement any more.
    #[error("policy bundle: {0}")]
    PolicyStatement(#[from] Problem),
    /// A bundle of this version, with another content, is in force.
    #[error("policy bundle: version {version} is in force with another content; raise the version")]
    PolicyChanged {
        /// The version.
        version: u64,
    },
    /// The bundle in force is another author's, and no later version is there to take its place.
    #[error(
        "policy bundle: version {version} is in force as another author signed it; go on with that author's key, or raise the version"
    )]
    PolicyOtherAuthor {
        /// The version.
        version: u64,
    },
    /// The data are of the sandbox and this start is not, or the other way round.
    #[error(
        "data folder: it was begun {}; start it so again, or choose another --data",
        if *sandbox { "with --sandbox" } else { "without --sandbox" }
    )]
    OtherMode {
        /// Whether it was begun in the sandbox.
        sandbox: bool,
    },
    /// The log's name cannot be one.
    #[error("log name: {0}; use a host name without spaces or plus signs")]
    LogName(LogError),
    /// The log was begun under another name.
    #[error("log name: this log was begun as {known}; its readers know it by that name")]
    OtherLogName {
        /// The name it was begun under.
        known: String,
    },
    /// Called outside of a tokio runtime.
    #[error("runtime: open the gateway inside a tokio runtime")]
    NoRuntime,
    /// Database, vault or randomness failed.
    #[error("{0}")]
    Failure(#[from] Failure),
}

impl From<VaultError> for OpenError {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Locked => Self::InUse,
            VaultError::Missing => Self::VaultMissing,
            other => Self::Vault(other),
        }
    }
}

impl OpenError {
    fn of_database(failure: Failure) -> Self {
        let code = match &failure {
            Failure::Database(error) => error.sqlite_error_code(),
            _ => None,
        };
        match code {
            Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase) => Self::DatabaseDamaged,
            _ => Self::Failure(failure),
        }
    }
}

/// An opened gateway before it serves.
pub(crate) struct Opened {
    pub(crate) sequencer: Sequencer,
    pub(crate) commands: mpsc::Sender<crate::command::Command>,
    pub(crate) world: Arc<World>,
    pub(crate) database: PathBuf,
}

pub(crate) fn open(config: Config, parts: &Parts) -> Result<Opened, OpenError> {
    let runtime = tokio::runtime::Handle::try_current().map_err(|_| OpenError::NoRuntime)?;
    files::private_folder(&config.data)?;
    let database = config.data.join("gateway.sqlite");
    let state = store::inspect(&database)?;
    match state {
        DatabaseState::Newer { found } => {
            return Err(OpenError::NewerDatabase {
                found,
                known: store::VERSION,
            });
        }
        DatabaseState::Foreign => return Err(OpenError::NotADatabase),
        DatabaseState::Missing | DatabaseState::Known => {}
    }
    let (connection, mut vault) = open_both(&config.data, &database, &state, parts)?;
    let random = &*parts.randomness;
    let secrets = Secrets::load(&mut vault, random, is_begun(&connection)?)?;
    let log_name = log_name(Store::new(&connection), &config)?;
    let log = NoteSigner::new(&log_name, &secrets.log_seed).map_err(OpenError::LogName)?;
    let mut world = World {
        origin: config.origin,
        clock: Arc::new(OnwardClock::from(Arc::clone(&parts.clock))),
        randomness: Arc::clone(&parts.randomness),
        card_network: Arc::clone(&parts.card_network),
        merchants: Arc::clone(&parts.merchants),
        outside: parts.outside.clone(),
        secrets,
        log: Arc::new(log),
        trust: config.attestation,
        policies: Policies::default(),
        sessions: Sessions::default(),
    };
    let store = Store::new(&connection);
    logbook::check_hashes(store, world.log.verifier())?;
    let orphans = settle_halves(&mut vault, random, &store.tokens()?)?;
    let orphans = orphans.ok_or(OpenError::DatabaseOlder)?;
    if orphans > 0 {
        tracing::info!(orphans, "halves of tokens that never came to be were destroyed");
    }
    store.begin()?;
    let begun = check_mode(store, parts.sandbox.is_some())
        .and_then(|()| begin_world(store, &mut world, &config.merchants, &config.policy));
    match begun {
        Ok(()) => store.commit()?,
        Err(error) => {
            store.abandon()?;
            return Err(error);
        }
    }
    let world = Arc::new(world);
    let (commands, inbox) = mpsc::channel();
    let mut sequencer = Sequencer::new(
        connection,
        vault,
        Arc::clone(&world),
        runtime,
        (commands.clone(), inbox),
    );
    sequencer.resume();
    Ok(Opened {
        sequencer,
        commands,
        world,
        database,
    })
}

/// Database and vault belong together: either both are made now, or both stand. The vault's lock comes first.
fn open_both(
    data: &Path,
    database: &Path,
    state: &DatabaseState,
    parts: &Parts,
) -> Result<(Connection, Vault), OpenError> {
    let options = VaultOptions::at(data.join("vault.sqlite"));
    let custodian: Arc<dyn RootKeys> = Arc::clone(&parts.custodian) as Arc<dyn RootKeys>;
    let random = Arc::clone(&parts.randomness);
    let vault_stands = options.path.try_exists()?;
    if *state == DatabaseState::Known {
        if !vault_stands {
            return Err(OpenError::VaultMissing);
        }
        let mut vault = Vault::open(options, custodian, random)?;
        let connection = store::open(database, &vault.id()).map_err(OpenError::of_database)?;
        if is_begun(&connection)? && !is_complete(&vault)? {
            // The mark came before the world began: it is not there because a page went bad. Nothing may be written.
            return Err(VaultError::Corrupt { part: "journal" }.into());
        }
        mark_complete(&mut vault)?;
        return Ok((connection, vault));
    }
    let opened = if vault_stands {
        Vault::open(options.clone(), Arc::clone(&custodian), Arc::clone(&random))
    } else {
        Err(VaultError::Missing)
    };
    let mut vault = match opened {
        Ok(vault) if is_complete(&vault)? => return Err(OpenError::DatabaseMissing),
        // The very first start was interrupted between the two files: there was never anything in the vault.
        Ok(vault) => vault,
        // There is none yet, or the very first start was interrupted before it wrote anything into its file.
        Err(VaultError::Missing) => Vault::create(options, custodian, random)?,
        Err(error) => return Err(error.into()),
    };
    let connection = store::create(database, &vault.id()).map_err(|error| match error {
        store::CreateError::File(error) => OpenError::Folder(error),
        store::CreateError::Failure(failure) => failure.into(),
        store::CreateError::Database(error) => Failure::from(error).into(),
    })?;
    mark_complete(&mut vault)?;
    Ok((connection, vault))
}

/// Whether the world of this database began once, with all secrets that its vault has.
fn is_begun(connection: &Connection) -> Result<bool, Failure> {
    Ok(Store::new(connection).meta(LOG_NAME)?.is_some())
}

fn is_complete(vault: &Vault) -> Result<bool, VaultError> {
    Ok(vault.journal_get(COMPLETE.0, COMPLETE.1)?.is_some())
}

fn mark_complete(vault: &mut Vault) -> Result<(), VaultError> {
    if !is_complete(vault)? {
        vault.transact(|tx| tx.journal_put(COMPLETE.0, COMPLETE.1, b"1"))?;
    }
    Ok(())
}

/// A log keeps the name that it was begun under: its readers have pinned it.
fn log_name(store: Store<'_>, config: &Config) -> Result<String, OpenError> {
    match (store.meta(LOG_NAME)?, &config.log_name) {
        (Some(known), Some(wanted)) if known != *wanted => Err(OpenError::OtherLogName { known }),
        (Some(known), _) => Ok(known),
        (None, Some(wanted)) => Ok(wanted.clone()),
        (None, None) => {
            let authority = config
                .origin
                .split_once("://")
                .map_or(config.origin.as_str(), |(_, rest)| rest);
            Ok(authority.to_owned())
        }
    }
}

/// Data stay in the mode that they were begun in: whoever reaches the sandbox moves its clock and its merchants, and so
/// what was made in it is not to be believed outside of it.
fn check_mode(store: Store<'_>, is_sandbox: bool) -> Result<(), OpenError> {
    let mode = if is_sandbox { "sandbox" } else { "live" };
    match store.meta(MODE)? {
        Some(known) if known == mode => Ok(()),
        Some(_) => Err(OpenError::OtherMode { sandbox: !is_sandbox }),
        // New data, or data from before the mode was noted.
        None => Ok(store.put_meta(MODE, mode)?),
    }
}

/// Merchants, policies and the log's first entry.
fn begin_world(
    store: Store<'_>,
    world: &mut World,
    merchants: &[crate::config::KnownMerchant],
    policy: &PolicySource,
) -> Result<(), OpenError> {
    if store.meta(LOG_NAME)?.is_none() {
        store.put_meta(LOG_NAME, world.log.verifier().name())?;
    }
    for known in merchants {
        store.put_merchant(&Merchant {
            merchant: known.merchant,
            name: known.name.clone(),
            key: known.jwk,
        })?;
    }
    for (_, bundle, entry) in store.policies()? {
        // It was verified when it came into force; whether the newest is still its author's is looked at below.
        let received = Received::parse(&bundle)?;
        let body = PolicyBundle::read_again(&received)?;
        let content = received.content();
        world.policies.add(body.policy, content, bundle, entry);
    }
    let (bundle, author) = configured_bundle(world, policy)?;
    let offered = &bundle.body().policy;
    let version = offered.bundle.version;
    if let Ok(current) = world.policies.current() {
        offered.succeeds(current.policy.bundle.version)?;
    }
    if let Some(known) = world.policies.version(version) {
        if known.policy != *offered {
            return Err(OpenError::PolicyChanged { version });
        }
        // Phones are answered with what is stored, and believe it by its author's key.
        return match PolicyBundle::open(&known.bundle, &author) {
            Ok(_) => Ok(()),
            Err(PolicyError::Untrusted(_)) => Err(OpenError::PolicyOtherAuthor { version }),
            Err(error) => Err(error.into()),
        };
    }
    offered.in_force_at(world.clock.now())?;
    let body = PolicyBody {
        version,
        bundle: bundle.content(),
    };
    let said = logbook::say(store, world, world.clock.now(), EntryKind::Policy, &body)?;
    store.add_policy(version, bundle.compact(), said.place)?;
    logbook::seal(store, world)?;
    world.policies.add(
        offered.clone(),
        bundle.content(),
        bundle.compact().to_owned(),
        said.place,
    );
    Ok(())
}

/// The bundle that this start is told, with its author.
fn configured_bundle(world: &World, policy: &PolicySource) -> Result<(Verified<PolicyBundle>, PublicKey), OpenError> {
    match policy {
        PolicySource::Sandbox => sign_default(&SANDBOX_AUTHOR_SEED.into()),
        PolicySource::Own => sign_default(&world.secrets.policy_author),
        PolicySource::Signed { bundle, author } => Ok((PolicyBundle::open(bundle, author)?, *author)),
    }
}

/// Signs the shipped bundle; the same key always gives the same bytes.
fn sign_default(seed: &Zeroizing<[u8; 32]>) -> Result<(Verified<PolicyBundle>, PublicKey), OpenError> {
    let policy = Policy::load(DEFAULT_BUNDLE)?;
    let key = author_key(seed)?;
    let id = quittance_protocol::Digest32::of(DEFAULT_BUNDLE.as_bytes());
    let id = id.as_bytes().first_chunk::<16>().copied().unwrap_or_default();
    let claims = Claims {
        aud: BUNDLE_AUDIENCE.to_owned(),
        iat: policy.bundle.not_before,
        jti: StatementId::from_bytes(id),
        seq: None,
    };
    let unsigned = Unsigned::new(&key.public_key().thumbprint(), &claims, &PolicyBundle { policy })?;
    let compact = unsigned.with_signature(&key.sign(unsigned.signing_input()));
    Ok((PolicyBundle::open(&compact, key.public_key())?, *key.public_key()))
}

/// The policy author's key that belongs to a seed.
pub(crate) fn author_key(seed: &Zeroizing<[u8; 32]>) -> Result<SigningKey, Failure> {
    SigningKey::from_seed(seed).map_err(|_| Failure::Damaged("the policy author's key"))
}

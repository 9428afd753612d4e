//! What ends a decision: a refusal that the caller hears, or a failure on this side.

use quittance_flows::PolicyError;
use quittance_protocol::Problem;
use quittance_protocol::log::LogError;
use quittance_protocol::problem::Code;
use quittance_vault::aead::AeadError;
use quittance_vault::{RandomnessError, VaultError};

/// Something on this side failed. Nothing of the statement was kept; repeating it is safe.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The database failed.
    #[error("database: {0}")]
    Database(#[source] rusqlite::Error),
    /// A row of the database is not what this program writes.
    #[error("database: {0} is damaged")]
    Damaged(&'static str),
    /// A policy bundle in force lacks what its loader proved to be there, or has it of another kind.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The vault failed.
    #[error("vault: {0}")]
    Vault(#[from] VaultError),
    /// No randomness.
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
    /// The log's own texts could not be made.
    #[error("log: {0}")]
    Log(#[from] LogError),
    /// The log's stored hashes do not add up.
    #[error("log: {0}")]
    Merkle(#[from] quittance_protocol::log::merkle::MerkleError),
    /// A sealed value was not sealed, or does not open.
    #[error("a sealed value: {0}")]
    Sealed(#[from] AeadError),
    /// A pure step refused what this program must never ask of it.
    #[error("a decision contradicts the rules: {0}")]
    Rules(&'static str),
}

impl Failure {
    /// Whether what was looked at is not what this program writes, so that work on anything else can go on; not whether
    /// database, vault or randomness fail, of which everything would fail.
    pub(crate) const fn is_of_one_row(&self) -> bool {
        match self {
            Self::Damaged(_) | Self::Policy(_) | Self::Log(_) | Self::Merkle(_) | Self::Sealed(_) | Self::Rules(_) => {
                true
            }
            Self::Vault(VaultError::Corrupt { .. }) => true,
            Self::Database(_) | Self::Vault(_) | Self::Randomness(_) => false,
        }
    }

    /// What the caller hears of it: nothing but whether to come again.
    pub(crate) fn problem(&self) -> Problem {
        let full = match self {
            Self::Database(error) => error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull),
            Self::Vault(error) => matches!(error, VaultError::StorageFull),
            _ => false,
        };
        if full {
            Problem::new(Code::StorageFull).retry_after(60)
        } else {
            Problem::new(Code::Internal)
        }
    }
}

impl From<rusqlite::Error> for Failure {
    /// A value that is not what its column holds is its row's own trouble; the database itself answered.
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::Error as Sql;
        match error {
            Sql::Utf8Error(..)
            | Sql::FromSqlConversionFailure(..)
            | Sql::InvalidColumnType(..)
            | Sql::IntegralValueOutOfRange(..) => Self::Damaged("a stored row"),
            other => Self::Database(other),
        }
    }
}

/// Why a statement was not taken.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// By the rules; everything that the decision wrote is rolled back.
    Problem(Problem),
    /// By a failure on this side.
    Failure(Failure),
}

/// The outcome of deciding something.
pub(crate) type Decided<T> = Result<T, Refusal>;

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Self::Problem(Problem::new(code))
    }
}

impl<E: Into<Failure>> From<E> for Refusal
where
    E: FailureSource,
{
    fn from(error: E) -> Self {
        Self::Failure(error.into())
    }
}

/// Errors that are failures of this side.
pub(crate) trait FailureSource {}
impl FailureSource for Failure {}
impl FailureSource for PolicyError {}
impl FailureSource for rusqlite::Error {}
impl FailureSource for VaultError {}
impl FailureSource for RandomnessError {}
impl FailureSource for LogError {}
impl FailureSource for quittance_protocol::log::merkle::MerkleError {}

#[cfg(test)]
mod tests {
    use super::*;
    use quittance_flows::Policy;
    use quittance_flows::policy::DEFAULT_BUNDLE;

    #[test]
    fn what_a_bundle_lacks_is_named_to_the_operator_alone_and_is_no_outage() {
        let policy = Policy::load(DEFAULT_BUNDLE).unwrap();
        let failure = Failure::from(policy.quantity("otp.letters").unwrap_err());
        assert_eq!(failure.to_string(), "policy bundle: no value otp.letters");
        assert!(failure.is_of_one_row());
        assert_eq!(failure.problem(), Problem::new(Code::Internal));
        // The control: of this one everything fails.
        assert!(!Failure::from(RandomnessError).is_of_one_row());
    }
}

//! Work that nobody asks for, row by row: one that went bad keeps nobody else from going on.

use crate::failure::{Decided, Failure, Refusal};
use crate::round::{failure, in_mark};
use crate::turn::Turn;

/// Does the work on each row. One that cannot be read, or on which the work fails for what it is, is told in the log
/// and passed over, with its own writes taken back.
///
/// # Errors
/// What has nothing to do with the row, so that the others would fail of it, too.
pub(crate) fn each<T>(
    turn: &mut Turn<'_>,
    rows: Vec<Result<T, Failure>>,
    work: impl Fn(&mut Turn<'_>, T) -> Decided<()>,
) -> Decided<()> {
    for row in rows {
        let done = match row {
            Ok(row) => in_mark(turn, |turn| work(turn, row)),
            Err(failure) => Err(failure.into()),
        };
        pass_over(done)?;
    }
    Ok(())
}

/// Tells of what failed for what one row is, and goes on.
///
/// # Errors
/// What has nothing to do with the row.
pub(crate) fn pass_over(done: Decided<()>) -> Result<(), Failure> {
    match done {
        Ok(()) => Ok(()),
        Err(Refusal::Failure(failure)) if !failure.is_of_one_row() => Err(failure),
        Err(refusal) => {
            tracing::error!(error = %failure(refusal), "something that is due is left undone");
            Ok(())
        }
    }
}

//! How far what is due was looked through.

use crate::each::each;
use crate::failure::Decided;
use crate::store::{Page, Place};
use crate::turn::Turn;

/// For each list the row behind which it goes on in the next turn; none once its end was seen. A row that stays due,
/// because it went bad, is come back to after that, so it keeps no other row waiting.
#[derive(Default)]
pub(crate) struct Sweep {
    /// Whether moments of runs are left.
    pub(crate) moments: bool,
    pub(crate) teens: Option<Place>,
    pub(crate) locks: Option<Place>,
    pub(crate) never_activated: Option<Place>,
    pub(crate) scheduled: Option<Place>,
    pub(crate) over: Option<Place>,
    pub(crate) draining: Option<Place>,
    pub(crate) overdue: Option<Place>,
}

impl Sweep {
    /// Whether more is due than one turn carried out.
    pub(crate) const fn is_behind(&self) -> bool {
        self.moments
            || self.teens.is_some()
            || self.locks.is_some()
            || self.never_activated.is_some()
            || self.scheduled.is_some()
            || self.over.is_some()
            || self.draining.is_some()
            || self.overdue.is_some()
    }
}

/// Does the work on some rows of a list, and notes how far it came.
///
/// # Errors
/// As [`each`].
pub(crate) fn sweep<T>(
    turn: &mut Turn<'_>,
    page: Page<T>,
    place: &mut Option<Place>,
    work: impl Fn(&mut Turn<'_>, T) -> Decided<()>,
) -> Decided<()> {
    *place = page.last;
    each(turn, page.rows, work)
}

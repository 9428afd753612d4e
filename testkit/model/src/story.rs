//! The shortest way to a violation, as a story.

use crate::Action;

/// One sentence for each thing that happens.
#[must_use]
pub fn tell(what: &str, actions: &[Action]) -> String {
    let mut story = format!("Violated: {what}.\n");
    for (number, action) in actions.iter().enumerate() {
        story += &format!("{:>3}  {action}\n", number + 1);
    }
    story
}

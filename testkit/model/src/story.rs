//! The way to a violation, as a story.

use crate::fair::Outcome;
use crate::world::Violation;

/// One sentence for each thing that happens.
#[must_use]
pub fn tell(violation: &Violation) -> String {
    let mut story = format!("Violated: {}.\n", violation.what);
    for (number, action) in violation.way.iter().enumerate() {
        story += &format!("{:>3}  {action}\n", number + 1);
    }
    if let Some((by_itself, outcome)) = &violation.goes_on {
        story += "     From there on nothing more goes wrong:\n";
        for action in by_itself {
            story += &format!("     {action}\n");
        }
        story += match outcome {
            Outcome::Rests => "     Nothing more happens.\n",
            Outcome::GoesOnWithoutEnd => "     And so on, without end.\n",
        };
    }
    story
}

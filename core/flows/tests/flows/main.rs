//! The engine by its data: every shipped definition, every bound, every order of events.

#[cfg(test)]
mod bounds;
#[cfg(test)]
mod drive;
#[cfg(test)]
mod engine;
#[cfg(test)]
mod explained;
#[cfg(test)]
mod invention;
#[cfg(test)]
mod life;
#[cfg(test)]
mod loader;
#[cfg(test)]
mod mutants;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod walk;

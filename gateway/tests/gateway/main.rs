//! The gateway at its boundary: signed statements in, answers and proofs out.

#[cfg(test)]
mod attestation_chains;
#[cfg(test)]
mod attestation_enrolment;
#[cfg(test)]
mod attestation_mutants;
#[cfg(test)]
mod attestation_reasons;
#[cfg(test)]
mod attestation_vectors;
#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod bad_keys;
#[cfg(test)]
mod charges;
#[cfg(test)]
mod damage;
#[cfg(test)]
mod destruction;
#[cfg(test)]
mod endings;
#[cfg(test)]
mod failed_commits;
#[cfg(test)]
mod files;
#[cfg(test)]
mod flow_cards;
#[cfg(test)]
mod flow_codes;
#[cfg(test)]
mod flow_contacts;
#[cfg(test)]
mod flow_desk;
#[cfg(test)]
mod flow_evidence;
#[cfg(test)]
mod flow_factors;
#[cfg(test)]
mod flow_moments;
#[cfg(test)]
mod flow_parties;
#[cfg(test)]
mod flow_people;
#[cfg(test)]
mod flow_quiz;
#[cfg(test)]
mod flows;
#[cfg(test)]
mod guesses;
#[cfg(test)]
mod idempotency;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod locks;
#[cfg(test)]
mod log;
#[cfg(test)]
mod orders_batch;
#[cfg(test)]
mod orders_of_others;
#[cfg(test)]
mod orders_released;
#[cfg(test)]
mod orders_scheduled;
#[cfg(test)]
mod own_log;
#[cfg(test)]
mod parties;
#[cfg(test)]
mod patience;
#[cfg(test)]
mod pins;
#[cfg(test)]
mod program;
#[cfg(test)]
mod quarantine;
#[cfg(test)]
mod refunds;
#[cfg(test)]
mod simulators;
#[cfg(test)]
mod stops;
#[cfg(test)]
mod support;
#[cfg(test)]
mod teen;
#[cfg(test)]
mod thread;
#[cfg(test)]
mod whereabouts;

//! What the protocol promises at its boundary: outside vectors, frozen bytes, refusals.

#[cfg(test)]
mod beneath_opaque;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod logs;
#[cfg(test)]
mod merkle;
#[cfg(test)]
mod opaque;
#[cfg(test)]
mod opaque_vectors;
#[cfg(test)]
mod permits;
#[cfg(test)]
mod problems;
#[cfg(test)]
mod receipts;
#[cfg(test)]
mod statements;
#[cfg(test)]
mod terms;
#[cfg(test)]
mod vectors;

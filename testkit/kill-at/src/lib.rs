//! A preloaded library that kills its process before the n-th durable or sent step.

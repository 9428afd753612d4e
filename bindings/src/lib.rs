//! The facade that apps call, in Kotlin and Swift.

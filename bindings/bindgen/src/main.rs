//! Writes the Kotlin and Swift sources of the facade.
fn main() {
    uniffi::uniffi_bindgen_main()
}

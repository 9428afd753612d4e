// swift-tools-version: 6.0
// `cargo xtask test` of the suite "swift" writes the generated sources and hands the linker the folder
// of the native libraries. Only the generated modules are in Swift 5 mode: async foreign traits, as
// UniFFI 0.32 writes them, do not compile in mode 6.
import PackageDescription

/// Scenarios need another library: the facade with a phone's clock that can be turned. `cargo xtask test` of the suite
/// "swift" sets this variable for a run of their own, which is linked against it.
let scenarios: [Target] =
    Context.environment["QUITTANCE_SCENARIOS"] == nil
    ? []
    : [
        .systemLibrary(name: "TurnedClockFFI", path: "Tests/TurnedClockFFI"),
        .target(
            name: "TurnedClock",
            dependencies: ["TurnedClockFFI", "Quittance"],
            path: "Tests/TurnedClock",
            swiftSettings: [.swiftLanguageMode(.v5)]
        ),
        .testTarget(name: "ScenarioTests", dependencies: ["Quittance", "SoftwareCrypto", "TurnedClock"]),
    ]

let package = Package(
    name: "Quittance",
    defaultLocalization: "en",
    platforms: [.iOS(.v16), .macOS(.v13)],
    products: [
        .library(name: "Quittance", targets: ["Quittance"]),
        .library(name: "QuittanceApple", targets: ["QuittanceApple"]),
        .library(name: "QuittanceTexts", targets: ["QuittanceTexts"]),
    ],
    targets: [
        .systemLibrary(name: "QuittanceFFI"),
        .target(
            name: "Quittance",
            dependencies: ["QuittanceFFI"],
            swiftSettings: [.swiftLanguageMode(.v5)]
        ),
        // Keys in the Secure Enclave, the system's prompt, sequences. Without Apple's frameworks only the last are compiled;
        // ios-demo/Checks compiles and tests all of it against stand-ins.
        .target(name: "QuittanceApple", dependencies: ["Quittance"]),
        // Every word that a reader sees; `cargo xtask texts` writes the catalogue and its arguments.
        .target(name: "QuittanceTexts", resources: [.process("Resources")]),
        .testTarget(name: "QuittanceTextsTests", dependencies: ["QuittanceTexts"]),
        // P-256 and AES-GCM for the tests: Foundation has neither on Linux. No product depends on it.
        .systemLibrary(name: "SoftwareCryptoFFI", path: "Tests/SoftwareCryptoFFI"),
        .target(
            name: "SoftwareCrypto",
            dependencies: ["SoftwareCryptoFFI"],
            path: "Tests/SoftwareCrypto",
            swiftSettings: [.swiftLanguageMode(.v5)]
        ),
        .testTarget(name: "QuittanceTests", dependencies: ["Quittance", "QuittanceApple", "SoftwareCrypto"]),
    ] + scenarios
)

// swift-tools-version: 6.0
// `cargo xtask test` of the suite "swift" writes the generated sources and hands the linker the folder
// of the native libraries. Only the generated modules are in Swift 5 mode: async foreign traits, as
// UniFFI 0.32 writes them, do not compile in mode 6.
import PackageDescription

let package = Package(
    name: "Quittance",
    defaultLocalization: "en",
    platforms: [.iOS(.v16), .macOS(.v13)],
    products: [
        .library(name: "Quittance", targets: ["Quittance"]),
        .library(name: "QuittanceTexts", targets: ["QuittanceTexts"]),
    ],
    targets: [
        .systemLibrary(name: "QuittanceFFI"),
        .target(
            name: "Quittance",
            dependencies: ["QuittanceFFI"],
            swiftSettings: [.swiftLanguageMode(.v5)]
        ),
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
        .testTarget(name: "QuittanceTests", dependencies: ["Quittance", "SoftwareCrypto"]),
    ]
)

// swift-tools-version: 6.0
// Compiles the app's and the adapters' real sources on Linux, against stand-ins for Apple's frameworks, and drives them.
// `cargo xtask test --only ios` writes the generated sources first, and hands the linker the native libraries.
import PackageDescription

#if !os(Linux)
fatalError("For Linux: on a Mac its targets would stand before Apple's own frameworks. Open ../Quittance.xcodeproj.")
#endif

/// The library behind `@Observable` names symbols of its own toolchain that a program does not need.
let observable: [LinkerSetting] = [.unsafeFlags(["-Xlinker", "--allow-shlib-undefined"])]

let package = Package(
    name: "Checks",
    defaultLocalization: "en",
    targets: [
        .systemLibrary(name: "QuittanceFFI", path: "Linked/QuittanceFFI"),
        .target(
            name: "Quittance", dependencies: ["QuittanceFFI"], path: "Linked/Quittance",
            swiftSettings: [.swiftLanguageMode(.v5)]),
        .systemLibrary(name: "SoftwareCryptoFFI", path: "Linked/SoftwareCryptoFFI"),
        .target(
            name: "SoftwareCrypto", dependencies: ["SoftwareCryptoFFI"], path: "Linked/SoftwareCrypto",
            swiftSettings: [.swiftLanguageMode(.v5)]),

        .target(name: "QuittanceTexts", path: "Linked/QuittanceTexts", resources: [.process("Resources")]),

        .target(name: "Security", path: "StandIns/Security"),
        .target(name: "LocalAuthentication", dependencies: ["Security"], path: "StandIns/LocalAuthentication"),
        .target(
            name: "CryptoKit", dependencies: ["LocalAuthentication", "Security", "SoftwareCrypto"],
            path: "StandIns/CryptoKit"),
        .target(name: "Network", path: "StandIns/Network"),
        .target(name: "UniformTypeIdentifiers", path: "StandIns/UniformTypeIdentifiers"),
        .target(name: "SwiftUI", dependencies: ["UniformTypeIdentifiers"], path: "StandIns/SwiftUI"),

        .target(
            name: "QuittanceApple",
            dependencies: ["Quittance", "CryptoKit", "LocalAuthentication", "Security"],
            path: "Linked/QuittanceApple"),
        .executableTarget(
            name: "QuittanceDemo",
            dependencies: [
                "QuittanceApple", "Quittance", "QuittanceTexts", "Network", "SwiftUI", "UniformTypeIdentifiers",
            ],
            path: "Linked/QuittanceDemo", exclude: ["Assets.xcassets", "InfoPlist.xcstrings", "PrivacyInfo.xcprivacy"],
            linkerSettings: observable),

        .testTarget(
            name: "AdapterTests",
            dependencies: [
                "QuittanceApple", "Quittance", "CryptoKit", "LocalAuthentication", "Security", "SoftwareCrypto",
            ],
            linkerSettings: observable),
        .testTarget(
            name: "ScreenTests",
            dependencies: [
                "QuittanceDemo", "QuittanceApple", "Quittance", "SwiftUI", "CryptoKit", "LocalAuthentication",
                "Network", "Security", "SoftwareCrypto",
            ],
            linkerSettings: observable),
    ]
)

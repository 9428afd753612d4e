// swift-tools-version: 6.0
// The package as it is published: `cargo xtask package swift` puts this file over the sources, the XCFramework for Apple's
// systems, and the library for the Linux that it was made on.
import PackageDescription

#if os(Linux)
let folder = "\(Context.packageDirectory)/Linux"
let library = Target.systemLibrary(name: "QuittanceFFI", path: "Linux/QuittanceFFI")
let linking: [LinkerSetting] = [.unsafeFlags(["-L\(folder)", "-Xlinker", "-rpath=\(folder)"])]
#else
let library = Target.binaryTarget(name: "QuittanceFFI", path: "QuittanceFFI.xcframework")
let linking: [LinkerSetting] = [.linkedFramework("Security"), .linkedFramework("CoreFoundation")]
#endif

let package = Package(
    name: "Quittance",
    defaultLocalization: "en",
    platforms: [.iOS(.v16)],
    products: [
        .library(name: "Quittance", targets: ["Quittance"]),
        .library(name: "QuittanceApple", targets: ["QuittanceApple"]),
        .library(name: "QuittanceTexts", targets: ["QuittanceTexts"]),
    ],
    targets: [
        library,
        // Async foreign traits, as UniFFI 0.32 writes them, do not compile in mode 6.
        .target(
            name: "Quittance",
            dependencies: ["QuittanceFFI"],
            swiftSettings: [.swiftLanguageMode(.v5)],
            linkerSettings: linking
        ),
        .target(name: "QuittanceApple", dependencies: ["Quittance"]),
        .target(name: "QuittanceTexts", resources: [.process("Resources")]),
    ]
)

// swift-tools-version: 6.0
// An app that knows the published package alone. `cargo xtask test` of the suite "package" copies it beside the package.
import PackageDescription

let package = Package(
    name: "Consumer",
    platforms: [.iOS(.v16), .macOS(.v13)],
    dependencies: [.package(path: "../Quittance")],
    targets: [
        .executableTarget(name: "Consumer", dependencies: [.product(name: "Quittance", package: "Quittance")])
    ]
)

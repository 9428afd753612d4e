import Foundation
import Quittance
import QuittanceApple

/// This phone's wallet: its folder, its hardware keys, the gateway that it was built for.
enum Phone {
    /// Whether the app was built for a sandbox.
    static var isTrial: Bool { Bundle.main.infoDictionary?["QuittanceSandbox"] as? String == "YES" }

    /// Opens the wallet.
    static let open: @Sendable () async throws -> any WalletProtocol = {
        let config = try configuration(Bundle.main.infoDictionary ?? [:], folder: folder())
        try ScreenLock.require()
        let keys = try EnclaveDeviceKeys(dataDir: config.dataDir)
        let prompt = LocalAuthPrompt(keys: keys) { say($0) }
        return try await Wallet.open(config: config, keys: keys, prompt: prompt)
    }

    /// Erases the wallet's folder; with its mark gone, the next opening ends what is left of its keys.
    static let forget: @Sendable () throws -> Void = {
        try FileManager.default.removeItem(at: folder())
    }

    /// The wallet's own folder, which no backup takes along.
    private static func folder() throws -> URL {
        var folder = try FileManager.default.url(
            for: .applicationSupportDirectory, in: .userDomainMask, appropriateFor: nil, create: true
        ).appendingPathComponent("wallet", isDirectory: true)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        #if canImport(Darwin)
        var values = URLResourceValues()
        values.isExcludedFromBackup = true
        try folder.setResourceValues(values)
        #endif
        return folder
    }

    /// Reads where the gateway is and whose word is believed from the app's Info.plist, which Gateway.xcconfig fills.
    static func configuration(_ info: [String: Any], folder: URL) throws -> WalletConfig {
        func value(_ name: String) throws -> String {
            guard let value = info["Quittance" + name] as? String, !value.isEmpty else {
                throw WalletError.Configuration(member: name, fix: "set it in Gateway.xcconfig")
            }
            return value
        }
        return WalletConfig(
            dataDir: folder.path, gatewayUrl: try value("GatewayURL"), origin: try value("Origin"),
            logVkey: try value("LogKey"), policyAuthor: try value("PolicyAuthor"),
            sandbox: info["QuittanceSandbox"] as? String == "YES")
    }
}

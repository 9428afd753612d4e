import Foundation
import Quittance

/// A gateway, a merchant and a phone with software keys. They end with this object.
final class Stage: Sendable {
    let merchant: Merchant
    let keys: SoftwareDeviceKeys
    let prompt: ScriptedPrompt
    let config: WalletConfig
    private let gateway: GatewayProcess
    private let folder: URL

    init() async throws {
        gateway = try GatewayProcess()
        folder = try temporaryFolder("phone")
        let sandbox = Sandbox(origin: gateway.origin)
        merchant = try await sandbox.merchant("Bluebird Rides")
        keys = SoftwareDeviceKeys()
        prompt = ScriptedPrompt(keys: keys)
        config = WalletConfig(
            dataDir: folder.path, gatewayUrl: gateway.origin, origin: gateway.origin,
            logVkey: try await sandbox.logKey(), policyAuthor: Sandbox.policyAuthor, sandbox: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    /// The phone has no network from now on.
    func goOffline() {
        gateway.stop()
    }

    /// Opens the phone's wallet.
    func open() async throws -> Wallet {
        try await Wallet.open(config: config, keys: keys, prompt: prompt)
    }

    /// An offer of up to CNY 50.00 a charge, CNY 500.00 a month.
    func offer() async throws -> String {
        try await merchant.offer(perCharge: cny(50_00), perPeriod: cny(500_00))
    }

    /// Answers every prompt of a flow as an agreeing payer does: the steps that were asked.
    func walk(_ wallet: Wallet, _ flow: String) async throws -> [String] {
        var steps: [String] = []
        while let prompt = try await wallet.nextPrompt(flow: flow) {
            steps.append(prompt.step)
            try await wallet.submit(flow: flow, answer: agree(prompt))
        }
        return steps
    }

    /// Everything that the payer should know by now.
    func events(_ wallet: Wallet) async throws -> [WalletEvent] {
        var events: [WalletEvent] = []
        while let event = try await wallet.nextEvent() { events.append(event) }
        return events
    }
}

/// The payment PIN of every made-up payer, as typed.
let pin = Data("482913".utf8)

/// What an agreeing payer answers.
func agree(_ prompt: Prompt) -> Answer {
    switch prompt.kind {
    case .consent: .agree
    case .confirm: .confirm
    case .biometric: .useBiometric
    case .paymentPin: .paymentPin(pin: pin)
    }
}

/// An amount in fen.
func cny(_ minor: Int64) -> Money {
    Money(minor: minor, currency: "CNY")
}

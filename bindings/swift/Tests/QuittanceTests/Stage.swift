import Foundation
import Quittance

/// A gateway, a merchant and a phone with software keys. They end with this object.
final class Stage: Sendable {
    let merchant: Merchant
    let sandbox: Sandbox
    let keys: SoftwareDeviceKeys
    let prompt: ScriptedPrompt
    let config: WalletConfig
    private let gateway: GatewayProcess
    private let folder: URL

    init() async throws {
        gateway = try GatewayProcess()
        folder = try temporaryFolder("phone")
        sandbox = Sandbox(origin: gateway.origin)
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

    /// Another phone of this stage, by the name of its folder.
    func phone(_ name: String) -> WalletConfig {
        let config = config
        return WalletConfig(
            dataDir: folder.appendingPathComponent(name).path, gatewayUrl: config.gatewayUrl, origin: config.origin,
            logVkey: config.logVkey, policyAuthor: config.policyAuthor, sandbox: true)
    }

    /// Opens the phone's wallet.
    func open() async throws -> Wallet {
        try await Wallet.open(config: config, keys: keys, prompt: prompt)
    }

    /// An offer of up to CNY 50.00 a charge, CNY 500.00 a month.
    func offer() async throws -> String {
        try await merchant.offer(perCharge: cny(50_00), perPeriod: cny(500_00))
    }

    /// Answers every prompt of a flow as an agreeing payer does: the steps that were asked. While somebody else has the
    /// turn, time passes.
    func walk(_ wallet: Wallet, _ flow: String) async throws -> [String] {
        var steps: [String] = []
        while let prompt = try await wallet.nextPrompt(flow: flow) {
            if asksPayer(prompt: prompt) {
                steps.append(prompt.step)
                try await wallet.submit(flow: flow, answer: answer(wallet, prompt))
            } else {
                guard case .waiting = prompt.kind else { throw Unanswerable(step: prompt.step) }
                try await sandbox.advance("PT1S")
                try await wallet.refreshFlow(flow: flow)
            }
        }
        return steps
    }

    /// What an agreeing payer answers who reads texts and takes photos, too.
    func answer(_ wallet: Wallet, _ prompt: Prompt) async throws -> Answer {
        switch prompt.kind {
        case .code: return .code(code: try await code(wallet))
        case .photos(_, let count, _): return .images(images: (0..<count).map(image))
        default: return try agree(prompt)
        }
    }

    /// The code in the last text that came to the payer's phones, as typed.
    private func code(_ wallet: Wallet) async throws -> Data {
        guard let enrolment = try await wallet.enrolment() else { throw Unanswerable(step: "enrol") }
        return Data(try await sandbox.lastCode(enrolment.account).utf8)
    }

    /// Everything that the payer should know by now; it counts as shown.
    func events(_ wallet: Wallet) async throws -> [WalletEvent] {
        let news = try await wallet.news(shown: nil)
        _ = try await wallet.news(shown: news.last?.number)
        return news.map(\.event)
    }
}

/// The payment PIN of every made-up payer, as typed.
let pin = Data("482913".utf8)

/// A prompt to which an agreeing payer has no answer ready.
struct Unanswerable: Error {
    let step: String
}

/// What an agreeing payer answers who needs no more than a thumb and a PIN.
func agree(_ prompt: Prompt) throws -> Answer {
    switch prompt.kind {
    case .consent: .agree
    case .confirm, .choose: .confirm
    case .biometric: .useBiometric
    case .paymentPin: .paymentPin(pin: pin)
    default: throw Unanswerable(step: prompt.step)
    }
}

/// A PNG picture of 320 by 200 grey points, as small as is believable, with bytes of its own for each number. Nobody
/// decodes it, so its checksums are not made.
func image(_ number: UInt32) -> Data {
    func chunk(_ kind: String, _ data: [UInt8]) -> Data {
        let length = withUnsafeBytes(of: UInt32(data.count).bigEndian) { Data($0) }
        return length + Data(kind.utf8) + Data(data) + Data(count: 4)
    }
    let parts: [Data] = [
        Data([0x89]), Data("PNG\r\n\u{1a}\n".utf8),
        chunk("IHDR", [0, 0, 1, 64, 0, 0, 0, 200, 8, 0, 0, 0, 0]),
        chunk("tEXt", Array("image\0\(number)".utf8)),
        chunk("IDAT", [UInt8](repeating: 0x5a, count: 256)),
        chunk("IEND", []),
    ]
    return parts.reduce(Data(), +)
}

/// An amount in fen.
func cny(_ minor: Int64) -> Money {
    Money(minor: minor, currency: "CNY")
}

import Foundation
import Quittance
import TurnedClock

/// The payment PIN of every made-up payer, as typed.
let pin = Data("482913".utf8)

/// The payer of a scenario with their phone: real wallet, software keys, a thumb that follows a script.
final class Payer {
    private static let tries = 200

    let stage: StageProcess
    let keys = SoftwareDeviceKeys()
    let prompt: ScriptedPrompt
    private var opened: Wallet?
    private let given: Json
    private let clock: TurnedClock
    private let folder: URL

    /// The wallet of the app that runs now.
    var wallet: Wallet {
        get throws {
            guard let opened else { throw Wrong("an app that runs", "none") }
            return opened
        }
    }

    /// What every clock of the scenario says, in seconds since 1970.
    var now: Int64 {
        didSet { clock.turnTo(unixSeconds: now) }
    }

    /// Sets the stage for a scenario, and enrols the payer's phone there.
    init(entering stage: StageProcess, for scenario: Json) async throws {
        self.stage = stage
        given = try stage.say("set", scenario).content
        now = given["now"]?.number ?? 0
        clock = TurnedClock(unixSeconds: now)
        prompt = ScriptedPrompt(keys: keys)
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("quittance-payer-\(UUID().uuidString)")
        try await open()
        let account = try await wallet.enrol(pin: pin).account
        guard let key = try keys.publicKey(alias: .device) else { throw Wrong("a device key", "none") }
        try stage.ask("enrolled", .object(["account": .text(account), "device_key": .text(Hex.text(key))]))
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    /// The app's process ends, and is started again on the same files.
    func restart() async throws {
        opened = nil
        try await open()
    }

    /// Signs with the phone's device key what the stage wants to be signed.
    func sign(_ input: String) throws -> Json {
        .text(Hex.text(try keys.signAfterPrompt(alias: .device, message: Data(input.utf8))))
    }

    private func open() async throws {
        for _ in 0..<Self.tries {
            do {
                opened = try await clock.open(
                    dataDir: folder.path, gatewayUrl: given.need("gateway"), logVkey: given.need("log_vkey"),
                    policyAuthor: given.need("policy_author"), keys: keys, prompt: prompt)
                return
            } catch NotOpened.InUse {
                // What was just let go frees its folder in the background.
                try await Task.sleep(for: .milliseconds(10))
            }
        }
        throw Wrong("that the folder is free", "in use")
    }
}

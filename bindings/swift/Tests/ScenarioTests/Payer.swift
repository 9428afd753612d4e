import Foundation
import Quittance
import TurnedClock

/// The payment PIN of every made-up payer, as typed.
let pin = Data("482913".utf8)

/// The payer of a scenario with their phone: real wallet, software keys, a thumb that follows a script.
final class Payer {
    private static let tries = 200

    let stage: StageProcess
    let locks = PhoneLocks()
    private(set) var keys = SoftwareDeviceKeys()
    private(set) var prompt: ScriptedPrompt
    private var opened: Wallet?
    private var backups: [String: URL] = [:]
    /// What the last refusal owes the payer, until somebody looks.
    private var owed: ErrorKind?
    private let given: Json
    private let clock: TurnedClock
    /// Everything that the phone and its copies have.
    private let place: URL
    private var folder: URL

    /// The wallet of the app that runs now.
    var wallet: Wallet {
        get throws {
            guard let opened else { throw Wrong("an app that runs", "none") }
            return opened
        }
    }

    /// What every clock of the scenario says, in seconds since 1970.
    var now: Int64 {
        didSet { clock.turnTo(unixSeconds: now + ahead) }
    }

    /// By how many seconds the phone's own clock is ahead of everybody's.
    var ahead: Int64 = 0 {
        didSet { clock.turnTo(unixSeconds: now + ahead) }
    }

    /// Sets the stage for a scenario, and enrols the payer's phone there.
    init(entering stage: StageProcess, for scenario: Json) async throws {
        self.stage = stage
        given = try stage.say("set", scenario).content
        now = given["now"]?.number ?? 0
        clock = TurnedClock(unixSeconds: now)
        prompt = ScriptedPrompt(keys: keys)
        place = FileManager.default.temporaryDirectory.appendingPathComponent("quittance-payer-\(UUID().uuidString)")
        folder = place
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        try await setUp()
    }

    deinit {
        try? FileManager.default.removeItem(at: place)
    }

    /// Compares a refusal, or its absence, with what the step says.
    func outcome(_ fails: String?, _ work: () async throws -> Void) async throws {
        var was: String?
        do {
            try await work()
        } catch let refusal as WalletError {
            was = refused(refusal)
        } catch NotOpened.Storage(let reaction) {
            owed = reaction
            was = "storage"
        }
        if fails != was {
            throw Wrong(fails.map { "the refusal \($0)" } ?? "that it is done", was ?? "that it was done")
        }
    }

    /// A refusal's name; what it owes the payer is kept until somebody looks.
    func refused(_ refusal: WalletError) -> String {
        owed = errorKind(error: refusal)
        return name(of: refusal)
    }

    /// What the last refusal owes the payer; taken by being looked at.
    func takeOwed() -> ErrorKind? {
        defer { owed = nil }
        return owed
    }

    /// The app's process ends, and is started again on the same files.
    func restart() async throws {
        opened = nil
        try await open()
    }

    /// The keystore loses every key; the app ends, its files stay.
    func loseKeys() {
        opened = nil
        keys = SoftwareDeviceKeys()
        prompt = ScriptedPrompt(keys: keys)
        locks.forgetKeys()
    }

    /// Copies the app's files as they stand, without the keys.
    func backUp(_ name: String) throws {
        let copy = newFolder()
        try FileManager.default.copyItem(at: folder, to: copy)
        backups[name] = copy
    }

    /// Puts a copy in place of the files of now, under the keys of now; the app ends.
    func putBack(_ name: String) throws {
        opened = nil
        guard let files = backups[name] else { throw Wrong("a copy of files of this scenario", name) }
        // Another place: what was just let go frees its files in the background.
        folder = newFolder()
        try FileManager.default.copyItem(at: files, to: folder)
    }

    /// Erases what the app kept, with its keys, then enrols the phone.
    func setUp() async throws {
        loseKeys()
        folder = newFolder()
        try await open()
        let account = try await wallet.enrol(pin: pin).account
        guard let key = try keys.publicKey(alias: .device) else { throw Wrong("a device key", "none") }
        try stage.ask("enrolled", .object(["account": .text(account), "device_key": .text(Hex.text(key))]))
    }

    /// Signs with the phone's device key what the stage wants to be signed.
    func sign(_ input: String) throws -> Json {
        .text(Hex.text(try keys.signAfterPrompt(alias: .device, message: Data(input.utf8))))
    }

    private func newFolder() -> URL { place.appendingPathComponent(UUID().uuidString) }

    private func open() async throws {
        for _ in 0..<Self.tries {
            do {
                opened = try await clock.open(
                    dataDir: folder.path, gatewayUrl: given.need("gateway"), logVkey: given.need("log_vkey"),
                    policyAuthor: given.need("policy_author"), keys: LockedKeys(keys, behind: locks),
                    prompt: LockedPrompt(prompt, behind: locks))
                return
            } catch NotOpened.InUse {
                // What was just let go frees its folder in the background.
                try await Task.sleep(for: .milliseconds(10))
            }
        }
        throw Wrong("that the folder is free", "in use")
    }
}

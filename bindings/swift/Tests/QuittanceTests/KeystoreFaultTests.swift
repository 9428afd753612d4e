import Foundation
import Quittance
import Testing

/// A fault of the keystore's as native code throws it, what the app catches, and what it owes its user where a signing key
/// has it.
struct KeystoreFault: Sendable, CustomTestStringConvertible {
    let thrown: any Error
    let caught: DeviceKeyError
    let owed: ErrorKind

    var testDescription: String { "\(thrown)" }

    static let all: [KeystoreFault] = [
        KeystoreFault(thrown: DeviceKeyError.KeyMissing, caught: .KeyMissing, owed: .reenrol),
        KeystoreFault(thrown: DeviceKeyError.KeyInvalidated, caught: .KeyInvalidated, owed: .reenrol),
        KeystoreFault(thrown: DeviceKeyError.HardwareUnavailable, caught: .HardwareUnavailable, owed: .retry),
        KeystoreFault(thrown: DeviceKeyError.Locked, caught: .Locked, owed: .phoneSettings),
        KeystoreFault(thrown: DeviceKeyError.Refused, caught: .Refused, owed: .reenrol),
        KeystoreFault(thrown: DeviceKeyError.Unexpected, caught: .Unexpected, owed: .support),
        KeystoreFault(thrown: Foreign(), caught: .Unexpected, owed: .support),
    ]
}

/// What a keystore may throw in place of an answer, in each of its calls.
@Suite(.serialized) struct KeystoreFaultTests {
    let stage: Stage

    init() async throws {
        stage = try await Stage()
    }

    @Test(
        "A fault of a signing key arrives as its own type, and enrolment can be repeated",
        arguments: KeystoreFault.all)
    func signingKey(_ fault: KeystoreFault) async throws {
        for call in [KeystoreCall.createKey, .sign] {
            let (config, keys, prompt) = newPhone()
            let wallet = try await Wallet.open(config: config, keys: keys, prompt: prompt)
            keys.fail(call, fault.thrown)
            let expected = WalletError.Keystore(reason: fault.caught)
            #expect(errorKind(error: expected) == fault.owed)
            await #expect(throws: expected) { try await wallet.enrol(pin: pin) }
            #expect(try await wallet.enrolment() == nil)
            keys.recover()
            #expect(try await wallet.enrol(pin: pin).keyStore == .software)
        }
    }

    @Test("A fault of the vault's key is a fault of storage, and nothing is lost by it", arguments: KeystoreFault.all)
    func vaultKey(_ fault: KeystoreFault) async throws {
        let (config, keys, prompt) = newPhone()
        let wallet = try await Wallet.open(config: config, keys: keys, prompt: prompt)
        _ = try await wallet.enrol(pin: pin)
        let sign = try await wallet.startSign(offer: stage.offer(), locale: "en")
        _ = try await stage.walk(wallet, sign)
        let mandate = try await wallet.mandateOf(flow: sign)
        // A revocation makes a new epoch, whose key wraps what is left.
        for call in [KeystoreCall.createEpochKey, .wrap] {
            keys.fail(call, fault.thrown)
            let flow = try await wallet.startRevoke(mandates: [mandate])
            try await isTyped { _ = try await stage.walk(wallet, flow) }
            try await isTyped { _ = try await wallet.sync() }
            #expect(try await wallet.receipts().isEmpty)
            #expect(try await !wallet.mandate(mandate: mandate).canPay)
        }
        #expect(keys.failures > 0)
        keys.recover()
        _ = try await stage.walk(wallet, wallet.startRevoke(mandates: [mandate]))
        _ = try await wallet.sync()
        #expect(try await wallet.mandate(mandate: mandate).ending?.stage == .closed(kind: .twoSided))
    }

    @Test("A wallet that cannot open its vault says so, and opens once it can", arguments: KeystoreFault.all)
    func opening(_ fault: KeystoreFault) async throws {
        let (config, keys, prompt) = newPhone()
        try await openOnce(config, keys, prompt)
        keys.fail(.unwrap, fault.thrown)
        await #expect(throws: WalletError.self) { try await openOnce(config, keys, prompt) }
        #expect(keys.failures > 0)
        keys.recover()
        try await openOnce(config, keys, prompt)
    }

    /// Opens the wallet and lets it go; the one before may still be letting go of the folder.
    private func openOnce(_ config: WalletConfig, _ keys: TroubledKeys, _ prompt: ScriptedPrompt) async throws {
        let wallet = try await openWhenFree(config, keys, prompt)
        #expect(try await wallet.mandates().isEmpty)
    }

    /// What is thrown, if anything, is one of the two errors that a keystore can cause.
    private func isTyped(_ call: () async throws -> Void) async throws {
        do {
            try await call()
        } catch WalletError.Storage, WalletError.Keystore {}
    }

    private func newPhone() -> (WalletConfig, TroubledKeys, ScriptedPrompt) {
        let keys = SoftwareDeviceKeys()
        let config = stage.phone(UUID().uuidString)
        return (config, TroubledKeys(keys: keys), ScriptedPrompt(keys: keys))
    }
}

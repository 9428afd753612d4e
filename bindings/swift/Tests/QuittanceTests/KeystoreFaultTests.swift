import Foundation
import Quittance
import Testing

/// A fault of the keystore's as native code throws it, what the app catches, and what it owes its user where a signing
/// key has it.
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

/// What a keystore may throw in place of an answer, in each of its calls that the library makes.
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
            let phone = newPhone()
            let wallet = try await phone.open()
            let caught = try await failing(phone, call, fault) { _ = try await wallet.enrol(pin: pin) }
            #expect(caught == .Keystore(reason: fault.caught))
            #expect(caught.map { errorKind(error: $0) } == fault.owed)
            #expect(try await wallet.enrolment() == nil)
            #expect(try await wallet.enrol(pin: pin).keyStore == .software)
        }
    }

    @Test(
        "Where one key cannot be made, the next enrolment makes all of them for its own challenge",
        arguments: KeystoreFault.all)
    func oneKey(_ fault: KeystoreFault) async throws {
        for alias in [KeyAlias.device, .biometric, .passcode] {
            let phone = newPhone()
            let wallet = try await phone.open()
            let isMissing = fault.caught == .KeyMissing
            // Where there is no screen lock, there is no passcode key.
            if !(isMissing && alias == .passcode) {
                let caught = try await failing(phone, .createKey, of: alias, fault) {
                    _ = try await wallet.enrol(pin: pin)
                }
                if isMissing && alias == .biometric {
                    #expect(caught.map { errorKind(error: $0) } == .phoneSettings)
                } else {
                    #expect(caught == .Keystore(reason: fault.caught))
                }
                #expect(try await wallet.enrolment() == nil)
                #expect(phone.keys.challenges.isEmpty, "what was made is ended")
            }
            _ = try await wallet.enrol(pin: pin)
            #expect(Set(phone.keys.challenges.keys) == [.device, .biometric, .passcode])
            #expect(Set(phone.keys.challenges.values).count == 1)
        }
    }

    @Test("A phone that can have no passcode key is enrolled without it")
    func noPasscodeKey() async throws {
        let phone = newPhone()
        let wallet = try await phone.open()
        phone.keys.fail(.createKey, of: .passcode, DeviceKeyError.KeyMissing)
        _ = try await wallet.enrol(pin: pin)
        #expect(Set(phone.keys.challenges.keys) == [.device, .biometric])
    }

    @Test("Keys that were refused and cannot be deleted are not introduced again", arguments: KeystoreFault.all)
    func refusedKeys(_ fault: KeystoreFault) async throws {
        let phone = newPhone()
        let wallet = try await phone.open()
        phone.keys.attest([Data("no chain of anybody's".utf8)])
        guard case .Refused = try await thrown({ _ = try await wallet.enrol(pin: pin) }) else {
            Issue.record("the gateway took a chain of nobody's")
            return
        }
        phone.keys.attest([])
        let refused = try phone.software.publicKey(alias: .device)
        let caught = try await failing(phone, .deleteKey, fault) { _ = try await wallet.enrol(pin: pin) }
        #expect(caught == .Keystore(reason: fault.caught))
        #expect(try await wallet.enrolment() == nil)
        _ = try await wallet.enrol(pin: pin)
        #expect(try phone.software.publicKey(alias: .device) != refused)
    }

    @Test("A keystore that cannot tell what it is counts as software", arguments: KeystoreFault.all)
    func silentKeystore(_ fault: KeystoreFault) async throws {
        let phone = newPhone()
        let wallet = try await phone.open()
        phone.keys.claim(.hardware)
        phone.keys.fail(.describe, fault.thrown)
        #expect(try await wallet.enrol(pin: pin).keyStore == .software)
        #expect(phone.keys.failures > 0)
        phone.keys.recover()
        #expect(try await wallet.enrolment()?.keyStore == .hardware)
    }

    @Test(
        "What fails while a token is destroyed claims nothing, and the order closes once it can",
        arguments: KeystoreFault.all)
    func destruction(_ fault: KeystoreFault) async throws {
        let phone = newPhone()
        let wallet = try await phone.open()
        _ = try await wallet.enrol(pin: pin)
        for call in destroying(fault) {
            let mandate = try await signed(wallet)
            let receipts = try await wallet.receipts()
            _ = try await stage.events(wallet)
            let flow = try await wallet.startRevoke(mandates: [mandate])
            // The prompt begins an epoch of its own, and is not what fails here.
            try await wallet.submit(flow: flow, answer: .useBiometric)
            let old = phone.software.newestEpoch()
            // The first time as the end of the flow, then as what is left of it.
            isStorage(try await failing(phone, call, fault) { _ = try await stage.walk(wallet, flow) })
            isStorage(try await failing(phone, call, fault) { _ = try await wallet.sync() })
            #expect(try await wallet.mandate(mandate: mandate).ending?.stage == .ordered)
            #expect(try await !wallet.mandate(mandate: mandate).canPay)
            #expect(try await wallet.receipts() == receipts)
            #expect(try await !stage.events(wallet).contains(where: saysClosing))
            if call == .deleteEpochKey { #expect(try phone.software.epochKeyExists(epoch: old)) }

            #expect(try await wallet.sync().closed == [mandate])
            #expect(try await wallet.mandate(mandate: mandate).ending?.stage == .closed(kind: .twoSided))
            #expect(try await wallet.receipts().count == receipts.count + 1)
            #expect(try !phone.software.epochKeyExists(epoch: old))
        }
    }

    @Test("A wallet that cannot open its vault says so, and opens once it can", arguments: KeystoreFault.all)
    func opening(_ fault: KeystoreFault) async throws {
        for call in [KeystoreCall.createEpochKey, .wrap] { try await opens(newPhone(), after: call, fault) }
        let known = newPhone()
        try await known.openOnce()
        for call in [KeystoreCall.epochKeyExists, .unwrap] { try await opens(known, after: call, fault) }
    }

    /// What a destruction asks the keystore for. That the deleted key opens nothing is tried with `unwrap`: that it is
    /// gone is the answer to be had there, and no answer is no proof.
    private func destroying(_ fault: KeystoreFault) -> [KeystoreCall] {
        [.createEpochKey, .wrap, .deleteEpochKey, .epochKeyExists] + (fault.owed == .reenrol ? [] : [.unwrap])
    }

    /// What is thrown while a call of the keystore fails, as it must; afterwards the keystore is honest again.
    private func failing(
        _ phone: Phone, _ call: KeystoreCall, of key: KeyAlias? = nil, _ fault: KeystoreFault,
        _ use: () async throws -> Void
    ) async throws -> WalletError? {
        let before = phone.keys.failures
        phone.keys.fail(call, of: key, fault.thrown)
        defer { phone.keys.recover() }
        let caught = try await thrown(use)
        #expect(caught != nil, "\(call) went unnoticed")
        #expect(phone.keys.failures > before, "\(call) was not asked for")
        return caught
    }

    private func thrown(_ use: () async throws -> Void) async throws -> WalletError? {
        do {
            try await use()
            return nil
        } catch let error as WalletError {
            return error
        }
    }

    private func opens(_ phone: Phone, after call: KeystoreCall, _ fault: KeystoreFault) async throws {
        isStorage(try await failing(phone, call, fault) { try await phone.openOnce() })
        try await phone.openOnce()
    }

    private func isStorage(_ caught: WalletError?) {
        guard case .Storage = caught else {
            Issue.record("\(String(describing: caught)) is no error of storage")
            return
        }
    }

    private func saysClosing(_ event: WalletEvent) -> Bool {
        switch event {
        case .closing, .closed: true
        default: false
        }
    }

    private func signed(_ wallet: Wallet) async throws -> String {
        let sign = try await wallet.startSign(offer: stage.offer(), locale: "en")
        _ = try await stage.walk(wallet, sign)
        return try await wallet.mandateOf(flow: sign)
    }

    private func newPhone() -> Phone {
        let software = SoftwareDeviceKeys()
        return Phone(
            config: stage.phone(UUID().uuidString), software: software, keys: TroubledKeys(keys: software))
    }
}

/// A phone whose keystore may fail; `software` is the same one when it does not.
private struct Phone {
    let config: WalletConfig
    let software: SoftwareDeviceKeys
    let keys: TroubledKeys

    /// The one before may still be letting go of the folder.
    func open() async throws -> Wallet {
        try await openWhenFree(config, keys, ScriptedPrompt(keys: software))
    }

    func openOnce() async throws {
        #expect(try await open().mandates().isEmpty)
    }
}

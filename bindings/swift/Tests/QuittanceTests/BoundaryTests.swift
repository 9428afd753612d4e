import Foundation
import Quittance
import Testing

/// Software keys that another object may refuse or break.
final class TroubledKeys: DeviceKeys, @unchecked Sendable {
    private let keys: SoftwareDeviceKeys
    private let lock = NSLock()
    private var trouble: (any Error)?

    init(keys: SoftwareDeviceKeys, trouble: any Error) {
        self.keys = keys
        self.trouble = trouble
    }

    func recover() {
        lock.withLock { trouble = nil }
    }

    func sign(alias: KeyAlias, message: Data) throws -> Data {
        if let trouble = lock.withLock({ trouble }) { throw trouble }
        return try keys.sign(alias: alias, message: message)
    }

    func createKey(alias: KeyAlias, challenge: Data) throws -> CreatedKey {
        try keys.createKey(alias: alias, challenge: challenge)
    }
    func publicKey(alias: KeyAlias) throws -> Data? { try keys.publicKey(alias: alias) }
    func deleteKey(alias: KeyAlias) throws { try keys.deleteKey(alias: alias) }
    func createEpochKey(epoch: UInt64) throws { try keys.createEpochKey(epoch: epoch) }
    func wrap(epoch: UInt64, plain: Data) throws -> Data { try keys.wrap(epoch: epoch, plain: plain) }
    func unwrap(epoch: UInt64, wrapped: Data) throws -> Data { try keys.unwrap(epoch: epoch, wrapped: wrapped) }
    func deleteEpochKey(epoch: UInt64) throws { try keys.deleteEpochKey(epoch: epoch) }
    func epochKeyExists(epoch: UInt64) throws -> Bool { try keys.epochKeyExists(epoch: epoch) }
    func describe() throws -> KeyStoreKind { try keys.describe() }
}

/// What crosses between native code and the library.
@Suite(.serialized) struct BoundaryTests {
    let stage: Stage

    init() async throws {
        stage = try await Stage()
    }

    @Test("The quickstart ends with a receipt")
    func quickstart() async throws {
        let offer = try await stage.offer()
        let exported = try await signThenStop(
            config: stage.config, keys: stage.keys, prompt: stage.prompt, pin: pin, offer: offer, ask: agree)
        #expect(exported.receipt.hasPrefix("c2sp.org/tlog-proof@v1\n"))
    }

    @Test(
        "What the keystore throws arrives typed, and the call can be repeated",
        arguments: [
            (DeviceKeyError.Locked as any Error, DeviceKeyError.Locked, ErrorKind.phoneSettings),
            (Foreign() as any Error, DeviceKeyError.Unexpected, ErrorKind.support),
        ])
    func keystore(_ thrown: any Error, _ caught: DeviceKeyError, _ owed: ErrorKind) async throws {
        let keys = TroubledKeys(keys: stage.keys, trouble: thrown)
        let wallet = try await Wallet.open(config: stage.config, keys: keys, prompt: stage.prompt)
        let expected = WalletError.Keystore(reason: caught)
        #expect(errorKind(error: expected) == owed)
        await #expect(throws: expected) { try await wallet.enrol(pin: pin) }
        keys.recover()
        #expect(try await wallet.enrol(pin: pin).keyStore == .software)
    }

    @Test("Input that cannot be used is named")
    func input() async throws {
        let wallet = try await stage.open()
        let mandate = "man_" + String(repeating: "0", count: 32)
        let flow = "flo_" + String(repeating: "0", count: 32)
        #expect(await member { _ = try await wallet.nextPrompt(flow: "x") } == "flow")
        #expect(await member { _ = try await wallet.startRevoke(mandates: [mandate, "man_1"]) } == "mandates[1]")
        #expect(await member { _ = try wallet.readOffer(text: "no offer") } == "offer")
        #expect(await member { _ = try await wallet.enrol(pin: Data("12".utf8)) } == "pin")
        let euro = Money(minor: 1, currency: "euro")
        let permit = await member {
            _ = try await wallet.payerPresentPermit(mandate: mandate, amount: euro, challenge: "c")
        }
        #expect(permit == "amount.currency")
        await #expect(throws: WalletError.Unknown(what: "flow")) { try await wallet.nextPrompt(flow: flow) }
        await #expect(throws: WalletError.NotEnrolled) { try await wallet.startRevoke(mandates: [mandate]) }
    }

    @Test("A folder is open in one wallet at a time")
    func twice() async throws {
        let wallet = try await stage.open()
        do {
            _ = try await stage.open()
            Issue.record("the folder was opened twice")
        } catch let error as WalletError {
            #expect(errorKind(error: error) == .retry)
        }
        withExtendedLifetime(wallet) {}
    }

    @Test("A printed answer does not show the PIN")
    func printed() {
        #expect("\(Answer.paymentPin(pin: pin))" == "PaymentPin(…)")
    }

    /// The member that the error names, of a call that must fail.
    private func member(_ call: () async throws -> Void) async -> String? {
        do {
            try await call()
        } catch WalletError.InvalidInput(let member, _) {
            return member
        } catch {}
        return nil
    }
}

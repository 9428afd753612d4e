import CryptoKit
import Foundation
import LocalAuthentication
import Quittance
import Security
import Testing

@testable import QuittanceApple

/// Everything that stands in for the phone is one for all tests, so they run one after the other.
@Suite(.serialized) struct Adapters {}

/// A phone as it leaves the factory, with a folder for one installation of the app.
final class Factory: Sendable {
    let folder: URL

    init() {
        KeychainRecord.shared.reset()
        EnclaveRecord.shared.reset()
        PromptRecord.shared.reset()
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("quittance-keys-\(UUID().uuidString)")
    }

    func keys() throws -> EnclaveDeviceKeys {
        try EnclaveDeviceKeys(dataDir: folder.path)
    }

    /// The keys of another app that shares the keychain group, with a folder that was never used.
    func keys(of app: String) throws -> EnclaveDeviceKeys {
        try EnclaveDeviceKeys(dataDir: folder.appendingPathComponent(UUID().uuidString).path, app: app)
    }

    /// The app is taken off the phone: its files go, the keychain stays.
    func uninstall() throws {
        try FileManager.default.removeItem(at: folder)
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }
}

/// Under which conditions a key signs.
struct Conditions: Sendable, CustomTestStringConvertible {
    let alias: KeyAlias
    let flags: SecAccessControlCreateFlags
    let account: String

    static let all = [
        Conditions(alias: .device, flags: [.privateKeyUsage], account: "sign.device"),
        Conditions(alias: .biometric, flags: [.privateKeyUsage, .biometryCurrentSet], account: "sign.biometric"),
        Conditions(alias: .passcode, flags: [.privateKeyUsage, .devicePasscode], account: "sign.passcode"),
    ]

    var testDescription: String { account }
}

extension Adapters {
    @Suite struct EnclaveDeviceKeysTests {
        let phone = Factory()
        let keys: EnclaveDeviceKeys

        init() throws {
            keys = try phone.keys()
        }

        @Test("Each key is made under its own conditions, on this device alone", arguments: Conditions.all)
        func conditions(_ expected: Conditions) throws {
            let (alias, flags, account) = (expected.alias, expected.flags, expected.account)
            let made = try keys.createKey(alias: alias, challenge: Data([7]))
            #expect(made.publicKeySec1.count == 65 && made.publicKeySec1.first == 4 && made.attestation.isEmpty)
            let item = try #require(KeychainRecord.shared.items[account])
            let blob = try #require(item[kSecValueData] as? Data)
            let control = try #require(EnclaveRecord.shared.controls[blob])
            #expect(control.flags == flags)
            #expect(control.protection == kSecAttrAccessibleWhenPasscodeSetThisDeviceOnly)
            #expect(item[kSecAttrAccessible] as? String == kSecAttrAccessibleWhenPasscodeSetThisDeviceOnly)
            #expect(item[kSecAttrSynchronizable] as? Bool == false)
        }

        @Test("A key that stands is answered as it is, and found by another object")
        func again() throws {
            let first = try keys.createKey(alias: .device, challenge: Data([1]))
            #expect(try keys.createKey(alias: .device, challenge: Data([2])) == first)
            #expect(try phone.keys().publicKey(alias: .device) == first.publicKeySec1)
            #expect(try keys.publicKey(alias: .passcode) == nil)
        }

        @Test("Whoever asks at the same time gets the same key")
        func together() async throws {
            let keys = keys
            let made = try await withThrowingTaskGroup(of: Data.self) { group in
                for _ in 0..<32 {
                    group.addTask { try keys.createKey(alias: .biometric, challenge: Data()).publicKeySec1 }
                }
                return try await group.reduce(into: Set<Data>()) { $0.insert($1) }
            }
            #expect(made.count == 1)
            #expect(try keys.publicKey(alias: .biometric) == made.first)
        }

        @Test("Without an enrolled face or finger the biometric key is not made; with one it is, and others always are")
        func noBiometry() throws {
            PromptRecord.shared.unavailable = LAError(.biometryNotEnrolled)
            #expect(throws: DeviceKeyError.KeyMissing) { try keys.createKey(alias: .biometric, challenge: Data()) }
            #expect(try keys.publicKey(alias: .biometric) == nil)
            _ = try keys.createKey(alias: .passcode, challenge: Data())
            PromptRecord.shared.unavailable = nil
            _ = try keys.createKey(alias: .biometric, challenge: Data())
        }

        @Test("The device key signs without a prompt; no other key does")
        func signs() throws {
            for alias in [KeyAlias.device, .biometric, .passcode] {
                _ = try keys.createKey(alias: alias, challenge: Data())
            }
            #expect(try keys.sign(alias: .device, message: Data("m".utf8)).first == 0x30)
            #expect(throws: DeviceKeyError.Refused) { try keys.sign(alias: .biometric, message: Data()) }
            #expect(throws: DeviceKeyError.Refused) { try keys.sign(alias: .passcode, message: Data()) }
            #expect(PromptRecord.shared.shown.isEmpty)
        }

        @Test("A deleted key is gone, and deleting it again does nothing")
        func deleted() throws {
            _ = try keys.createKey(alias: .biometric, challenge: Data())
            try keys.deleteKey(alias: .biometric)
            try keys.deleteKey(alias: .biometric)
            #expect(try keys.publicKey(alias: .biometric) == nil)
            #expect(throws: DeviceKeyError.KeyMissing) { try keys.sign(alias: .device, message: Data()) }
            #expect(KeychainRecord.shared.items.isEmpty)
        }

        @Test("An epoch's key opens what it wrapped, and nothing else")
        func epochs() throws {
            let root = Data((0..<32).map { UInt8($0) })
            try keys.createEpochKey(epoch: 1)
            try keys.createEpochKey(epoch: 2)
            let wrapped = try keys.wrap(epoch: 1, plain: root)
            #expect(wrapped.count == 1 + 65 + 12 + 32 + 16 && !wrapped.contains(root))
            #expect(try keys.unwrap(epoch: 1, wrapped: wrapped) == root)
            #expect(try keys.wrap(epoch: 1, plain: root) != wrapped)
            #expect(throws: DeviceKeyError.Refused) { try keys.unwrap(epoch: 2, wrapped: wrapped) }
            for place in [0, 5, 70, wrapped.count - 1] {
                var bent = wrapped
                bent[place] ^= 1
                #expect(throws: DeviceKeyError.Refused) { try keys.unwrap(epoch: 1, wrapped: bent) }
            }
            for short in [0, 1, 66, 93] {
                #expect(throws: DeviceKeyError.Refused) { try keys.unwrap(epoch: 1, wrapped: wrapped.prefix(short)) }
            }
        }

        @Test("A slice of a larger buffer opens like bytes of its own")
        func slices() throws {
            try keys.createEpochKey(epoch: 1)
            let wrapped = try keys.wrap(epoch: 1, plain: Data([1, 2, 3]))
            #expect(try keys.unwrap(epoch: 1, wrapped: (Data([9, 9]) + wrapped).dropFirst(2)) == Data([1, 2, 3]))
        }

        @Test("What a deleted epoch wrapped stays closed; the control: it opened before")
        func rotation() throws {
            try keys.createEpochKey(epoch: 1)
            let wrapped = try keys.wrap(epoch: 1, plain: Data([1]))
            #expect(try keys.unwrap(epoch: 1, wrapped: wrapped) == Data([1]))
            try keys.deleteEpochKey(epoch: 1)
            try keys.deleteEpochKey(epoch: 1)
            #expect(try !keys.epochKeyExists(epoch: 1))
            #expect(throws: DeviceKeyError.KeyMissing) { try keys.unwrap(epoch: 1, wrapped: wrapped) }
            try keys.createEpochKey(epoch: 1)
            #expect(throws: DeviceKeyError.Refused) { try keys.unwrap(epoch: 1, wrapped: wrapped) }
        }

        @Test("A new installation ends what an earlier one left in the keychain; the control: the same one keeps it")
        func firstLaunch() throws {
            _ = try keys.createKey(alias: .device, challenge: Data())
            try keys.createEpochKey(epoch: 4)
            #expect(try phone.keys().epochKeyExists(epoch: 4))
            try phone.uninstall()
            #expect(KeychainRecord.shared.items.count == 2)
            let next = try phone.keys()
            #expect(KeychainRecord.shared.items.isEmpty)
            #expect(try next.publicKey(alias: .device) == nil)
        }

        @Test("The first start of another app of a keychain group ends no keys; the control: the same app's does")
        func sharedGroup() throws {
            let first = try phone.keys(of: "org.example.one")
            let made = try first.createKey(alias: .device, challenge: Data())
            _ = try phone.keys(of: "org.example.two")
            #expect(try first.publicKey(alias: .device) == made.publicKeySec1)
            _ = try phone.keys(of: "org.example.one")
            #expect(try first.publicKey(alias: .device) == nil)
        }

        @Test("An installation whose old keys could not be ended is not marked, and tries again")
        func firstLaunchFails() throws {
            _ = try keys.createKey(alias: .device, challenge: Data())
            try phone.uninstall()
            KeychainRecord.shared.failNext(errSecInteractionNotAllowed)
            #expect(throws: DeviceKeyError.Locked) { try phone.keys() }
            #expect(KeychainRecord.shared.items.count == 1)
            _ = try phone.keys()
            #expect(KeychainRecord.shared.items.isEmpty)
        }

        @Test(
            "What the keychain answers arrives under its own name",
            arguments: [
                (errSecInteractionNotAllowed, DeviceKeyError.Locked), (errSecNotAvailable, .HardwareUnavailable),
                (errSecAuthFailed, .KeyInvalidated), (errSecParam, .Unexpected), (-1, .Unexpected),
            ])
        func keychain(_ status: OSStatus, _ expected: DeviceKeyError) throws {
            _ = try keys.createKey(alias: .device, challenge: Data())
            KeychainRecord.shared.failNext(status)
            #expect(throws: expected) { try keys.sign(alias: .device, message: Data()) }
            #expect(try keys.sign(alias: .device, message: Data()).isEmpty == false)
        }

        @Test(
            "A fault that may pass is not told as a key that is gone, whatever was asked for, and the next time all works",
            arguments: [
                CryptoKitError.underlyingCoreCryptoError(error: -3),
                .underlyingCoreCryptoError(error: -536_870_184), .wrapFailure,
            ])
        func passing(_ fault: CryptoKitError) throws {
            let keys = keys
            _ = try keys.createKey(alias: .device, challenge: Data())
            try keys.createEpochKey(epoch: 1)
            let wrapped = try keys.wrap(epoch: 1, plain: Data([1]))
            let uses: [() throws -> Void] = [
                { _ = try keys.sign(alias: .device, message: Data()) },
                { _ = try keys.publicKey(alias: .device) },
                { _ = try keys.createKey(alias: .passcode, challenge: Data()) },
                { _ = try keys.wrap(epoch: 1, plain: Data([1])) },
                { _ = try keys.unwrap(epoch: 1, wrapped: wrapped) },
                { try keys.createEpochKey(epoch: 2) },
            ]
            for use in uses {
                EnclaveRecord.shared.failNext(fault)
                #expect(throws: DeviceKeyError.HardwareUnavailable) { try use() }
                try use()
            }
        }

        @Test(
            "A blob that the Enclave cannot read is a key that is gone",
            arguments: [CryptoKitError.incorrectParameterSize, .invalidParameter, .authenticationFailure])
        func unreadable(_ fault: CryptoKitError) throws {
            _ = try keys.createKey(alias: .device, challenge: Data())
            EnclaveRecord.shared.failNext(fault)
            #expect(throws: DeviceKeyError.KeyInvalidated) { try keys.sign(alias: .device, message: Data()) }
        }

        @Test("A phone without an Enclave, or with a blob that it does not know, says so")
        func enclave() throws {
            _ = try keys.createKey(alias: .device, challenge: Data())
            KeychainRecord.shared.tamper("sign.device", Data([1, 2, 3]))
            #expect(throws: DeviceKeyError.KeyInvalidated) { try keys.sign(alias: .device, message: Data()) }
            EnclaveRecord.shared.isAvailable = false
            #expect(throws: DeviceKeyError.HardwareUnavailable) {
                try keys.createKey(alias: .passcode, challenge: Data())
            }
            #expect(throws: DeviceKeyError.HardwareUnavailable) { try keys.createEpochKey(epoch: 9) }
            #expect(try keys.describe() == .hardware)
        }
    }
}

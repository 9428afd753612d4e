import Foundation
import Quittance

/// The calls of a keystore that can be made to fail.
enum KeystoreCall: Sendable {
    case createKey, publicKey, sign, createEpochKey, wrap, unwrap, deleteEpochKey, epochKeyExists
}

/// Software keys that fail where and as a test says.
final class TroubledKeys: DeviceKeys, @unchecked Sendable {
    private let keys: SoftwareDeviceKeys
    private let lock = NSLock()
    private var trouble: (call: KeystoreCall, error: any Error)?
    private var failed = 0

    init(keys: SoftwareDeviceKeys) {
        self.keys = keys
    }

    /// How many calls failed.
    var failures: Int { lock.withLock { failed } }

    /// From now on this call fails.
    func fail(_ call: KeystoreCall, _ error: any Error) {
        lock.withLock { trouble = (call, error) }
    }

    /// From now on every call is carried out.
    func recover() {
        lock.withLock { trouble = nil }
    }

    private func carryOut<T>(_ call: KeystoreCall, _ work: () throws -> T) throws -> T {
        let error = lock.withLock { () -> (any Error)? in
            guard let trouble, trouble.call == call else { return nil }
            failed += 1
            return trouble.error
        }
        if let error { throw error }
        return try work()
    }

    func createKey(alias: KeyAlias, challenge: Data) throws -> CreatedKey {
        try carryOut(.createKey) { try keys.createKey(alias: alias, challenge: challenge) }
    }

    func publicKey(alias: KeyAlias) throws -> Data? {
        try carryOut(.publicKey) { try keys.publicKey(alias: alias) }
    }

    func sign(alias: KeyAlias, message: Data) throws -> Data {
        try carryOut(.sign) { try keys.sign(alias: alias, message: message) }
    }

    func deleteKey(alias: KeyAlias) throws { try keys.deleteKey(alias: alias) }

    func createEpochKey(epoch: UInt64) throws {
        try carryOut(.createEpochKey) { try keys.createEpochKey(epoch: epoch) }
    }

    func wrap(epoch: UInt64, plain: Data) throws -> Data {
        try carryOut(.wrap) { try keys.wrap(epoch: epoch, plain: plain) }
    }

    func unwrap(epoch: UInt64, wrapped: Data) throws -> Data {
        try carryOut(.unwrap) { try keys.unwrap(epoch: epoch, wrapped: wrapped) }
    }

    func deleteEpochKey(epoch: UInt64) throws {
        try carryOut(.deleteEpochKey) { try keys.deleteEpochKey(epoch: epoch) }
    }

    func epochKeyExists(epoch: UInt64) throws -> Bool {
        try carryOut(.epochKeyExists) { try keys.epochKeyExists(epoch: epoch) }
    }

    func describe() throws -> KeyStoreKind { try keys.describe() }
}

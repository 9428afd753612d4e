import Foundation
import Quittance

/// The calls of a keystore: each can be made to fail.
enum KeystoreCall: Sendable {
    case createKey, sign, deleteKey, createEpochKey, wrap, unwrap, deleteEpochKey, epochKeyExists, describe
}

/// Software keys that fail where and as a test says.
final class TroubledKeys: DeviceKeys, @unchecked Sendable {
    private let keys: SoftwareDeviceKeys
    private let lock = NSLock()
    private var trouble: (call: KeystoreCall, key: KeyAlias?, error: any Error)?
    private var made: [KeyAlias: Data] = [:]
    private var failed = 0
    private var chain: [Data] = []
    private var kind = KeyStoreKind.software

    init(keys: SoftwareDeviceKeys) {
        self.keys = keys
    }

    /// How many calls failed.
    var failures: Int { lock.withLock { failed } }

    /// The challenge that each key which stands was made with.
    var challenges: [KeyAlias: Data] { lock.withLock { made } }

    /// From now on this call fails, for one signing key or, with none, for each.
    func fail(_ call: KeystoreCall, of key: KeyAlias? = nil, _ error: any Error) {
        lock.withLock { trouble = (call, key, error) }
    }

    /// From now on every call is carried out.
    func recover() {
        lock.withLock { trouble = nil }
    }

    /// From now on this chain comes with every key that is made.
    func attest(_ chain: [Data]) {
        lock.withLock { self.chain = chain }
    }

    /// From now on this keystore says so of itself.
    func claim(_ kind: KeyStoreKind) {
        lock.withLock { self.kind = kind }
    }

    private func carryOut<T>(_ call: KeystoreCall, of key: KeyAlias? = nil, _ work: () throws -> T) throws -> T {
        let error = lock.withLock { () -> (any Error)? in
            guard let trouble, trouble.call == call, trouble.key == nil || trouble.key == key else { return nil }
            failed += 1
            return trouble.error
        }
        if let error { throw error }
        return try work()
    }

    func createKey(alias: KeyAlias, challenge: Data) throws -> CreatedKey {
        try carryOut(.createKey, of: alias) {
            let key = try keys.createKey(alias: alias, challenge: challenge)
            return lock.withLock {
                made[alias] = made[alias] ?? challenge
                return CreatedKey(publicKeySec1: key.publicKeySec1, attestation: chain)
            }
        }
    }

    func sign(alias: KeyAlias, message: Data) throws -> Data {
        try carryOut(.sign, of: alias) { try keys.sign(alias: alias, message: message) }
    }

    func deleteKey(alias: KeyAlias) throws {
        try carryOut(.deleteKey, of: alias) {
            try keys.deleteKey(alias: alias)
            lock.withLock { made[alias] = nil }
        }
    }

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

    func describe() throws -> KeyStoreKind {
        try carryOut(.describe) { lock.withLock { kind } }
    }
}

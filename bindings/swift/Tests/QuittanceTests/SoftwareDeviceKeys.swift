import Foundation
import Quittance
import SoftwareCrypto

/// A phone's keystore in software, for tests on Linux: evidence level E0, no more.
///
/// The keys are in memory and live as long as this object: a test that opens a wallet again keeps the object.
final class SoftwareDeviceKeys: DeviceKeys, @unchecked Sendable {
    private let lock = NSLock()
    private var pairs: [KeyAlias: P256Key] = [:]
    private var epochs: [UInt64: WrappingKey] = [:]

    /// Signs with any key, as the platform does after its prompt: ECDSA over SHA-256, DER.
    func signAfterPrompt(alias: KeyAlias, message: Data) throws -> Data {
        guard let pair = lock.withLock({ pairs[alias] }) else { throw DeviceKeyError.KeyMissing }
        return try pair.sign(message: message)
    }

    /// The number of the newest epoch key: how often the vault was rotated.
    func newestEpoch() -> UInt64 {
        lock.withLock { epochs.keys.max() ?? 0 }
    }

    func createKey(alias: KeyAlias, challenge: Data) throws -> CreatedKey {
        let pair = try lock.withLock {
            let pair = try pairs[alias] ?? P256Key.generate()
            pairs[alias] = pair
            return pair
        }
        return CreatedKey(publicKeySec1: pair.publicKey(), attestation: [])
    }

    func publicKey(alias: KeyAlias) throws -> Data? {
        lock.withLock { pairs[alias] }?.publicKey()
    }

    func sign(alias: KeyAlias, message: Data) throws -> Data {
        try signAfterPrompt(alias: alias, message: message)
    }

    func deleteKey(alias: KeyAlias) throws {
        lock.withLock { pairs[alias] = nil }
    }

    func createEpochKey(epoch: UInt64) throws {
        try lock.withLock { epochs[epoch] = try epochs[epoch] ?? WrappingKey.generate() }
    }

    func wrap(epoch: UInt64, plain: Data) throws -> Data {
        try epochKey(epoch).wrap(plain: plain)
    }

    func unwrap(epoch: UInt64, wrapped: Data) throws -> Data {
        do {
            return try epochKey(epoch).unwrap(wrapped: wrapped)
        } catch CryptoError.Refused {
            throw DeviceKeyError.Refused
        }
    }

    func deleteEpochKey(epoch: UInt64) throws {
        lock.withLock { epochs[epoch] = nil }
    }

    func epochKeyExists(epoch: UInt64) throws -> Bool {
        lock.withLock { epochs[epoch] } != nil
    }

    func describe() throws -> KeyStoreKind {
        .software
    }

    private func epochKey(_ epoch: UInt64) throws -> WrappingKey {
        guard let key = lock.withLock({ epochs[epoch] }) else { throw DeviceKeyError.KeyMissing }
        return key
    }
}

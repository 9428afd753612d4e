import Foundation
import Quittance

/// A keystore that keeps what it is given and hands out a random name for it: as good as one that encrypts, while this object
/// lives. It makes no signing keys, so nobody can enrol with it.
final class KeysInMemory: DeviceKeys, @unchecked Sendable {
    private let lock = NSLock()
    private var epochs: [UInt64: [Data: Data]] = [:]

    func createEpochKey(epoch: UInt64) throws {
        lock.withLock { epochs[epoch] = epochs[epoch] ?? [:] }
    }

    func wrap(epoch: UInt64, plain: Data) throws -> Data {
        let name = Data((0..<32).map { _ in UInt8.random(in: 0...255) })
        try lock.withLock {
            guard epochs[epoch] != nil else { throw DeviceKeyError.KeyMissing }
            epochs[epoch]?[name] = plain
        }
        return name
    }

    func unwrap(epoch: UInt64, wrapped: Data) throws -> Data {
        try lock.withLock {
            guard let kept = epochs[epoch] else { throw DeviceKeyError.KeyMissing }
            guard let plain = kept[wrapped] else { throw DeviceKeyError.Refused }
            return plain
        }
    }

    func deleteEpochKey(epoch: UInt64) throws {
        lock.withLock { epochs[epoch] = nil }
    }

    func epochKeyExists(epoch: UInt64) throws -> Bool {
        lock.withLock { epochs[epoch] != nil }
    }

    func describe() throws -> KeyStoreKind { .software }

    func createKey(alias: KeyAlias, challenge: Data) throws -> CreatedKey { throw DeviceKeyError.HardwareUnavailable }

    func sign(alias: KeyAlias, message: Data) throws -> Data { throw DeviceKeyError.KeyMissing }

    func deleteKey(alias: KeyAlias) throws {}
}

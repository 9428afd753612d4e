import Foundation
import Quittance

/// A phone's screen lock with its fingers, as they decide about keys and the prompt. As on Android, which is the more
/// exact of the two: a key that asks for a lock is not made where there is none, ends with the screen lock, and the
/// biometric one with another finger.
final class PhoneLocks: @unchecked Sendable {
    private let lock = NSLock()
    private var known = PhoneFacts(screenLock: true, biometrics: true)
    /// Keys that still stand, and sign no more.
    private var ended: Set<KeyAlias> = []

    /// What the platform tells an app of them.
    var facts: PhoneFacts { lock.withLock { known } }

    /// The phone's owner changes them; a finger that comes after there was none is another one.
    func change(_ facts: PhoneFacts) {
        lock.withLock {
            if !facts.screenLock { ended.formUnion([.biometric, .passcode]) }
            if facts.biometrics && !known.biometrics { ended.insert(.biometric) }
            known = facts
        }
    }

    /// Keys that are gone do not stand any more, ended or not.
    func forgetKeys() {
        lock.withLock { ended = [] }
    }

    fileprivate func forget(_ alias: KeyAlias) {
        _ = lock.withLock { ended.remove(alias) }
    }

    fileprivate func allow(_ alias: KeyAlias) throws {
        let allowed =
            switch alias {
            case .device: true
            case .biometric: facts.screenLock && facts.biometrics
            case .passcode: facts.screenLock
            }
        if !allowed { throw DeviceKeyError.KeyMissing }
    }

    fileprivate func ask(_ alias: KeyAlias) throws {
        if lock.withLock({ ended.contains(alias) }) { throw BiometricError.KeyInvalidated }
        if alias == .biometric && !facts.biometrics { throw BiometricError.NotEnrolled }
    }
}

/// A keystore behind a phone's locks.
final class LockedKeys: DeviceKeys {
    private let keys: SoftwareDeviceKeys
    private let locks: PhoneLocks

    init(_ keys: SoftwareDeviceKeys, behind locks: PhoneLocks) {
        (self.keys, self.locks) = (keys, locks)
    }

    func createKey(alias: KeyAlias, challenge: Data) throws -> CreatedKey {
        try locks.allow(alias)
        return try keys.createKey(alias: alias, challenge: challenge)
    }

    func deleteKey(alias: KeyAlias) throws {
        try keys.deleteKey(alias: alias)
        locks.forget(alias)
    }

    func sign(alias: KeyAlias, message: Data) throws -> Data { try keys.sign(alias: alias, message: message) }

    func createEpochKey(epoch: UInt64) throws { try keys.createEpochKey(epoch: epoch) }

    func wrap(epoch: UInt64, plain: Data) throws -> Data { try keys.wrap(epoch: epoch, plain: plain) }

    func unwrap(epoch: UInt64, wrapped: Data) throws -> Data { try keys.unwrap(epoch: epoch, wrapped: wrapped) }

    func deleteEpochKey(epoch: UInt64) throws { try keys.deleteEpochKey(epoch: epoch) }

    func epochKeyExists(epoch: UInt64) throws -> Bool { try keys.epochKeyExists(epoch: epoch) }

    func describe() throws -> KeyStoreKind { try keys.describe() }
}

/// A prompt behind a phone's locks.
final class LockedPrompt: BiometricPrompt {
    private let prompt: ScriptedPrompt
    private let locks: PhoneLocks

    init(_ prompt: ScriptedPrompt, behind locks: PhoneLocks) {
        (self.prompt, self.locks) = (prompt, locks)
    }

    func sign(request: BiometricRequest) async throws -> Data {
        try locks.ask(request.alias)
        return try await prompt.sign(request: request)
    }
}

#if canImport(CryptoKit) && canImport(LocalAuthentication) && canImport(Security)
import CryptoKit
import Foundation
import LocalAuthentication
import Quittance
import Security

/// The phone's keys in its Secure Enclave: give one to `Wallet.open`, with the `LocalAuthPrompt` over it.
///
/// Every key is made in the Enclave and never leaves it. What the Enclave gives to keep, a blob that it alone can use,
/// stands in the keychain of this phone alone. Three keys sign: the device key without asking, the biometric key after a
/// face or finger of the set that was enrolled when it was made, the passcode key after the phone's passcode. The keys of
/// the vault's epochs wrap by ECIES.
///
/// Apple gives no attestation chain for them, so a gateway cannot tell them from keys in software and says so in its
/// evidence level. The Enclave has no rollback resistance: who can put an old blob back into the keychain has the key again
/// (docs/threats.md).
public final class EnclaveDeviceKeys: DeviceKeys, Sendable {
    private let keychain: Keychain

    /// Opens the keys of an installation.
    ///
    /// The keychain survives the app's removal, its files do not: where the folder lacks this installation's mark, what an
    /// earlier one left in the keychain is ended first. Give the folder of the wallet (`WalletConfig.dataDir`), and call
    /// this before the wallet is opened.
    ///
    /// What is ended is **every key of `service`**, whichever wallet made it, and nothing brings them back. So an app with two
    /// wallets gives each a service of its own; and a path that is wrong but once, or an empty folder in place of the
    /// wallet's, costs the wallet that has these keys. Without `service` it is the app's own, by its bundle identifier: apps
    /// of one team that share a keychain group do not end each other's keys.
    ///
    /// Throws `DeviceKeyError`, such as `Locked` before the phone was unlocked; and the file system's own error where the
    /// mark cannot be left.
    public convenience init(dataDir: String, service: String? = nil) throws {
        try self.init(dataDir: dataDir, service: service, app: Bundle.main.bundleIdentifier)
    }

    init(dataDir: String, service: String? = nil, app: String?) throws {
        keychain = Keychain(service: service ?? Self.service(of: app))
        let installation = Installation(folder: URL(fileURLWithPath: dataDir, isDirectory: true))
        if !installation.isMarked {
            try keychain.deleteAll()
            try installation.mark()
        }
    }

    public func createKey(alias: KeyAlias, challenge: Data) throws -> CreatedKey {
        // Apple attests keys of its own App Attest only, so there is no place for the challenge.
        if let key = try signingKey(alias, nil) { return created(key) }
        guard SecureEnclave.isAvailable else { throw DeviceKeyError.HardwareUnavailable }
        let biometry = alias == .biometric ? try enrolledBiometry() : nil
        let control = try Self.accessControl(for: alias)
        let key = try EnclaveFault.naming { try SecureEnclave.P256.Signing.PrivateKey(accessControl: control) }
        if let biometry {
            try keychain.delete(Self.biometryAccount)
            _ = try keychain.add(biometry, as: Self.biometryAccount)
        }
        if try keychain.add(key.dataRepresentation, as: Self.account(alias)) { return created(key) }
        // Somebody else was faster: theirs is the key.
        guard let theirs = try signingKey(alias, nil) else { throw DeviceKeyError.Unexpected }
        return created(theirs)
    }

    /// The SEC 1 point of a key; nothing where there is no such key.
    public func publicKey(alias: KeyAlias) throws -> Data? {
        try signingKey(alias, nil)?.publicKey.x963Representation
    }

    public func sign(alias: KeyAlias, message: Data) throws -> Data {
        guard alias == .device else { throw DeviceKeyError.Refused }
        return try sign(alias: alias, message: message, context: nil)
    }

    public func deleteKey(alias: KeyAlias) throws {
        try keychain.delete(Self.account(alias))
        if alias == .biometric { try keychain.delete(Self.biometryAccount) }
    }

    public func createEpochKey(epoch: UInt64) throws {
        if try epochKeyExists(epoch: epoch) { return }
        guard SecureEnclave.isAvailable else { throw DeviceKeyError.HardwareUnavailable }
        let control = try Self.accessControl([.privateKeyUsage])
        let key = try EnclaveFault.naming { try SecureEnclave.P256.KeyAgreement.PrivateKey(accessControl: control) }
        _ = try keychain.add(key.dataRepresentation, as: Self.account(epoch))
    }

    public func wrap(epoch: UInt64, plain: Data) throws -> Data {
        try EpochBox.seal(plain, epoch: epoch, to: epochKey(epoch).publicKey)
    }

    public func unwrap(epoch: UInt64, wrapped: Data) throws -> Data {
        try EpochBox.open(wrapped, epoch: epoch, with: epochKey(epoch))
    }

    public func deleteEpochKey(epoch: UInt64) throws {
        try keychain.delete(Self.account(epoch))
    }

    public func epochKeyExists(epoch: UInt64) throws -> Bool {
        try keychain.data(of: Self.account(epoch)) != nil
    }

    public func describe() throws -> KeyStoreKind {
        .hardware
    }

    /// Signs with any key whose conditions were met in this context.
    func sign(alias: KeyAlias, message: Data, context: LAContext?) throws -> Data {
        guard let key = try signingKey(alias, context) else { throw DeviceKeyError.KeyMissing }
        return try EnclaveFault.naming { try key.signature(for: message).derRepresentation }
    }

    /// Whether the phone names the enrolled faces and fingers otherwise than when the biometric key was made or last signed.
    ///
    /// That is a hint alone: another version of the system may name the same ones otherwise. What the key is bound to, the
    /// Enclave knows.
    func biometryIsRenamed(_ now: Data?) throws -> Bool {
        guard let now, let then = try keychain.data(of: Self.biometryAccount) else { return false }
        return now != then
    }

    /// Keeps the name under which the biometric key did sign.
    func renameBiometry(_ now: Data) throws {
        try keychain.replace(now, as: Self.biometryAccount)
    }

    /// The conditions under which a key signs.
    static func accessControl(for alias: KeyAlias) throws -> SecAccessControl {
        switch alias {
        case .device: try accessControl([.privateKeyUsage])
        case .biometric: try accessControl([.privateKeyUsage, .biometryCurrentSet])
        case .passcode: try accessControl([.privateKeyUsage, .devicePasscode])
        }
    }

    private static func accessControl(_ flags: SecAccessControlCreateFlags) throws -> SecAccessControl {
        var error: Unmanaged<CFError>?
        let protection = kSecAttrAccessibleWhenPasscodeSetThisDeviceOnly as CFTypeRef
        let control = SecAccessControlCreateWithFlags(kCFAllocatorDefault, protection, flags, &error)
        error?.release()
        guard let control else { throw DeviceKeyError.Unexpected }
        return control
    }

    /// Names the set of enrolled faces and fingers; nothing where the phone does not tell. Where none is enrolled no key
    /// can wait for one.
    private func enrolledBiometry() throws -> Data? {
        let context = LAContext()
        var refusal: NSError?
        if context.canEvaluatePolicy(.deviceOwnerAuthenticationWithBiometrics, error: &refusal) {
            return context.evaluatedPolicyDomainState
        }
        if refusal?.code == LAError.Code.biometryNotEnrolled.rawValue { throw DeviceKeyError.KeyMissing }
        return nil
    }

    private func signingKey(
        _ alias: KeyAlias, _ context: LAContext?
    ) throws -> SecureEnclave.P256.Signing.PrivateKey? {
        guard let blob = try keychain.data(of: Self.account(alias)) else { return nil }
        return try EnclaveFault.naming {
            try SecureEnclave.P256.Signing.PrivateKey(dataRepresentation: blob, authenticationContext: context)
        }
    }

    private func epochKey(_ epoch: UInt64) throws -> SecureEnclave.P256.KeyAgreement.PrivateKey {
        guard let blob = try keychain.data(of: Self.account(epoch)) else { throw DeviceKeyError.KeyMissing }
        return try EnclaveFault.naming { try SecureEnclave.P256.KeyAgreement.PrivateKey(dataRepresentation: blob) }
    }

    private func created(_ key: SecureEnclave.P256.Signing.PrivateKey) -> CreatedKey {
        CreatedKey(publicKeySec1: key.publicKey.x963Representation, attestation: [])
    }

    /// What stands in front of an app's bundle identifier, and alone where it has none.
    private static let serviceName = "org.quittance.keys"

    /// The service of an app's own keys.
    static func service(of app: String?) -> String {
        app.map { "\(serviceName).\($0)" } ?? serviceName
    }

    static let biometryAccount = "biometric.set"

    private static func account(_ alias: KeyAlias) -> String {
        switch alias {
        case .device: "sign.device"
        case .biometric: "sign.biometric"
        case .passcode: "sign.passcode"
        }
    }

    private static func account(_ epoch: UInt64) -> String {
        "epoch.\(epoch)"
    }
}

/// What the Enclave's refusals mean to the wallet. Their texts go nowhere.
enum EnclaveFault {
    static func naming<T>(_ work: () throws -> T) throws -> T {
        do {
            return try work()
        } catch {
            throw named(error)
        }
    }

    /// The prompt's own errors stay as they are: `LocalAuthPrompt` names them.
    static func named(_ error: any Error) -> any Error {
        switch error {
        case is DeviceKeyError, is LAError: error
        case let error as CryptoKitError: named(error)
        default: DeviceKeyError.Unexpected
        }
    }

    /// A key is called gone only where the Enclave cannot read its blob. What else it answers may pass, by Apple's word
    /// or for want of one, and whoever is told that a key is gone sets the phone up again and loses what is on it. A key
    /// that the system ended is told by other means: its blob is missing, or the enrolled faces and fingers are others.
    private static func named(_ error: CryptoKitError) -> DeviceKeyError {
        switch error {
        case .incorrectKeySize, .incorrectParameterSize, .invalidParameter, .authenticationFailure, .unwrapFailure:
            .KeyInvalidated
        default: .HardwareUnavailable
        }
    }
}
#endif

// Stands in for the part of Apple's CryptoKit that the adapters use. For checks only: it signs with real P-256 keys in
// software, but its key agreement, its key derivation and its cipher keep no secret from anybody.
@_exported import Foundation
import LocalAuthentication
import Security
import SoftwareCrypto

public enum CryptoKitError: Error, Equatable {
    case incorrectKeySize
    case incorrectParameterSize
    case authenticationFailure
    case underlyingCoreCryptoError(error: Int32)
    case wrapFailure
    case unwrapFailure
    case invalidParameter
}

/// What the stand-in's enclave holds; a test takes it away, or reads how each key was made.
public final class EnclaveRecord: @unchecked Sendable {
    enum Secret {
        case signing(P256Key)
        case agreement(Data)
    }

    struct Kept {
        let secret: Secret
        let control: SecAccessControl
        let biometry: Data
    }

    public static let shared = EnclaveRecord()

    private let lock = NSLock()
    private var kept: [Data: Kept] = [:]
    private var present = true
    private var fault: CryptoKitError?

    /// Whether the phone has an enclave.
    public var isAvailable: Bool {
        get { lock.withLock { present } }
        set { lock.withLock { present = newValue } }
    }

    /// The conditions of every key that was ever made, under its blob.
    public var controls: [Data: SecAccessControl] { lock.withLock { kept.mapValues(\.control) } }

    public func reset() {
        lock.withLock {
            kept = [:]
            present = true
            fault = nil
        }
    }

    /// The enclave answers its next use with an error.
    public func failNext(_ error: CryptoKitError) { lock.withLock { fault = error } }

    private func failIfAsked() throws {
        let fault = lock.withLock {
            defer { self.fault = nil }
            return self.fault
        }
        if let fault { throw fault }
    }

    func keep(_ secret: Secret, _ control: SecAccessControl) throws -> Data {
        try failIfAsked()
        guard isAvailable, control.flags.contains(.privateKeyUsage) else {
            throw CryptoKitError.underlyingCoreCryptoError(error: errSecParam)
        }
        var random = SystemRandomNumberGenerator()
        let blob = Data((0..<24).map { _ in UInt8.random(in: .min ... .max, using: &random) })
        lock.withLock { kept[blob] = Kept(secret: secret, control: control, biometry: PromptRecord.shared.biometry) }
        return blob
    }

    func find(_ blob: Data) throws -> Kept {
        try failIfAsked()
        guard let found = lock.withLock({ kept[blob] }) else { throw CryptoKitError.invalidParameter }
        return found
    }
}

public enum SecureEnclave {
    public static var isAvailable: Bool { EnclaveRecord.shared.isAvailable }

    public enum P256 {
        public enum Signing {
            public struct PrivateKey {
                public let dataRepresentation: Data
                private let key: P256Key
                private let context: LAContext?

                public init(
                    compactRepresentable: Bool = true, accessControl: SecAccessControl,
                    authenticationContext: LAContext? = nil
                ) throws {
                    key = try P256Key.generate()
                    dataRepresentation = try EnclaveRecord.shared.keep(.signing(key), accessControl)
                    context = authenticationContext
                }

                public init(dataRepresentation: Data, authenticationContext: LAContext? = nil) throws {
                    guard case .signing(let key) = try EnclaveRecord.shared.find(dataRepresentation).secret else {
                        throw CryptoKitError.invalidParameter
                    }
                    self.key = key
                    self.dataRepresentation = dataRepresentation
                    context = authenticationContext
                }

                public var publicKey: CryptoKit.P256.Signing.PublicKey { .init(x963Representation: key.publicKey()) }

                public func signature<D: DataProtocol>(for data: D) throws -> CryptoKit.P256.Signing.ECDSASignature {
                    let kept = try EnclaveRecord.shared.find(dataRepresentation)
                    let asked = kept.control.flags.subtracting(.privateKeyUsage)
                    guard asked.isSubset(of: context?.authorized ?? []) else { throw LAError(.notInteractive) }
                    if asked.contains(.biometryCurrentSet), kept.biometry != PromptRecord.shared.biometry {
                        throw CryptoKitError.underlyingCoreCryptoError(error: -3)
                    }
                    return .init(derRepresentation: try key.sign(message: Data(data)))
                }
            }
        }

        public enum KeyAgreement {
            public struct PrivateKey {
                public let dataRepresentation: Data
                private let point: Data

                public init(
                    compactRepresentable: Bool = true, accessControl: SecAccessControl,
                    authenticationContext: LAContext? = nil
                ) throws {
                    point = randomPoint()
                    dataRepresentation = try EnclaveRecord.shared.keep(.agreement(point), accessControl)
                }

                public init(dataRepresentation: Data, authenticationContext: LAContext? = nil) throws {
                    guard case .agreement(let point) = try EnclaveRecord.shared.find(dataRepresentation).secret else {
                        throw CryptoKitError.invalidParameter
                    }
                    self.point = point
                    self.dataRepresentation = dataRepresentation
                }

                public var publicKey: CryptoKit.P256.KeyAgreement.PublicKey { .init(point: point) }

                public func sharedSecretFromKeyAgreement(
                    with other: CryptoKit.P256.KeyAgreement.PublicKey
                ) throws -> SharedSecret {
                    SharedSecret(point, other.x963Representation)
                }
            }
        }
    }
}

public enum P256 {
    public enum Signing {
        public struct PublicKey: Sendable {
            public let x963Representation: Data
        }

        public struct ECDSASignature: Sendable {
            public let derRepresentation: Data
        }
    }

    public enum KeyAgreement {
        public struct PublicKey: Sendable {
            public let x963Representation: Data

            init(point: Data) {
                x963Representation = point
            }

            public init<D: ContiguousBytes>(x963Representation bytes: D) throws {
                let point = bytes.withUnsafeBytes { Data($0) }
                guard point.count == 65, point.first == 4 else { throw CryptoKitError.incorrectParameterSize }
                x963Representation = point
            }
        }

        public struct PrivateKey: Sendable {
            public let publicKey: PublicKey

            public init(compactRepresentable: Bool = true) {
                publicKey = PublicKey(point: randomPoint())
            }

            public func sharedSecretFromKeyAgreement(with other: PublicKey) throws -> SharedSecret {
                SharedSecret(publicKey.x963Representation, other.x963Representation)
            }
        }
    }
}

/// What both sides of an agreement come to: here, whoever knows the two points.
public struct SharedSecret: Sendable {
    let bytes: Data

    init(_ one: Data, _ other: Data) {
        bytes = one.lexicographicallyPrecedes(other) ? one + other : other + one
    }

    public func hkdfDerivedSymmetricKey<H: HashFunction, Salt: DataProtocol, Info: DataProtocol>(
        using hash: H.Type, salt: Salt, sharedInfo: Info, outputByteCount: Int
    ) -> SymmetricKey {
        SymmetricKey(data: stream(bytes + Data(salt) + Data(sharedInfo), outputByteCount))
    }
}

public struct SymmetricKey: Sendable {
    let bytes: Data

    public init<D: ContiguousBytes>(data: D) {
        bytes = data.withUnsafeBytes { Data($0) }
    }
}

public protocol HashFunction: Sendable {}

public struct SHA256: HashFunction {}

public enum AES {
    public enum GCM {
        public struct SealedBox: Sendable {
            public let combined: Data?

            init(sealed: Data) {
                combined = sealed
            }

            public init<D: DataProtocol>(combined: D) throws {
                guard combined.count >= 28 else { throw CryptoKitError.incorrectParameterSize }
                self.combined = Data(combined)
            }
        }

        public static func seal<P: DataProtocol, A: DataProtocol>(
            _ message: P, using key: SymmetricKey, authenticating data: A
        ) throws -> SealedBox {
            let nonce = randomPoint().suffix(12)
            let text = mixed(Data(message), key.bytes + nonce)
            return SealedBox(sealed: nonce + text + stream(key.bytes + nonce + text + Data(data), 16))
        }

        public static func open<A: DataProtocol>(
            _ box: SealedBox, using key: SymmetricKey, authenticating data: A
        ) throws -> Data {
            let all = box.combined ?? Data()
            let nonce = all.prefix(12)
            let text = all.dropFirst(12).dropLast(16)
            guard stream(key.bytes + nonce + text + Data(data), 16) == all.suffix(16) else {
                throw CryptoKitError.authenticationFailure
            }
            return mixed(text, key.bytes + nonce)
        }
    }
}

private func randomPoint() -> Data {
    var random = SystemRandomNumberGenerator()
    return Data([4]) + Data((0..<64).map { _ in UInt8.random(in: .min ... .max, using: &random) })
}

private func mixed(_ text: Data, _ seed: Data) -> Data {
    Data(zip(text, stream(seed, text.count)).map { $0 ^ $1 })
}

/// As many bytes as are wanted, the same for the same seed: FNV-1a, counted up.
private func stream(_ seed: Data, _ count: Int) -> Data {
    var out = Data()
    var counter: UInt64 = 0
    while out.count < count {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325 ^ counter
        for byte in seed { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        withUnsafeBytes(of: hash.bigEndian) { out.append(contentsOf: $0) }
        counter += 1
    }
    return out.prefix(count)
}

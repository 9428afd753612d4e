#if canImport(CryptoKit)
import CryptoKit
import Foundation
import Quittance

/// How the key of a vault epoch wraps: ECIES. The Enclave has no symmetric keys, so a fresh pair agrees with the
/// Enclave's key, and what they agree on seals the bytes.
///
/// `01 || the fresh public key (65 bytes) || nonce, cipher text and tag of AES-256-GCM`
enum EpochBox {
    private static let version: UInt8 = 1
    private static let pointLength = 65
    private static let keyLength = 32

    /// Seals for the holder of an epoch's private key.
    static func seal(_ plain: Data, epoch: UInt64, to recipient: P256.KeyAgreement.PublicKey) throws -> Data {
        let fresh = P256.KeyAgreement.PrivateKey()
        let point = fresh.publicKey.x963Representation
        let secret = try fresh.sharedSecretFromKeyAgreement(with: recipient)
        let key = key(secret, epoch, point, recipient)
        let box = try AES.GCM.seal(plain, using: key, authenticating: header(epoch))
        guard let combined = box.combined else { throw DeviceKeyError.Unexpected }
        return Data([version]) + point + combined
    }

    /// Opens what `seal` gave; `Refused` where it was not sealed for this key and epoch.
    static func open(
        _ wrapped: Data, epoch: UInt64, with key: SecureEnclave.P256.KeyAgreement.PrivateKey
    ) throws -> Data {
        let bytes = Data(wrapped)
        guard bytes.first == version, bytes.count > 1 + pointLength else { throw DeviceKeyError.Refused }
        let point = bytes.dropFirst().prefix(pointLength)
        guard let fresh = try? P256.KeyAgreement.PublicKey(x963Representation: Data(point)),
            let box = try? AES.GCM.SealedBox(combined: Data(bytes.dropFirst(1 + pointLength)))
        else { throw DeviceKeyError.Refused }
        let secret: SharedSecret
        do {
            secret = try key.sharedSecretFromKeyAgreement(with: fresh)
        } catch {
            throw EnclaveFault.named(error)
        }
        let opening = self.key(secret, epoch, Data(point), key.publicKey)
        do {
            return try AES.GCM.open(box, using: opening, authenticating: header(epoch))
        } catch {
            throw DeviceKeyError.Refused
        }
    }

    /// Both points are part of what the key is derived from, so that it belongs to this one exchange.
    private static func key(
        _ secret: SharedSecret, _ epoch: UInt64, _ point: Data, _ recipient: P256.KeyAgreement.PublicKey
    ) -> SymmetricKey {
        secret.hkdfDerivedSymmetricKey(
            using: SHA256.self, salt: Data(), sharedInfo: header(epoch) + point + recipient.x963Representation,
            outputByteCount: keyLength)
    }

    private static func header(_ epoch: UInt64) -> Data {
        Data("quittance-epoch/1".utf8) + withUnsafeBytes(of: epoch.bigEndian) { Data($0) }
    }
}
#endif

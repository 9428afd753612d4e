#if canImport(Security)
import Foundation
import Quittance
import Security

/// Small secrets of one app on this phone alone: they leave it by no backup and by no synchronisation, and the system
/// erases them when the phone's passcode is taken off.
///
/// What is kept here are the Enclave's key blobs, which only the Enclave that made them can use.
struct Keychain: Sendable {
    /// Names the app's items among those of its keychain group.
    let service: String

    /// Keeps bytes under a name; false where the name has some already, which stay.
    func add(_ data: Data, as account: String) throws -> Bool {
        var item = query(account)
        item[kSecAttrAccessible as String] = kSecAttrAccessibleWhenPasscodeSetThisDeviceOnly
        item[kSecValueData as String] = data
        let status = SecItemAdd(item as CFDictionary, nil)
        if status == errSecDuplicateItem { return false }
        try check(status)
        return true
    }

    /// Keeps other bytes under a name that has some; at every moment it has the old ones or these.
    func replace(_ data: Data, as account: String) throws {
        try check(SecItemUpdate(query(account) as CFDictionary, [kSecValueData as String: data] as CFDictionary))
    }

    /// The bytes under a name, or nothing.
    func data(of account: String) throws -> Data? {
        var item = query(account)
        item[kSecReturnData as String] = true
        item[kSecMatchLimit as String] = kSecMatchLimitOne
        var found: CFTypeRef?
        let status = SecItemCopyMatching(item as CFDictionary, &found)
        if status == errSecItemNotFound { return nil }
        try check(status)
        guard let data = found as? Data else { throw DeviceKeyError.Unexpected }
        return data
    }

    /// Ends the item of a name; without one it does nothing.
    func delete(_ account: String) throws {
        try end(query(account))
    }

    /// Ends every item of the service.
    func deleteAll() throws {
        try end(query(nil))
    }

    private func end(_ query: [String: Any]) throws {
        let status = SecItemDelete(query as CFDictionary)
        if status != errSecItemNotFound { try check(status) }
    }

    private func query(_ account: String?) -> [String: Any] {
        var query: [String: Any] = [
            kSecClass as String: kSecClassGenericPassword,
            kSecAttrService as String: service,
            kSecAttrSynchronizable as String: false,
            kSecUseDataProtectionKeychain as String: true,
        ]
        if let account { query[kSecAttrAccount as String] = account }
        return query
    }

    /// What a status means to the wallet.
    private func check(_ status: OSStatus) throws {
        switch status {
        case errSecSuccess: return
        case errSecInteractionNotAllowed: throw DeviceKeyError.Locked
        case errSecNotAvailable: throw DeviceKeyError.HardwareUnavailable
        case errSecAuthFailed: throw DeviceKeyError.KeyInvalidated
        default: throw DeviceKeyError.Unexpected
        }
    }
}
#endif

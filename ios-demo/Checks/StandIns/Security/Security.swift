// Stands in for the few names of Apple's Security framework that the adapters use, so that they compile and run on Linux.
// For checks only. Core Foundation's types are plain Swift ones here, and nothing is protected by anything.
@_exported import Foundation

public typealias CFTypeRef = AnyObject
public typealias CFString = String
public typealias CFData = Data
public typealias CFDictionary = [String: Any]
public typealias CFAllocator = NSObject
public typealias OSStatus = Int32

public var kCFAllocatorDefault: CFAllocator? { nil }

/// What a call of the framework says went wrong.
public final class CFError: Error, @unchecked Sendable {
    public let code: Int

    init(code: Int) {
        self.code = code
    }
}

public let errSecSuccess: OSStatus = 0
public let errSecParam: OSStatus = -50
public let errSecNotAvailable: OSStatus = -25291
public let errSecAuthFailed: OSStatus = -25293
public let errSecDuplicateItem: OSStatus = -25299
public let errSecItemNotFound: OSStatus = -25300
public let errSecInteractionNotAllowed: OSStatus = -25308

public let kSecClass: CFString = "class"
public let kSecClassGenericPassword: CFString = "genp"
public let kSecAttrService: CFString = "svce"
public let kSecAttrAccount: CFString = "acct"
public let kSecAttrSynchronizable: CFString = "sync"
public let kSecAttrAccessible: CFString = "pdmn"
public let kSecAttrAccessibleWhenPasscodeSetThisDeviceOnly: CFString = "akpu"
public let kSecUseDataProtectionKeychain: CFString = "nleg"
public let kSecValueData: CFString = "v_Data"
public let kSecReturnData: CFString = "r_Data"
public let kSecMatchLimit: CFString = "m_Limit"
public let kSecMatchLimitOne: CFString = "m_LimitOne"

/// What has to be shown before a key is used.
public struct SecAccessControlCreateFlags: OptionSet, Sendable {
    public let rawValue: CFIndex
    public typealias CFIndex = Int

    public init(rawValue: CFIndex) {
        self.rawValue = rawValue
    }

    public static let biometryAny = Self(rawValue: 1 << 1)
    public static let biometryCurrentSet = Self(rawValue: 1 << 3)
    public static let devicePasscode = Self(rawValue: 1 << 4)
    public static let privateKeyUsage = Self(rawValue: 1 << 30)
}

/// The conditions under which a key is used, readable for a test.
public final class SecAccessControl: Sendable {
    public let protection: String
    public let flags: SecAccessControlCreateFlags

    init(protection: String, flags: SecAccessControlCreateFlags) {
        self.protection = protection
        self.flags = flags
    }
}

public func SecAccessControlCreateWithFlags(
    _ allocator: CFAllocator?, _ protection: CFTypeRef, _ flags: SecAccessControlCreateFlags,
    _ error: UnsafeMutablePointer<Unmanaged<CFError>?>?
) -> SecAccessControl? {
    guard !flags.isEmpty, let protection = protection as? String else {
        error?.pointee = Unmanaged.passRetained(CFError(code: Int(errSecParam)))
        return nil
    }
    return SecAccessControl(protection: protection, flags: flags)
}

/// The items that the four calls keep: a test reads them, loses them and makes the next call fail.
public final class KeychainRecord: @unchecked Sendable {
    public static let shared = KeychainRecord()

    private let lock = NSLock()
    private var kept: [String: CFDictionary] = [:]
    private var refusal: OSStatus?
    private var updateRefusal: OSStatus?

    /// Every item under its account's name, with the attributes that it was added with.
    public var items: [String: CFDictionary] {
        lock.withLock { Dictionary(uniqueKeysWithValues: kept.values.map { ("\($0[kSecAttrAccount] ?? "")", $0) }) }
    }

    /// Nothing is kept any more, and nothing fails.
    public func reset() {
        lock.withLock {
            kept = [:]
            refusal = nil
            updateRefusal = nil
        }
    }

    /// The next call answers this.
    public func failNext(_ status: OSStatus) {
        lock.withLock { refusal = status }
    }

    /// The next call that changes an item answers this.
    public func failNextUpdate(_ status: OSStatus) {
        lock.withLock { updateRefusal = status }
    }

    /// Whether no item was to be changed since.
    public var failsNextUpdate: Bool { lock.withLock { updateRefusal != nil } }

    fileprivate func nextUpdateRefusal() -> OSStatus? {
        lock.withLock {
            defer { updateRefusal = nil }
            return updateRefusal
        }
    }

    /// Changes the bytes of an item behind the app's back.
    public func tamper(_ account: String, _ data: Data) {
        lock.withLock {
            for (key, item) in kept where item[kSecAttrAccount] as? String == account {
                kept[key] = item.merging([kSecValueData: data]) { _, new in new }
            }
        }
    }

    func call(_ work: (inout [String: CFDictionary]) -> OSStatus) -> OSStatus {
        lock.withLock {
            if let status = refusal {
                refusal = nil
                return status
            }
            return work(&kept)
        }
    }
}

private func name(_ query: CFDictionary) -> String? {
    guard query[kSecClass] as? String == kSecClassGenericPassword, let service = query[kSecAttrService] as? String
    else {
        return nil
    }
    return "\(service)\n\(query[kSecAttrAccount] as? String ?? "")"
}

@discardableResult public func SecItemAdd(
    _ attributes: CFDictionary, _ result: UnsafeMutablePointer<CFTypeRef?>?
) -> OSStatus {
    KeychainRecord.shared.call { kept in
        guard let name = name(attributes), attributes[kSecValueData] is Data else { return errSecParam }
        if kept[name] != nil { return errSecDuplicateItem }
        kept[name] = attributes
        return errSecSuccess
    }
}

@discardableResult public func SecItemCopyMatching(
    _ query: CFDictionary, _ result: UnsafeMutablePointer<CFTypeRef?>?
) -> OSStatus {
    KeychainRecord.shared.call { kept in
        guard let name = name(query) else { return errSecParam }
        guard let item = kept[name] else { return errSecItemNotFound }
        result?.pointee = item[kSecValueData] as AnyObject
        return errSecSuccess
    }
}

@discardableResult public func SecItemUpdate(_ query: CFDictionary, _ changes: CFDictionary) -> OSStatus {
    if let refusal = KeychainRecord.shared.nextUpdateRefusal() { return refusal }
    return KeychainRecord.shared.call { kept in
        guard let name = name(query) else { return errSecParam }
        guard let item = kept[name] else { return errSecItemNotFound }
        kept[name] = item.merging(changes) { _, new in new }
        return errSecSuccess
    }
}

@discardableResult public func SecItemDelete(_ query: CFDictionary) -> OSStatus {
    KeychainRecord.shared.call { kept in
        guard let name = name(query) else { return errSecParam }
        let whole = query[kSecAttrAccount] == nil
        let gone = kept.keys.filter { whole ? $0.hasPrefix(name) : $0 == name }
        gone.forEach { kept[$0] = nil }
        return gone.isEmpty ? errSecItemNotFound : errSecSuccess
    }
}

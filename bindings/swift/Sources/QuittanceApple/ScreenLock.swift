#if canImport(LocalAuthentication)
import LocalAuthentication

/// The phone's screen lock. Without one there are no keys: whoever holds the phone could pay.
public enum ScreenLock {
    /// The phone has no passcode. Ask the payer to set one before the wallet is opened.
    public struct Missing: Error, Equatable {
        public init() {}
    }

    /// Whether the phone has a passcode.
    public static var isSet: Bool {
        LAContext().canEvaluatePolicy(.deviceOwnerAuthentication, error: nil)
    }

    /// Throws `Missing` on a phone without a passcode.
    public static func require() throws {
        if !isSet { throw Missing() }
    }
}
#endif

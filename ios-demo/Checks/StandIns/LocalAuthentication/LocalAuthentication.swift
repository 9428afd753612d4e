// Stands in for the part of Apple's LocalAuthentication that the adapters use. For checks only.
@_exported import Foundation
import Security

/// Why a prompt ended without success.
public struct LAError: Error, Equatable, Sendable {
    public enum Code: Int, Sendable, CaseIterable {
        case authenticationFailed = -1
        case userCancel = -2
        case userFallback = -3
        case systemCancel = -4
        case passcodeNotSet = -5
        case biometryNotAvailable = -6
        case biometryNotEnrolled = -7
        case biometryLockout = -8
        case appCancel = -9
        case invalidContext = -10
        case companionNotAvailable = -11
        case notInteractive = -1004
    }

    public let code: Code

    public init(_ code: Code) {
        self.code = code
    }
}

public enum LAPolicy: Int, Sendable {
    case deviceOwnerAuthenticationWithBiometrics = 1
    case deviceOwnerAuthentication = 2
}

public enum LAAccessControlOperation: Int, Sendable {
    case createItem = 0
    case useItem
    case createKey
    case useKeySign
    case useKeyDecrypt
    case useKeyKeyExchange
}

/// What a phone recognises its payer by.
public enum LABiometryType: Int, Sendable {
    case none = 0
    case touchID
    case faceID
}

/// What a prompt was asked, and how a test wants the next ones answered.
public final class PromptRecord: @unchecked Sendable {
    public struct Shown: Sendable {
        public let reason: String
        public let flags: SecAccessControlCreateFlags
        public let fallbackTitle: String?
        public let reuse: TimeInterval
    }

    public static let shared = PromptRecord()

    private let lock = NSLock()
    private var planned: [LAError] = []
    private var all: [Shown] = []
    private var enrolled = Data([1])
    private var system = Data()
    private var kind = LABiometryType.faceID
    private var available: LAError?
    private var waiting: AsyncStream<Void>?

    /// Every prompt that was shown.
    public var shown: [Shown] { lock.withLock { all } }

    /// The faces and fingers that are enrolled now: what the enclave compares.
    public var biometry: Data {
        get { lock.withLock { enrolled } }
        set { lock.withLock { enrolled = newValue } }
    }

    /// The version of the system, which may change how it names the same set.
    public var version: Data {
        get { lock.withLock { system } }
        set { lock.withLock { system = newValue } }
    }

    /// How the platform names the set now.
    public var biometryName: Data { lock.withLock { system + enrolled } }

    /// What the phone is built with.
    public var biometryType: LABiometryType {
        get { lock.withLock { kind } }
        set { lock.withLock { kind = newValue } }
    }

    /// Whether biometrics can be asked for at all.
    public var unavailable: LAError? {
        get { lock.withLock { available } }
        set { lock.withLock { available = newValue } }
    }

    public func reset() {
        lock.withLock {
            planned = []
            all = []
            enrolled = Data([1])
            system = Data()
            kind = .faceID
            available = nil
            waiting = nil
        }
    }

    /// The next prompt fails like this.
    public func failNext(_ code: LAError.Code) {
        lock.withLock { planned.append(LAError(code)) }
    }

    /// The next prompt stays until the stream yields, or until it is invalidated.
    public func holdNext(_ stream: AsyncStream<Void>) {
        lock.withLock { waiting = stream }
    }

    func show(_ shown: Shown) -> (LAError?, AsyncStream<Void>?) {
        lock.withLock {
            all.append(shown)
            defer { waiting = nil }
            return (planned.isEmpty ? nil : planned.removeFirst(), waiting)
        }
    }
}

open class LAContext: NSObject, @unchecked Sendable {
    open var localizedFallbackTitle: String?
    open var localizedCancelTitle: String?
    open var localizedReason = ""
    open var touchIDAuthenticationAllowableReuseDuration: TimeInterval = 0
    open var interactionNotAllowed = false

    private let lock = NSLock()
    private var passed: SecAccessControlCreateFlags = []
    private var wasAsked = false
    private var ended: (@Sendable () -> Void)?
    private var isInvalid = false

    override public init() {}

    open var evaluatedPolicyDomainState: Data? { PromptRecord.shared.biometryName }

    /// As on a phone, none until it was asked whether a policy can be evaluated.
    open var biometryType: LABiometryType { lock.withLock { wasAsked } ? PromptRecord.shared.biometryType : .none }

    /// What was shown in this context so far; a key looks here.
    public var authorized: SecAccessControlCreateFlags { lock.withLock { passed } }

    open func canEvaluatePolicy(_ policy: LAPolicy, error: UnsafeMutablePointer<NSError?>?) -> Bool {
        lock.withLock { wasAsked = true }
        guard let reason = PromptRecord.shared.unavailable else { return true }
        // The passcode will do for the wider policy, as long as there is one.
        if policy == .deviceOwnerAuthentication, reason.code != .passcodeNotSet { return true }
        error?.pointee = NSError(domain: "com.apple.LocalAuthentication", code: reason.code.rawValue)
        return false
    }

    open func evaluateAccessControl(
        _ accessControl: SecAccessControl, operation: LAAccessControlOperation, localizedReason: String
    ) async throws -> Bool {
        precondition(!localizedReason.isEmpty, "a prompt without a reason ends the app, here as on a phone")
        let (failure, held) = PromptRecord.shared.show(
            .init(
                reason: localizedReason, flags: accessControl.flags, fallbackTitle: localizedFallbackTitle,
                reuse: touchIDAuthenticationAllowableReuseDuration))
        if let held { await wait(for: held) }
        if lock.withLock({ isInvalid }) { throw LAError(.appCancel) }
        if let failure { throw failure }
        lock.withLock { passed.formUnion(accessControl.flags) }
        return true
    }

    open func invalidate() {
        let end = lock.withLock {
            isInvalid = true
            return ended
        }
        end?()
    }

    private func wait(for stream: AsyncStream<Void>) async {
        let (either, finish) = AsyncStream.makeStream(of: Void.self)
        let watch = Task {
            for await _ in stream { break }
            finish.yield()
        }
        let now = lock.withLock {
            ended = { finish.yield() }
            return isInvalid
        }
        if !now { await Task { for await _ in either { break } }.value }
        watch.cancel()
    }
}

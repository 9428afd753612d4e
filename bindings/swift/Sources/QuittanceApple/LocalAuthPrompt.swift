#if canImport(CryptoKit) && canImport(LocalAuthentication) && canImport(Security)
import Foundation
import LocalAuthentication
import Quittance
import Security

/// The system's sheet for face, finger or passcode, and the signature behind it.
///
/// The sheet is asked for exactly the conditions of the key that signs, afresh each time. What comes back is the key's
/// signature over the challenge, or one `BiometricError` for each way in which the sheet can end. A task that is
/// cancelled takes the sheet away. The app's Info.plist says why it wants a face: `NSFaceIDUsageDescription`.
public final class LocalAuthPrompt: BiometricPrompt, Sendable {
    /// Gives the words of a text key, in the payer's language.
    public typealias Words = @Sendable (_ key: String) -> String

    private let keys: EnclaveDeviceKeys
    private let words: Words

    public init(keys: EnclaveDeviceKeys, words: @escaping Words) {
        self.keys = keys
        self.words = words
    }

    public func sign(request: BiometricRequest) async throws -> Data {
        // The device key signs without a prompt, so it is no answer to one.
        guard request.alias != .device else { throw BiometricError.Unexpected }
        let sheet = Sheet()
        do {
            return try await withTaskCancellationHandler {
                try await sign(request, sheet.context)
            } onCancel: {
                sheet.context.invalidate()
            }
        } catch {
            throw Self.named(error)
        }
    }

    private func sign(_ request: BiometricRequest, _ context: LAContext) async throws -> Data {
        guard try keys.publicKey(alias: request.alias) != nil else { throw BiometricError.KeyMissing }
        if request.alias == .biometric { try checkBiometry(context) }
        let name = request.alias == .biometric ? context.evaluatedPolicyDomainState : nil
        let isRenamed = try keys.biometryIsRenamed(name)
        try await show(request, context)
        let signature: Data
        do {
            signature = try keys.sign(alias: request.alias, message: request.challenge, context: context)
        } catch {
            // Another name alone is no proof, nor is a refusal, which may pass. Both are: the faces or fingers are others.
            if isRenamed, Self.isRefusal(error) { throw BiometricError.KeyInvalidated }
            throw error
        }
        // A name that cannot be kept now is compared again the next time: no reason to lose the signature.
        if isRenamed, let name { try? keys.renameBiometry(name) }
        return signature
    }

    /// Shows the sheet; returns once it allowed the key to sign.
    private func show(_ request: BiometricRequest, _ context: LAContext) async throws {
        context.localizedFallbackTitle = ""  // the way past the biometrics is a step of the flow, not of the sheet
        context.touchIDAuthenticationAllowableReuseDuration = 0
        let control = try EnclaveDeviceKeys.accessControl(for: request.alias)
        let words = words(request.reasonKey)
        // The system ends an app that gives no reason.
        let reason = words.isEmpty ? request.reasonKey : words
        let isAllowed: Bool
        do {
            isAllowed = try await context.evaluateAccessControl(
                control, operation: .useKeySign, localizedReason: reason)
        } catch let error as LAError where error.code == .notInteractive {
            // The app was left, or the phone locked, before there could be a sheet: nobody failed.
            throw BiometricError.TimedOut
        } catch let error as LAError {
            if Self.isDenied(error.code, context) { throw BiometricError.NotEnrolled }
            throw error
        }
        guard isAllowed else { throw BiometricError.NotRecognised(failures: 1) }
    }

    /// Says what is wrong before the sheet is shown: it could not succeed.
    private func checkBiometry(_ context: LAContext) throws {
        var reason: NSError?
        if !context.canEvaluatePolicy(.deviceOwnerAuthenticationWithBiometrics, error: &reason) {
            guard let code = reason.flatMap({ LAError.Code(rawValue: $0.code) }) else {
                throw BiometricError.HardwareUnavailable
            }
            if Self.isDenied(code, context) { throw BiometricError.NotEnrolled }
            throw LAError(code)
        }
    }

    /// Whether the phone has biometrics, and the payer keeps them from this app: like where none is enrolled, the phone's
    /// settings are the remedy. What kind a phone has, the context knows once it was asked whether they can be used.
    private static func isDenied(_ code: LAError.Code, _ context: LAContext) -> Bool {
        code == .biometryNotAvailable && context.biometryType != .none
    }

    /// Whether the Enclave did not let the key sign; not where the sheet was taken away, the phone locked or the key gone.
    private static func isRefusal(_ error: any Error) -> Bool {
        switch error {
        case let error as LAError: error.code == .authenticationFailed || error.code == .notInteractive
        case let error as DeviceKeyError: error == .HardwareUnavailable || error == .Unexpected
        default: false
        }
    }

    /// How an error of the platform is called at the wallet.
    static func named(_ error: any Error) -> BiometricError {
        switch error {
        case let error as BiometricError: error
        case let error as LAError: named(error.code)
        case let error as DeviceKeyError: named(error)
        default: .Unexpected
        }
    }

    private static func named(_ code: LAError.Code) -> BiometricError {
        switch code {
        // The sheet lets the payer try more than once and tells of the end alone.
        case .authenticationFailed: .NotRecognised(failures: 1)
        case .userCancel, .userFallback, .appCancel: .UserCancelled
        // Another app, or the lock button, took the sheet away.
        case .systemCancel: .TimedOut
        case .passcodeNotSet, .biometryNotEnrolled: .NotEnrolled
        // Until the phone is unlocked by its passcode.
        case .biometryLockout: .LockedOut(permanent: true)
        case .biometryNotAvailable: .HardwareUnavailable
        // The key's own conditions were not met in this context.
        case .notInteractive, .invalidContext: .Unexpected
        default: .Unexpected
        }
    }

    private static func named(_ error: DeviceKeyError) -> BiometricError {
        switch error {
        case .KeyMissing: .KeyMissing
        case .KeyInvalidated: .KeyInvalidated
        case .HardwareUnavailable: .HardwareUnavailable
        case .Locked: .TimedOut
        case .Refused, .Unexpected: .Unexpected
        }
    }
}

/// One context, for the task that waits and for the one that cancels it: `invalidate` may come from any thread.
private final class Sheet: @unchecked Sendable {
    let context = LAContext()
}
#endif

import Foundation
import Quittance

/// A biometric prompt whose payer always agrees, except where a test plans another answer.
final class ScriptedPrompt: BiometricPrompt, @unchecked Sendable {
    typealias Answer = @Sendable (BiometricRequest) async throws -> Data

    private let keys: SoftwareDeviceKeys
    private let lock = NSLock()
    private var planned: [Answer] = []
    private var given: [Data] = []

    init(keys: SoftwareDeviceKeys) {
        self.keys = keys
    }

    /// Every signature that an agreeing payer gave.
    var signatures: [Data] { lock.withLock { given } }

    /// Answers the next request in another way.
    func answerOnce(_ answer: @escaping Answer) {
        lock.withLock { planned.append(answer) }
    }

    func sign(request: BiometricRequest) async throws -> Data {
        if let answer = lock.withLock({ planned.isEmpty ? nil : planned.removeFirst() }) {
            return try await answer(request)
        }
        let signature = try keys.signAfterPrompt(alias: request.alias, message: request.challenge)
        lock.withLock { given.append(signature) }
        return signature
    }
}

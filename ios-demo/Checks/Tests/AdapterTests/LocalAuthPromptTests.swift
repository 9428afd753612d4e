import Foundation
import LocalAuthentication
import Quittance
import Security
import Testing

@testable import QuittanceApple

extension Adapters {
    @Suite struct LocalAuthPromptTests {
        let phone = Factory()
        let keys: EnclaveDeviceKeys
        let prompt: LocalAuthPrompt

        init() throws {
            keys = try phone.keys()
            _ = try keys.createKey(alias: .biometric, challenge: Data())
            _ = try keys.createKey(alias: .passcode, challenge: Data())
            prompt = LocalAuthPrompt(keys: keys) { "words of " + $0 }
        }

        private func request(_ alias: KeyAlias = .biometric) -> BiometricRequest {
            BiometricRequest(alias: alias, challenge: Data("c".utf8), titleKey: "a.title", reasonKey: "a.reason")
        }

        @Test(
            "The sheet asks for exactly the key's conditions, afresh, in the payer's words",
            arguments: Conditions.all.dropFirst())
        func asks(_ expected: Conditions) async throws {
            #expect(try await prompt.sign(request: request(expected.alias)).first == 0x30)
            _ = try await prompt.sign(request: request(expected.alias))
            let shown = PromptRecord.shared.shown
            #expect(shown.count == 2)
            for sheet in shown {
                #expect(sheet.flags == expected.flags && sheet.reason == "words of a.reason")
                #expect(sheet.reuse == 0 && sheet.fallbackTitle == "")
            }
        }

        @Test("A key that was not authorized in its context does not sign: the control of the stand-in")
        func control() throws {
            #expect(throws: LAError(.notInteractive)) {
                try keys.sign(alias: .biometric, message: Data(), context: LAContext())
            }
            #expect(LocalAuthPrompt.named(LAError(.notInteractive)) == .Unexpected, "of a key, not of a sheet")
        }

        @Test("The device key is no answer to a prompt")
        func deviceKey() async throws {
            _ = try keys.createKey(alias: .device, challenge: Data())
            await #expect(throws: BiometricError.Unexpected) { try await prompt.sign(request: request(.device)) }
            #expect(PromptRecord.shared.shown.isEmpty)
        }

        static let endings: [LAError.Code: BiometricError] = [
            .authenticationFailed: .NotRecognised(failures: 1),
            .userCancel: .UserCancelled,
            .userFallback: .UserCancelled,
            .appCancel: .UserCancelled,
            .systemCancel: .TimedOut,
            .passcodeNotSet: .NotEnrolled,
            .biometryNotEnrolled: .NotEnrolled,
            .biometryNotAvailable: .NotEnrolled,
            .biometryLockout: .LockedOut(permanent: true),
            .invalidContext: .Unexpected,
            .companionNotAvailable: .Unexpected,
            .notInteractive: .TimedOut,
        ]

        @Test("Each way in which the sheet ends has its name at the wallet", arguments: LAError.Code.allCases)
        func ends(_ code: LAError.Code) async throws {
            let expected = try #require(Self.endings[code])
            PromptRecord.shared.failNext(code)
            await #expect(throws: expected) { try await prompt.sign(request: request()) }
            #expect(try await prompt.sign(request: request()).first == 0x30)
        }

        @Test("Where biometrics cannot be asked for, no sheet is shown; the lock screen's key still signs")
        func unavailable() async throws {
            for code in [LAError.Code.biometryNotEnrolled, .biometryNotAvailable, .biometryLockout, .passcodeNotSet] {
                PromptRecord.shared.unavailable = LAError(code)
                let expected = try #require(Self.endings[code])
                await #expect(throws: expected) { try await prompt.sign(request: request()) }
            }
            #expect(PromptRecord.shared.shown.isEmpty)
            #expect(try await prompt.sign(request: request(.passcode)).first == 0x30)
        }

        @Test("Biometrics that the app may not use are for the settings; those that the phone lacks are no hardware")
        func denied() async throws {
            for (type, expected) in [
                (LABiometryType.faceID, BiometricError.NotEnrolled), (.touchID, .NotEnrolled),
                (.none, .HardwareUnavailable),
            ] {
                PromptRecord.shared.biometryType = type
                PromptRecord.shared.unavailable = LAError(.biometryNotAvailable)
                await #expect(throws: expected) { try await prompt.sign(request: request()) }
                // The payer is asked for the permission by the first sheet itself.
                PromptRecord.shared.unavailable = nil
                PromptRecord.shared.failNext(.biometryNotAvailable)
                await #expect(throws: expected) { try await prompt.sign(request: request()) }
            }
        }

        @Test("Another name of the same faces and fingers costs no key, and is kept; the control: others end it")
        func renamed() async throws {
            PromptRecord.shared.version = Data([18])
            #expect(try await prompt.sign(request: request()).first == 0x30)
            let kept = try #require(KeychainRecord.shared.items[EnclaveDeviceKeys.biometryAccount])
            #expect(kept[kSecValueData] as? Data == PromptRecord.shared.biometryName)
            KeychainRecord.shared.failNextUpdate(errSecParam)
            #expect(try await prompt.sign(request: request()).first == 0x30)
            #expect(KeychainRecord.shared.failsNextUpdate, "what is kept is not written again")
            PromptRecord.shared.version = Data([26])
            PromptRecord.shared.biometry = Data([2])
            await #expect(throws: BiometricError.KeyInvalidated) { try await prompt.sign(request: request()) }
        }

        @Test("A name that cannot be kept costs no signature")
        func notKept() async throws {
            PromptRecord.shared.version = Data([18])
            KeychainRecord.shared.failNextUpdate(errSecInteractionNotAllowed)
            #expect(try await prompt.sign(request: request()).first == 0x30)
            #expect(try await prompt.sign(request: request()).first == 0x30)
            let kept = try #require(KeychainRecord.shared.items[EnclaveDeviceKeys.biometryAccount])
            #expect(kept[kSecValueData] as? Data == PromptRecord.shared.biometryName)
        }

        @Test("A new face or finger ends the biometric key, and not the lock screen's; a new key takes them")
        func newEnrolment() async throws {
            PromptRecord.shared.biometry = Data([2])
            await #expect(throws: BiometricError.KeyInvalidated) { try await prompt.sign(request: request()) }
            #expect(PromptRecord.shared.shown.count == 1, "the Enclave is asked, not the name of the set alone")
            #expect(try await prompt.sign(request: request(.passcode)).first == 0x30)
            try keys.deleteKey(alias: .biometric)
            await #expect(throws: BiometricError.KeyMissing) { try await prompt.sign(request: request()) }
            _ = try keys.createKey(alias: .biometric, challenge: Data())
            #expect(try await prompt.sign(request: request()).first == 0x30)
        }

        @Test("Where the set was not remembered, the Enclave still refuses a key of before")
        func forgotten() async throws {
            let service = EnclaveDeviceKeys.service(of: Bundle.main.bundleIdentifier)
            try Keychain(service: service).delete(EnclaveDeviceKeys.biometryAccount)
            #expect(try await prompt.sign(request: request()).first == 0x30)
            PromptRecord.shared.biometry = Data([2])
            // What it says does not tell a key that is gone from an Enclave that is busy.
            await #expect(throws: BiometricError.HardwareUnavailable) { try await prompt.sign(request: request()) }
        }

        @Test("A cancelled task takes the sheet away")
        func cancelled() async throws {
            let (touch, _) = AsyncStream.makeStream(of: Void.self)
            PromptRecord.shared.holdNext(touch)
            let waiting = Task { try await prompt.sign(request: request()) }
            waiting.cancel()
            await #expect(throws: BiometricError.UserCancelled) { try await waiting.value }
        }

        @Test("A sheet without words gives the text's key: the system ends an app that gives no reason")
        func wordless() async throws {
            let silent = LocalAuthPrompt(keys: keys) { _ in "" }
            _ = try await silent.sign(request: request())
            #expect(PromptRecord.shared.shown.last?.reason == "a.reason")
        }
    }
}

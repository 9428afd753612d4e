import Foundation
import Quittance
import SoftwareCrypto
import Testing

/// An error of native code that the library knows nothing of.
struct Foreign: Error {}

/// A fault as native code throws it, what the app catches, and what the app owes its user.
struct Fault: Sendable, CustomTestStringConvertible {
    let thrown: any Error
    let caught: BiometricError
    let owed: ErrorKind

    var testDescription: String { "\(thrown)" }

    init(_ thrown: any Error, _ owed: ErrorKind) {
        self.thrown = thrown
        self.caught = thrown as? BiometricError ?? .Unexpected
        self.owed = owed
    }
}

/// What native code may answer in place of a signature, each in the first step of a cancellation.
@Suite(.serialized) struct BiometricFaultTests {
    let stage: Stage
    let wallet: Wallet
    let mandate: String
    let flow: String

    init() async throws {
        stage = try await Stage()
        wallet = try await stage.open()
        _ = try await wallet.enrol(pin: pin)
        let sign = try await wallet.startSign(offer: stage.offer(), locale: "en")
        _ = try await stage.walk(wallet, sign)
        mandate = try await wallet.mandates()[0].mandate
        flow = try await wallet.startRevoke(mandates: [mandate])
    }

    @Test(
        "A fault arrives as its own type, and the flow goes on where it was",
        arguments: [
            Fault(BiometricError.UserCancelled, .askAgain),
            Fault(BiometricError.TimedOut, .askAgain),
            Fault(BiometricError.NotRecognised(failures: 2), .askAgain),
            Fault(BiometricError.LockedOut(permanent: false), .wait(seconds: nil)),
            Fault(BiometricError.LockedOut(permanent: true), .phoneSettings),
            Fault(BiometricError.NotEnrolled, .phoneSettings),
            Fault(BiometricError.HardwareUnavailable, .retry),
            Fault(BiometricError.KeyInvalidated, .reenrol),
            Fault(BiometricError.KeyMissing, .reenrol),
            Fault(Foreign(), .support),
        ])
    func fault(_ fault: Fault) async throws {
        stage.prompt.answerOnce { _ in throw fault.thrown }
        let expected = WalletError.Biometric(reason: fault.caught)
        #expect(errorKind(error: expected) == fault.owed)
        try await goesOn(after: expected)
    }

    @Test("An empty answer gets nowhere")
    func empty() async throws {
        stage.prompt.answerOnce { _ in Data() }
        try await goesOn(after: .ProofInvalid)
    }

    @Test("Garbage gets nowhere")
    func garbage() async throws {
        stage.prompt.answerOnce { _ in Data(repeating: 0x30, count: 70) }
        try await goesOn(after: .ProofInvalid)
    }

    @Test("A signature of before gets nowhere")
    func old() async throws {
        let old = try #require(stage.prompt.signatures.last)
        stage.prompt.answerOnce { _ in old }
        try await goesOn(after: .ProofInvalid)
    }

    @Test("A signature by another key gets nowhere")
    func otherKey() async throws {
        stage.prompt.answerOnce { try P256Key.generate().sign(message: $0.challenge) }
        try await goesOn(after: .ProofInvalid)
    }

    @Test("A signature by the device key gets nowhere")
    func deviceKey() async throws {
        let keys = stage.keys
        stage.prompt.answerOnce { try keys.signAfterPrompt(alias: .device, message: $0.challenge) }
        try await goesOn(after: .ProofInvalid)
    }

    @Test("A task that is cancelled does not stop the work")
    func cancelledTask() async throws {
        let keys = stage.keys
        let (shown, showing) = AsyncStream.makeStream(of: BiometricRequest.self)
        let (thumb, touching) = AsyncStream.makeStream(of: Void.self)
        stage.prompt.answerOnce { request in
            showing.yield(request)
            for await _ in thumb { break }
            return try keys.signAfterPrompt(alias: request.alias, message: request.challenge)
        }
        let (wallet, flow) = (wallet, flow)
        let caller = Task { try await wallet.submit(flow: flow, answer: .useBiometric) }
        for await _ in shown { break }
        caller.cancel()
        touching.yield()
        try await caller.value
        #expect(try await wallet.nextPrompt(flow: flow)?.step == "confirm")
    }

    /// The control is the end: the same flow takes an honest signature over its challenge.
    private func goesOn(after expected: WalletError) async throws {
        await #expect(throws: expected) { try await wallet.submit(flow: flow, answer: .useBiometric) }
        #expect(try await wallet.nextPrompt(flow: flow)?.step == "identify")
        #expect(try await wallet.mandate(mandate: mandate).canPay)
        try await wallet.submit(flow: flow, answer: .useBiometric)
        #expect(try await wallet.nextPrompt(flow: flow)?.step == "confirm")
    }
}

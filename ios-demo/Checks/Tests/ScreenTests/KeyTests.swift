import Foundation
import Quittance
import Testing

@testable import QuittanceDemo

/// Keys that are completed as the app runs: each of them is a text.
@MainActor @Suite struct KeyTests {
    private func expect<Choice>(_ start: String, _ choices: [Choice], _ end: String = "") {
        for choice in choices {
            let key = start + keyName(choice) + end
            #expect(isText(key), "\(key) is no text")
        }
    }

    @Test("Where a permission stands, who holds it, how it ended")
    func permissions() {
        expect("app.group.", [PermissionGroup.on, .paused, .ending, .ended])
        expect(
            "app.state.",
            [
                MandateState.draft, .pendingAuthorization, .pendingBank, .provisioning, .active, .suspended,
                .revocationScheduled, .revoking, .ended, .rejected,
            ])
        expect(
            "hold.",
            [
                HoldOwner.payer, .revocation, .safetyLock, .teen, .risk, .dispute, .merchant, .recheck, .observation,
                .closure, .stop, .device,
            ], ".reason")
        expect("app.half.", [HalfState.provisioning, .active, .held, .quiesced, .destroyed])
        expect("app.kind.", [MandateKind.subscription, .payAsYouGo])
        expect("app.channel.", [Channel.app, .miniProgram, .bank])
        expect(
            "app.ending.",
            [
                EndingStage.waiting, .scheduled(undoUntil: pictured), .undone, .ordered, .attesting, .awaitingClosure,
                .closed(kind: .twoSided), .disputed,
            ])
        expect("app.closure.", [ClosureKind.twoSided, .unilateral])
        expect(
            "app.cause.",
            [
                TerminationCause.payer, .payerOffline, .payerBatch, .merchant, .platformForced, .assisted, .expired,
                .consumed, .accountClosed, .merchantBanned, .deviceWiped, .risk, .bankRefused, .fundingRemoved,
                .neverActivated,
            ])
        expect(
            "app.dispute.",
            [
                DisputeReason.orderNotLogged, .orderMismatch, .receiptNotLogged, .annexMismatch, .otherOrder,
                .otherToken,
                .otherNonce, .otherIntent, .ownAttestationMissing, .destroyedNotLogged, .destroyedMismatch,
                .riskNotRefreshed, .otherPolicy, .logInconsistent,
            ])
        expect("app.missing.", [Missing.phoneStatement, .gatewayClosure])
        expect(
            "app.batch.",
            [
                ItemOutcome.unfinished, .asked, .endedHere, .waitsForBank(flow: ""), .refused(code: nil),
            ])
    }

    @Test("What is proved, how secrets are kept, what an error asks for")
    func others() {
        expect(
            "app.factor.",
            [
                FactorKind.biometric, .devicePasscode, .paymentPin, .lockPassword, .smsOtp, .boundPhoneOtp,
                .foreignPhoneOtp, .dynamicPasscode, .idDocument, .passport, .proofOfAddress, .handheldIdPhoto,
                .guardianshipProof, .liveness, .gestureVideo, .videoVerification, .idDatabaseMatch, .bankCardElements,
            ])
        expect("app.evidence.", [EvidenceLevel.e0, .e1, .e2])
        expect("app.device.", [KeyStoreKind.hardware, .software])
        expect("app.device.key.", [KeyAlias.device, .biometric, .passcode])
        expect(
            "app.error.",
            [
                ErrorKind.retry, .wait(seconds: nil), .askAgain, .fixInput, .startOver, .phoneSettings, .reenrol,
                .updateApp, .alarm, .support,
            ], ".title")
        expect(
            "app.error.",
            [ErrorKind.retry, .askAgain, .fixInput, .startOver, .phoneSettings, .reenrol, .updateApp, .alarm],
            ".body")
    }

    @Test(
        "Every error has a title and a body in both languages, and no error shows a key",
        arguments: [
            WalletError.NotEnrolled, .Offline, .Refused(code: "internal", reaction: .support), .ProofInvalid,
            .SignatureInvalid, .WrongPin(attemptsLeft: 1), .PinLocked(retryAfterSeconds: 3_600),
            .PinLocked(retryAfterSeconds: nil), .WrongAnswer, .FlowEnded(code: nil), .FlowEnded(code: "too_late"),
            .RouteClosed(reason: "route.closed.ended"), .ForeignLink, .NotAnImage, .TooLarge(mostBytes: 1), .SameSecret,
            .Unknown(what: "flow"), .NotPayable, .Distrusted(reason: "log_proof"), .TooOld(part: "policy"),
            .Storage(fix: "x", reaction: .retry), .Storage(fix: "x", reaction: .reenrol),
            .Storage(fix: "x", reaction: .phoneSettings), .Internal(place: "x"), .InvalidInput(member: "pin", fix: "x"),
            .Refused(code: "device_quarantined", reaction: .reenrol),
            .Refused(code: "sequence_fork", reaction: .reenrol),
            .Refused(code: "factor_locked", reaction: .wait(seconds: 90)), .Keystore(reason: .Locked),
            .Keystore(reason: .KeyMissing), .Biometric(reason: .NotRecognised(failures: 1)),
            .Biometric(reason: .LockedOut(permanent: false)), .Biometric(reason: .HardwareUnavailable),
            .Biometric(reason: .Unexpected), .Biometric(reason: .KeyMissing), .Configuration(member: "x", fix: "y"),
        ])
    func errors(_ error: WalletError) {
        for manner in [english, chinese] {
            Manner.$current.withValue(manner) {
                let problem = Problem(error)
                for text in [problem.title, problem.body] {
                    #expect(!text.isEmpty && !text.contains("app.") && !text.contains("{"))
                }
            }
        }
    }
}

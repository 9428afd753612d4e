import Foundation
import Quittance
import QuittanceApple

/// The wallet does not enrol a phone that knows no finger and no face.
struct NoBiometrics: Error {}

/// A one-time code that was not taken.
enum CodeNotTaken: Error {
    /// It was wrong, which the wallet does not throw: the step asks once more.
    case wrong(attemptsLeft: UInt32)
    /// It came too late, which costs no try.
    case expired
}

/// What went wrong, as the payer reads it: what happened, that nothing changed, what to do next.
struct Problem: Identifiable, Equatable {
    let title: String
    let body: String
    let reaction: ErrorKind

    var id: String { title + body }

    init(_ error: any Error) {
        if error is ScreenLock.Missing {
            self.init(
                title: say("app.error.no_screen_lock.title"), body: say("app.error.no_screen_lock.body"),
                reaction: .phoneSettings)
            return
        }
        if error is NoBiometrics {
            self.init(
                title: say("app.error.no_biometrics.title"), body: say("app.error.no_biometrics.body"),
                reaction: .phoneSettings)
            return
        }
        if let error = error as? CodeNotTaken {
            self.init(title: say("app.error.ask_again.title"), body: Self.detail(of: error), reaction: .askAgain)
            return
        }
        guard let error = error as? WalletError else {
            // The keystore's own errors come before there is a wallet.
            let keys = error as? DeviceKeyError
            self.init(keys.map { WalletError.Keystore(reason: $0) } ?? .Internal(place: "app"))
            return
        }
        self.init(error)
    }

    init(_ error: WalletError) {
        let reaction = errorKind(error: error)
        self.init(
            title: say("app.error." + Self.name(of: reaction) + ".title"),
            body: Self.detail(of: error) ?? Self.general(reaction, error), reaction: reaction)
    }

    /// The gateway takes no payment from this phone: its keys are all there, and another phone speaks with them.
    static var quarantined: Problem {
        Problem(title: say("app.error.reenrol.title"), body: say("app.error.quarantined"), reaction: .reenrol)
    }

    private init(title: String, body: String, reaction: ErrorKind) {
        self.title = title
        self.body = body
        self.reaction = reaction
    }

    private static func detail(of error: CodeNotTaken) -> String {
        switch error {
        case .wrong(let left): say("app.code.wrong", ["attempts": count(left)])
        case .expired: say("app.code.expired")
        }
    }

    /// What is known of this very error.
    private static func detail(of error: WalletError) -> String? {
        switch error {
        case .WrongPin(let left): say("app.pin.wrong", ["attempts": count(left)])
        case .PinLocked(let seconds?): say("app.pin.locked", ["wait": .wait(Manner.span(ofSeconds: seconds))])
        case .PinLocked(nil): say("app.pin.locked_for_now")
        case .Offline: say("app.error.offline")
        case .Biometric(let reason): say("app.error.biometric." + name(of: reason))
        case .Keystore(.Locked): say("app.error.phone_locked")
        case .ForeignLink: say("app.error.foreign_link")
        case .NotAnImage: say("app.error.not_an_image")
        case .TooLarge: say("app.error.image_too_large")
        case .SameSecret: say("app.error.same_secret")
        case .NotPayable: say("app.error.not_payable")
        case .RouteClosed(let reason): say("app.error.route_closed", ["reason": .words(say(reason))])
        case .Refused("device_quarantined", _), .Refused("sequence_fork", _): say("app.error.quarantined")
        case .Storage(_, .reenrol): say("app.error.restored")
        case .Storage(_, .phoneSettings): say("app.error.storage_full")
        case .FlowEnded(let code?) where isText("refused." + code): say("refused." + code)
        case .InvalidInput(member: "offer", _): say("app.offer.unreadable")
        case .InvalidInput, .Configuration, .NotEnrolled, .Refused, .Keystore, .ProofInvalid, .SignatureInvalid,
            .WrongAnswer, .FlowEnded, .Unknown, .Distrusted, .TooOld, .Storage, .Internal:
            nil
        }
    }

    private static func general(_ reaction: ErrorKind, _ error: WalletError) -> String {
        let key = "app.error." + name(of: reaction)
        return switch reaction {
        case .wait(let seconds?): say(key + ".body", ["wait": .wait(Manner.span(ofSeconds: seconds))])
        case .wait(nil): say("app.error.wait.later")
        case .support: say(key + ".body", ["place": .words(place(of: error))])
        case .retry, .askAgain, .fixInput, .startOver, .phoneSettings, .reenrol, .updateApp, .alarm: say(key + ".body")
        }
    }

    /// A name for customer service: it holds nothing of the payer's.
    private static func place(of error: WalletError) -> String {
        switch error {
        case .Internal(let place): place
        case .Refused(let code, _): code
        default: keyName(error)
        }
    }

    private static func name(of reaction: ErrorKind) -> String { keyName(reaction) }

    private static func name(of reason: BiometricError) -> String {
        switch reason {
        case .UserCancelled: "cancelled"
        case .TimedOut: "timed_out"
        case .NotRecognised: "not_recognised"
        case .LockedOut(permanent: false): "locked"
        case .LockedOut(permanent: true): "locked_for_good"
        case .NotEnrolled: "not_enrolled"
        case .HardwareUnavailable, .Unexpected: "unavailable"
        case .KeyInvalidated, .KeyMissing: "changed"
        }
    }
}

import Foundation
import Quittance

/// Something that happened, as one sentence, with what the payer can do about it.
struct News: Identifiable {
    /// Somebody asks this payer to vouch.
    struct Request: Equatable {
        let flow: String
        let requester: String
        let purpose: String
    }

    let id = UUID()
    /// Under which the wallet keeps it; none for what the payer just did.
    var number: UInt64?
    let text: String
    var receipt: String?
    /// The permission that has to be stopped another way.
    var unstopped: String?
    var request: Request?
    /// Whether a new PIN can be chosen now.
    var opensPin = false
    /// Whether the check-up says what to do.
    var leadsToSecurity = false

    /// Something that the payer just did.
    init(_ text: String) {
        self.text = text
    }

    /// Nothing where the payer has to know nothing of it.
    init?(_ told: WalletNews, names: (String) -> String) {
        number = told.number
        func about(_ name: String, _ mandate: String, _ more: [String: Value] = [:]) -> String {
            say("app.event." + name, more.merging(["service": .words(names(mandate))]) { given, _ in given })
        }
        switch told.event {
        case .mandateActive(let mandate): text = about("mandate_active", mandate)
        case .mandateRejected(let mandate): text = about("mandate_rejected", mandate)
        case .held(let mandate, let owner):
            text = about("held", mandate, ["reason": .words(say("hold." + keyName(owner) + ".reason"))])
        case .undone(_, let mandate): text = about("undone", mandate)
        case .deadTokenUsed(let mandate, let uses): text = about("dead_token_used", mandate, ["uses": count(uses)])
        case .charged(let mandate, let amount): text = about("charged", mandate, ["amount": .amount(amount)])
        case .chargedAfterEnd(let mandate, let order, let amount):
            text = about("charged_after_end", mandate, ["amount": .amount(amount)])
            receipt = order
        case .notStopped(let mandates, _):
            text = about("not_stopped", mandates.first ?? "")
            unstopped = mandates.first
        case .declined(let mandate, let code, let amount):
            text = about("declined", mandate, ["amount": .amount(amount), "reason": .words(decline(code))])
        case .merchantObjected(let mandate): text = about("merchant_objected", mandate)
        case .closed(let order, let mandates, _):
            text = about("closed", mandates.first ?? "")
            receipt = order
        // Whose end it is stands with the permission itself, with how far it has come and why it is disputed.
        case .closing(_, let missing): text = say("app.missing." + keyName(missing))
        case .disputed: return nil
        case .told(_, let key):
            text = say(key)
            opensPin = key == "recovery.opened"
        case .locked(let trigger, let until):
            text = say("app.event.locked", ["until": .moment(until), "trigger": .words(lockTrigger(trigger))])
        case .lockEnds(let date): text = say("app.event.lock_ends", ["at": .moment(date)])
        case .unlocked: text = say("app.event.unlocked")
        case .askedToVouch(let flow, let requester, let purpose):
            text = say("app.event.asked_to_vouch")
            request = Request(flow: flow, requester: requester, purpose: purpose)
        case .logContradiction(let provesFork):
            text = say(provesFork ? "app.event.log_fork" : "app.event.log_contradiction")
        case .quarantined:
            text = say("app.event.quarantined")
            leadsToSecurity = true
        case .refused: text = say("app.event.refused")
        }
    }
}

/// Why a charge was declined; codes without words of their own share some.
func decline(_ code: String) -> String {
    let key = "app.decline." + code
    return say(isText(key) ? key : "app.decline.other")
}

/// What put the safety lock on.
func lockTrigger(_ trigger: String) -> String {
    let key = "app.lock.trigger." + trigger
    return say(isText(key) ? key : "app.lock.trigger.other")
}

import Quittance

/// Records of the wallet as sentences: each a text of the catalogue with the record's own values.
extension Terms {
    /// The bounds, the one that matters most first.
    var bounds: [String] {
        var lines = [
            say(limits.exact ? "app.terms.exact" : "app.terms.per_charge", ["amount": .amount(limits.perCharge)]),
            say("app.terms.per_period", ["amount": .amount(limits.perPeriod), "days": count(limits.periodDays)]),
        ]
        if let charges = limits.chargesPerPeriod {
            lines.append(say("app.terms.charges_per_period", ["charges": count(charges)]))
        }
        if let total = limits.total { lines.append(say("app.terms.total", ["amount": .amount(total)])) }
        if let charges = limits.charges { lines.append(say("app.terms.charges", ["charges": count(charges)])) }
        return lines
    }

    /// Everything else that was agreed.
    var conditions: [String] {
        var lines = [
            validUntil.map { say("app.terms.until", ["until": .moment($0)]) } ?? say("app.terms.no_end"),
            say("app.kind." + keyName(kind)), say("app.channel." + keyName(channel)),
        ]
        if let autoRenewal { lines.append(say(autoRenewal ? "app.terms.renews" : "app.terms.does_not_renew")) }
        if let bundledWith { lines.append(say("app.terms.bundled", ["service": .words(bundledWith)])) }
        if let category { lines.append(say("app.terms.category", ["category": .words(category)])) }
        return lines
    }
}

extension Permission {
    /// The next charge in one sentence.
    var next: String {
        guard let nextCharge else { return say("app.next_charge.none") }
        let amount = Value.amount(nextCharge.atMost)
        if nextCharge.from <= Manner.current.now() { return say("app.next_charge.any_time", ["amount": amount]) }
        return say("app.next_charge.from", ["from": .moment(nextCharge.from), "amount": amount])
    }

    /// Where it stands, in a word.
    var stateWord: String { say("app.state." + keyName(state)) }

    /// The sign beside the word.
    var stateSymbol: String {
        switch group {
        case .on: "checkmark.circle"
        case .paused: "pause.circle"
        case .ending: "hourglass"
        case .ended: "xmark.circle"
        }
    }

    /// How old the rest may be.
    var age: String {
        guard let asOf else { return say("app.permissions.never_heard") }
        return say(stale ? "app.permissions.stale" : "app.permissions.as_of", ["as_of": .moment(asOf)])
    }

    /// Whether its switch says anything: what ends or has ended is not turned on again here.
    var hasSwitch: Bool { group == .on || group == .paused }

    /// Whether the payer's own switch can turn it on: another hold is lifted elsewhere.
    var canTurnOn: Bool { holds.allSatisfy { $0.owner == .payer || $0.owner == .revocation } }

    /// What VoiceOver says of the switch.
    var switchHint: String {
        let service = Value.words(terms.service)
        if switchOn { return say("app.switch.on", ["service": service]) }
        if canTurnOn { return say("app.switch.off", ["service": service]) }
        let reason = holds.first { $0.owner != .payer }.map { words($0.reason) } ?? ""
        return say("app.switch.locked", ["service": service, "reason": .words(reason)])
    }
}

extension Ending {
    /// How far the end has come.
    var sentence: String {
        let key = "app.ending." + keyName(stage)
        if case .scheduled(let until) = stage { return say(key, ["until": .moment(until)]) }
        return say(key)
    }
}

extension Exposure {
    var sentence: String {
        if charges == 0 { return say("app.exposure.none") }
        return say(
            "app.exposure.body",
            ["charges": count(charges), "per_charge": .amount(perCharge), "until": .moment(until)])
    }
}

extension PastCharge {
    var sentence: String {
        switch outcome {
        case .approved(let amount): say("app.charge.approved", ["amount": .amount(amount)])
        case .declined: say("app.charge.declined", ["amount": .amount(amount)])
        }
    }

    /// Why it was declined, or what came back.
    var remark: String? {
        if case .declined(let code) = outcome { return decline(code) }
        return refunded.map { say("app.charge.refunded", ["amount": .amount($0)]) }
    }
}

extension ItemOutcome {
    var sentence: String {
        if case .ending(let stage) = self { return Ending(order: nil, stage: stage, dispute: nil).sentence }
        return say("app.batch." + keyName(self))
    }
}

extension StopScope {
    /// What is stopped; a merchant by the name that the payer knows.
    func sentence(merchantName: (String) -> String) -> String {
        switch self {
        case .merchant(let merchant): say("app.stop.merchant", ["merchant": .words(merchantName(merchant))])
        case .category(let category): say("app.stop.category", ["category": .words(category)])
        case .everything: say("app.stop.everything")
        }
    }
}

/// The start and the end of a long name or hash, for the eye alone: who copies it or has it read aloud needs the whole.
func shortened(_ text: String) -> String {
    text.count > 20 ? text.prefix(12) + "…" + text.suffix(4) : text
}

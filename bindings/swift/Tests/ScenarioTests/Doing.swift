import Foundation
import Quittance

/// What the payer does, verb by verb.
struct Doing {
    let payer: Payer
    let answering: Answering
    let looking: Looking

    /// Carries out a verb; false where there is no such verb.
    func act(_ verb: String, _ told: Json) async throws -> Bool {
        let fails = told["fails"]?.text
        let mandates = told["mandates"]?.texts ?? []
        switch verb {
        case "sync": try await payer.outcome(fails) { _ = try await payer.wallet.sync() }
        case "restart": try await payer.outcome(fails) { try await payer.restart() }
        case "lose_keys": payer.loseKeys()
        case "back_up": try payer.backUp(told.need("as"))
        case "put_back": try payer.putBack(told.need("files"))
        case "set_up": try await payer.outcome(fails) { try await payer.setUp() }
        case "locks":
            let (lock, finger) = (told["screen_lock"]?.truth, told["biometrics"]?.truth)
            payer.locks.change(PhoneFacts(screenLock: lock == true, biometrics: finger == true))
        case "clock": payer.ahead = told["ahead"]?.number ?? 0
        case "forget_events": _ = try await looking.events()
        case "sign": try await payer.outcome(fails) { try await sign(told.need("offer")) }
        case "begin": try await payer.outcome(fails) { try await begin(told, mandates) }
        case "answer": try await answering.answer(told)
        case "link": try await answering.link(told)
        case "follow": try await follow(told)
        case "leave": try await payer.wallet.cancelFlow(flow: told.need("flow"))
        case "pause": try await payer.wallet.pause(mandates: mandates)
        case "resume": try await payer.outcome(fails) { try await payer.wallet.resume(mandates: mandates) }
        case "lock": _ = try await payer.wallet.lockNow()
        case "set_lock_password":
            let password = told["password"]?.text.map { Data($0.utf8) } ?? lockPassword
            try await payer.outcome(fails) {
                try await payer.wallet.setLockPassword(paymentPin: pin, password: password)
            }
        case "stop": try await payer.wallet.stop(scope: scope(told["scope"]))
        case "count_rotations": looking.countRotations()
        case "permit": try await permit(told)
        case "vouch":
            try await payer.outcome(fails) {
                try await payer.wallet.vouch(
                    flow: told.need("flow"), requester: told.need("requester"), purpose: told.need("purpose"),
                    approves: told["approves"]?.truth == true)
            }
        case "show_code":
            let code = try await payer.wallet.vouchCode(flow: told.need("flow"))
            try payer.stage.ask("shown", .text(code))
        default: return false
        }
        return true
    }

    private func sign(_ offer: String) async throws {
        let flow = try await payer.wallet.startSign(offer: offer, locale: "en")
        while let prompt = try await payer.wallet.nextPrompt(flow: flow) {
            try await payer.wallet.submit(flow: flow, answer: willing(prompt))
        }
        let mandate = try await payer.wallet.mandateOf(flow: flow)
        if try await payer.wallet.mandate(mandate: mandate).activeSince == nil { throw WalletError.NotPayable }
        try payer.stage.ask("signed", .text(mandate))
    }

    /// Signing asks for no more than a thumb and a PIN.
    private func willing(_ prompt: Prompt) throws -> Answer {
        switch prompt.kind {
        case .consent: .agree
        case .confirm: .confirm
        case .biometric: .useBiometric
        case .devicePasscode: .usePasscode
        case .paymentPin: .paymentPin(pin: pin)
        default: throw Wrong("a step of a signature", word(prompt.kind))
        }
    }

    private func begin(_ told: Json, _ mandates: [String]) async throws {
        let wish = try await told["wish"].asyncMap(wish)
        let flow = try await payer.wallet.begin(definition: told.need("definition"), mandates: mandates, wish: wish)
        try payer.stage.ask("begun", .text(flow))
    }

    private func wish(_ told: Json) async throws -> Wish {
        guard let (kind, value) = told.members.first else { throw Wrong("a wish", told) }
        switch kind {
        case "undo_order_of":
            guard let order = try await payer.wallet.orderOf(flow: value.text ?? "") else {
                throw Wrong("an order of this run", "none")
            }
            return .undoOrder(order: order)
        case "change_limits":
            let limits = Limits(
                perCharge: try value.money("per_charge"), perPeriod: try value.money("per_period"),
                periodDays: UInt16(value["days"]?.number ?? 0), total: nil, chargesPerPeriod: nil, charges: nil,
                exact: false)
            return .changeLimits(limits: limits)
        case "teen_limit": return .teenLimit(teen: try value.need("teen"), perCharge: try value.money("per_charge"))
        case "teen_exit": return .teenExit(teen: value.text ?? "")
        case "lift_stop": return .liftStop(stop: scope(value))
        case "extend_lock":
            return .extendLock(until: Date(timeIntervalSince1970: TimeInterval(value.number ?? 0)))
        default: throw Wrong("a wish", told)
        }
    }

    private func scope(_ told: Json?) -> StopScope {
        if let merchant = told?["merchant"]?.text { return .merchant(merchant: merchant) }
        if let category = told?["category"]?.text { return .category(category: category) }
        return .everything
    }

    private func follow(_ told: Json) async throws {
        let mandate = try told.need("mandate")
        let items = try await payer.wallet.batchResults(flow: told.need("flow"))
        let item = items.first { $0.mandate == mandate }?.outcome
        guard case .waitsForBank(let flow) = item else { throw Wrong("an item that waits for its bank", item) }
        try payer.stage.ask("begun", .text(flow))
    }

    private func permit(_ told: Json) async throws {
        let permit: String
        do {
            permit = try await payer.wallet.payerPresentPermit(
                mandate: told.need("mandate"), amount: told.money("amount"), challenge: told.need("challenge"))
        } catch let refusal as WalletError {
            return try same("a charge that gives", told.need("gives"), payer.refused(refusal))
        }
        try payer.stage.ask("permit", .text(permit))
    }
}

extension Optional {
    /// `map` with a closure that waits.
    fileprivate func asyncMap<T>(_ transform: (Wrapped) async throws -> T) async rethrows -> T? {
        guard let value = self else { return nil }
        return try await transform(value)
    }
}

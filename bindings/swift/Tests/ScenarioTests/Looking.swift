import Foundation
import Quittance

/// One line of a history.
private struct Line: Equatable {
    let amount: Money
    let was: String
    let refunded: Money?
}

/// What the payer's phone has to show, verb by verb.
final class Looking {
    private let payer: Payer
    private let answering: Answering
    private var told: [[String: Json]] = []
    private var epoch: UInt64?

    init(payer: Payer, answering: Answering) {
        self.payer = payer
        self.answering = answering
    }

    /// Compares what a verb describes; false where there is no such verb.
    func expect(_ verb: String, _ what: Json) async throws -> Bool {
        switch verb {
        case "expect_mandate": try await expectMandate(what)
        case "expect_prompt": try await expectPrompt(what, shown(what.need("flow")))
        case "expect_code": try await expectCode(what, shown(what.need("flow")).kind)
        case "expect_run": try await expectRun(what)
        case "expect_items": try await expectItems(what)
        case "expect_receipts": try await expectReceipts(what)
        case "expect_routes": try await expectRoutes(what)
        case "expect_rotations":
            guard let before = epoch else { throw Wrong("count_rotations before", "none") }
            try same("rotations", what["expect_rotations"]?.number, Int64(payer.keys.newestEpoch() - before))
        case "expect_event": try await expectEvent(what)
        case "expect_history": try await expectHistory(what)
        case "expect_lock": try await expectLock(what)
        case "expect_list": try await expectList(what)
        case "expect_exposure": try await expectExposure(what)
        case "expect_problem":
            let owed = payer.takeOwed().map { word($0) } ?? "nothing"
            try same("a refusal that owes", what.need("expect_problem"), owed)
        case "expect_finding": try await expectFinding(what)
        default: return false
        }
        return true
    }

    /// Everything that the phone tells now, taken by being looked at.
    func events() async throws -> [WalletEvent] {
        let news = try await payer.wallet.news(shown: nil)
        _ = try await payer.wallet.news(shown: news.last?.number)
        return news.map(\.event)
    }

    /// From here on rotations of the vault are counted.
    func countRotations() {
        epoch = payer.keys.newestEpoch()
    }

    private func expectMandate(_ what: Json) async throws {
        let mandate = try await payer.wallet.mandate(mandate: what.need("mandate"))
        try check("state", what["state"]?.text, word(mandate.state))
        try check("holds", what["holds"]?.texts?.sorted(), mandate.holds.map { word($0) }.sorted())
        try check("can_pay", what["can_pay"]?.truth, mandate.canPay)
        try check("bundled_with", what["bundled_with"]?.text, mandate.terms.bundledWith)
        try check("permits_ahead", what["permits_ahead"]?.number, Int64(mandate.permitsAhead))
        if let stale = what["stale"]?.truth {
            let permission = try await payer.wallet.permission(mandate: mandate.mandate).permission
            try same("stale", stale, permission.stale)
        }
        // The gateway tells its side to whoever has the phone's key.
        if let input = what["sign"]?.text { try payer.stage.ask("signature", payer.sign(input)) }
    }

    private func shown(_ flow: String) async throws -> Prompt {
        if let open = try await answering.look(flow) { return open }
        guard let closing = try await payer.wallet.closingPrompt(flow: flow) else {
            throw Wrong("something to show", "nothing")
        }
        return closing
    }

    private func expectPrompt(_ what: Json, _ prompt: Prompt) throws {
        let kind = prompt.kind
        try check("step", what["step"]?.text, prompt.step)
        try check("kind", what["kind"]?.text, word(kind))
        try check("number", what["number"]?.number, Int64(prompt.stepNumber))
        try check("of", what["of"]?.number, Int64(prompt.stepCount))
        try check("attempts_left", what["attempts_left"]?.number, prompt.attemptsLeft.map(Int64.init))
        try check("deadline", what["deadline"]?.number, prompt.deadline.map { seconds($0) - payer.now })
        try check("because", what["because"]?.texts, prompt.because.map { lastWord($0.key) })
        try check("why", what["why"]?.text, prompt.why.key)
        try checkSaid("next", what["next"]?.texts, prompt.next, "next.")
        var consequences: [PromptText] = []
        var waitsFor = word(kind)
        switch kind {
        case .confirm(_, let stated), .choose(_, let stated): consequences = stated
        case .waiting(let whom, _, _, _): waitsFor = word(whom)
        default: break
        }
        try check("waits_for", what["waits_for"]?.text, waitsFor)
        try checkSaid("consequences", what["consequences"]?.texts, consequences, "consequence.")
        try check("digits", what["digits"]?.number, digits(kind))
        try expectParts(what, kind)
    }

    /// How many parts of what is asked there are.
    private func expectParts(_ what: Json, _ kind: PromptKind) throws {
        var (asked, choices, named, recorded): (Int, [Int64], Int, Int) = (0, [], 0, 0)
        switch kind {
        case .quiz(_, let questions): (asked, choices) = (questions.count, questions.map { Int64($0.choices.count) })
        case .facts(let questions), .fields(let questions): asked = questions.count
        case .people(let people, _): named = people.count
        case .recording(.gestures(let gestures), _): recorded = gestures.count
        default: break
        }
        try check("questions", what["questions"]?.number, Int64(asked))
        try check("choices", what["choices"]?.list?.compactMap(\.number), choices)
        try check("people", what["people"]?.number, Int64(named))
        try check("gestures", what["gestures"]?.number, Int64(recorded))
    }

    private func expectCode(_ what: Json, _ kind: PromptKind) throws {
        guard case .code(_, _, let validUntil, let resendFrom) = kind else {
            throw Wrong("a step that asks for a code", word(kind))
        }
        try check("life", what["life"]?.number, seconds(validUntil) - payer.now)
        try check("resend_in", what["resend_in"]?.number, seconds(resendFrom) - payer.now)
    }

    private func expectRun(_ what: Json) async throws {
        let flow = try what.need("flow")
        _ = try await answering.look(flow)
        let closing = try await payer.wallet.closingPrompt(flow: flow)
        var (ending, code): (String, String?) = (closing.map { word($0.kind) } ?? "open", nil)
        if let closing, case .refused(let stated, _) = closing.kind {
            let title = closing.title.key.split(separator: ".").dropFirst().first.map(String.init)
            (ending, code) = stated == nil ? (title ?? ending, nil) : (ending, stated)
        }
        try same("a run that is", what.need("is"), ending)
        try check("code", what["code"]?.text, code)
    }

    private func expectItems(_ what: Json) async throws {
        let items = try await payer.wallet.batchResults(flow: what.need("flow"))
        let are = Dictionary(grouping: items) { word($0.outcome) }.mapValues { Int64($0.count) }
        try same("items", what["are"]?.members.compactMapValues(\.number), are)
    }

    private func expectReceipts(_ what: Json) async throws {
        let receipts = try await payer.wallet.receipts()
        try same("receipts:", what["expect_receipts"]?.number, Int64(receipts.count))
        guard let latest = receipts.last else { return }
        // What is exported is what a stranger checks.
        _ = try await payer.wallet.exportReceipt(order: latest.order)
        try check("cause", what["cause"]?.text, word(latest.cause))
        try check("kind", what["kind"]?.text, word(latest.kind))
        try check("mandates", what["mandates"]?.number, Int64(latest.mandates.count))
    }

    private func expectRoutes(_ what: Json) async throws {
        let routes = try await payer.wallet.cancellationRoutes(mandate: what.need("mandate"))
        func route(_ name: String) -> CancellationRoute? { routes.first { $0.definition == name } }
        try check("open", what["open"]?.texts, routes.filter { $0.closed == nil }.map(\.definition))
        for (name, reason) in what["closed"]?.members ?? [:] {
            try same("\(name) closed because", reason.text, route(name)?.closed.map { lastWord($0.key) })
        }
        for (name, steps) in what["steps"]?.members ?? [:] {
            try same("steps of \(name)", steps.number, route(name).map { Int64($0.steps) })
        }
        for (name, effective) in what["effective"]?.members ?? [:] {
            try same("\(name) effective after", effective.text, route(name)?.effective)
        }
    }

    private func expectEvent(_ what: Json) async throws {
        told += try await events().map { written($0) }
        let name = try what.need("event")
        let with = what["with"]?.members ?? [:]
        let found = told.firstIndex { event in
            event["event"] == .text(name) && with.allSatisfy { event[$0.key] == $0.value }
        }
        let never = what["never"]?.truth == true
        if never == (found != nil) { throw Wrong("\(never ? "no event" : "the event") \(what)", told) }
        if let found { told.remove(at: found) }
    }

    private func expectHistory(_ what: Json) async throws {
        let mandate = try what.need("mandate")
        try await payer.wallet.refreshHistory(mandate: mandate)
        let history = try await payer.wallet.permission(mandate: mandate).history
        let expected = try (what["is"]?.list ?? []).map { line in
            let refunded = try line["refunded"] == nil ? nil : line.money("refunded")
            return Line(amount: try line.money("amount"), was: try line.need("was"), refunded: refunded)
        }
        let lines = history.map { Line(amount: $0.amount, was: word($0.outcome), refunded: $0.refunded) }
        try same("the history", expected, lines)
    }

    private func expectLock(_ what: Json) async throws {
        let lock = try await payer.wallet.lockState().lock
        try same("on:", what["on"]?.truth, lock != nil)
        guard let lock else { return }
        try check("left", what["left"]?.number, seconds(lock.until) - payer.now)
        try check("trigger", what["trigger"]?.text, lock.trigger)
    }

    private func expectList(_ what: Json) async throws {
        let list = try await payer.wallet.permissions()
        try check("on", what["on"]?.number, Int64(list.on))
        try check("paused", what["paused"]?.number, Int64(list.paused))
        try check("ending", what["ending"]?.number, Int64(list.ending))
        try check("ended", what["ended"]?.number, Int64(list.ended))
    }

    private func expectExposure(_ what: Json) async throws {
        let permission = try await payer.wallet.permission(mandate: what.need("mandate")).permission
        guard let exposure = permission.exposure else { throw Wrong("something to lose", "nothing") }
        try same("charges", what["charges"]?.number, Int64(exposure.charges))
        try same("per_charge", what.money("per_charge"), exposure.perCharge)
    }

    private func expectFinding(_ what: Json) async throws {
        let security = try await payer.wallet.security(phone: payer.locks.facts)
        let said = security.checkup.flatMap(\.findings)
        let name = try what.need("expect_finding")
        let found = said.first { lastWord($0.says.key) == name }
        if what["never"]?.truth == true { return try same("no finding", nil, found?.says.key) }
        guard let found else { throw Wrong("the finding \(name)", said.map(\.says.key)) }
        try check("values", what["values"]?.texts, found.says.arguments.values.map { written($0) })
        try check("remedy", what["remedy"]?.text, found.remedy.map { word($0) })
    }

    private func digits(_ kind: PromptKind) -> Int64? {
        switch kind {
        case .code(_, let digits, _, _): Int64(digits)
        case .paymentPin(let digits), .lockPassword(let digits): Int64(digits)
        default: nil
        }
    }

    private func lastWord(_ key: String) -> String {
        key.split(separator: ".").last.map(String.init) ?? key
    }
}

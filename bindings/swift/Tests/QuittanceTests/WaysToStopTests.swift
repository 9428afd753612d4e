import Foundation
import Quittance
import Testing

/// A way to stop that asks for more, waits, and can be taken back; and one that asks for nothing.
@Suite struct WaysToStopTests {
    static let service = "mandate.cancel.service"

    //
    @Test("The service route holds at once and can be undone, and a lock needs no answer")
    func serviceThenLock() async throws {
        let stage = try await Stage()
        let wallet = try await stage.open()
        _ = try await wallet.enrol(pin: pin)
        let sign = try await wallet.startSign(offer: stage.offer(), locale: "en")
        _ = try await stage.walk(wallet, sign)
        let mandate = try await wallet.mandateOf(flow: sign)
        let order = try await byService(stage, wallet, mandate)
        try await undone(stage, wallet, mandate, order)
        try await locked(stage, wallet, mandate)
    }

    private func byService(_ stage: Stage, _ wallet: Wallet, _ mandate: String) async throws -> String {
        let routes = try await wallet.cancellationRoutes(mandate: mandate)
        let route = try #require(routes.first { $0.definition == Self.service })
        #expect(route.closed == nil && route.effective == "PT24H" && route.factors.first == .smsOtp)
        let flow = try await wallet.begin(definition: Self.service, mandates: [mandate], wish: nil)
        let begun = try #require(try await wallet.nextPrompt(flow: flow))
        #expect(begun.definition == Self.service)
        // What happens next, and when, in values that each language writes in its own way.
        #expect(begun.body.arguments["count"] == .count(count: 1))
        let ends = try #require(begun.next.last)
        #expect(ends.key == "next.ends_after")
        #expect(ends.arguments["wait"] == .wait(duration: "PT24H"))
        #expect(try await wallet.openFlows() == [flow])
        try await wallet.submit(flow: flow, answer: .confirm)

        // Held from here on, long before the end.
        let held = try await wallet.permissions()
        #expect(held.on == 0)
        #expect(held.permissions.first?.holds.map(\.owner) == [.revocation])
        await #expect(throws: WalletError.NotPayable) {
            try await wallet.payerPresentPermit(mandate: mandate, amount: cny(1_00), challenge: "after")
        }
        #expect(try await stage.merchant.charge(mandate, cny(30_00), "held").contains("mandate_held"))

        guard case .code(_, _, let validUntil, let resendFrom) = try await wallet.nextPrompt(flow: flow)?.kind else {
            throw Unanswerable(step: "a code is not asked for")
        }
        #expect(validUntil > resendFrom)
        await #expect(throws: WalletError.WrongAnswer) { try await wallet.submit(flow: flow, answer: .confirm) }
        let steps = try await stage.walk(wallet, flow)
        #expect(steps == ["auto_renewal_off", "id_document_upload", "face", "confirm_with_pin"])
        _ = try await wallet.sync()
        let closing = try #require(try await wallet.closingPrompt(flow: flow))
        guard case .scheduled(let order, let undoUntil) = closing.kind else {
            throw Unanswerable(step: "it is not scheduled")
        }
        #expect(!asksPayer(prompt: closing))
        #expect(closing.because.map(\.key) == ["because.complete"])
        #expect(closing.next.first?.arguments["moment"] == .moment(moment: undoUntil))
        #expect(try await wallet.permission(mandate: mandate).permission.undoUntil == undoUntil)
        let ending = ItemOutcome.ending(stage: .scheduled(undoUntil: undoUntil))
        #expect(try await wallet.batchResults(flow: flow) == [ItemResult(mandate: mandate, outcome: ending)])
        return order
    }

    private func undone(_ stage: Stage, _ wallet: Wallet, _ mandate: String, _ order: String) async throws {
        try await stage.sandbox.advance("PT23H")
        _ = try await wallet.sync()
        let undo = try await wallet.begin(definition: "mandate.undo", mandates: [], wish: .undoOrder(order: order))
        #expect(try await stage.walk(wallet, undo) == ["confirm", "identify"])
        _ = try await wallet.sync()
        #expect(try await wallet.permission(mandate: mandate).permission.group == .on)
        #expect(try await stage.merchant.charge(mandate, cny(30_00), "kept").contains("\"approved\""))
        try await wallet.refreshHistory(mandate: mandate)
        let latest = try await wallet.permission(mandate: mandate).history.first
        #expect(latest?.outcome == .approved(amount: cny(30_00)))
    }

    private func locked(_ stage: Stage, _ wallet: Wallet, _ mandate: String) async throws {
        let lock = try await wallet.lockNow()
        #expect(lock.told && lock.trigger == "payer")
        #expect(lock.until.timeIntervalSince(lock.since) == 24 * 3600)
        #expect(try await wallet.lockState().lock == lock)
        await #expect(throws: WalletError.NotPayable) {
            try await wallet.payerPresentPermit(mandate: mandate, amount: cny(1_00), challenge: "locked")
        }
        #expect(try await stage.merchant.charge(mandate, cny(30_00), "locked").contains("\"declined\""))
    }
}

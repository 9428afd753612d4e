import Foundation
import Quittance
import QuittanceApple
import Testing

/// The wallet's pulls as Swift writes loops.
@Suite(.serialized) struct SequenceTests {
    let stage: Stage
    let wallet: Wallet
    let sign: String

    init() async throws {
        stage = try await Stage()
        wallet = try await stage.open()
        _ = try await wallet.enrol(pin: pin)
        sign = try await wallet.startSign(offer: stage.offer(), locale: "en")
    }

    @Test("A loop over the questions signs, and ends with the flow")
    func questions() async throws {
        var steps: [String] = []
        for try await prompt in wallet.questions(of: sign) {
            steps.append(prompt.step)
            try await wallet.submit(flow: sign, answer: agree(prompt))
        }
        #expect(steps.count == 3 && steps.last == "payment_pin")
        #expect(try await wallet.permissions().on == 1)
    }

    @Test("A question that was not answered comes again")
    func unanswered() async throws {
        var questions = wallet.questions(of: sign).makeAsyncIterator()
        let first = try await questions.next()
        #expect(first != nil)
        #expect(try await questions.next() == first)
    }

    @Test("A loop over the questions ends where another app has the turn")
    func jump() async throws {
        let offer = try await stage.merchant.offer(perCharge: cny(50_00), perPeriod: cny(500_00), channel: "bank")
        let debit = try await wallet.startSign(offer: offer, locale: "en")
        _ = try await stage.walk(wallet, debit)
        let stop = try await wallet.startRevoke(mandates: [wallet.mandateOf(flow: debit)])
        var steps: [String] = []
        for try await prompt in wallet.questions(of: stop) {
            steps.append(prompt.step)
            try await wallet.submit(flow: stop, answer: agree(prompt))
        }
        #expect(steps.last == "payment_pin")
        guard case .jump = try await wallet.nextPrompt(flow: stop)?.kind else {
            Issue.record("control: the bank's app has the turn")
            return
        }
    }

    /// Two things that the payer should know, in order.
    private func happened() async throws -> [WalletEvent] {
        _ = try await stage.walk(wallet, sign)
        let mandate = try await wallet.mandateOf(flow: sign)
        try await wallet.pause(mandates: [mandate])
        return [.mandateActive(mandate: mandate), .held(mandate: mandate, by: .payer)]
    }

    @Test("Whoever breaks off gets the event that it stopped at again, with the rest; an event that was passed is gone")
    func events() async throws {
        let happened = try await happened()
        for try await event in wallet.events {
            #expect(event == happened[0])
            break
        }
        for try await event in wallet.events where event != happened[0] {
            #expect(event == happened[1])
            break
        }
        var rest: [WalletEvent] = []
        for try await event in wallet.events { rest.append(event) }
        #expect(rest == [happened[1]])
        for try await event in wallet.events { Issue.record("\(event) came twice") }
    }

    @Test("A task that is cancelled at an event gets that event again")
    func cancelledAt() async throws {
        let (wallet, happened) = (wallet, try await happened())
        let told = try await Task {
            var told: [WalletEvent] = []
            for try await event in wallet.events {
                told.append(event)
                withUnsafeCurrentTask { $0?.cancel() }
            }
            return told
        }.value
        #expect(told == [happened[0]])
        #expect(try await wallet.news(shown: nil).map(\.event) == happened)
    }

    @Test("A cancelled task takes no event away, and asks no question")
    func cancelled() async throws {
        _ = try await stage.walk(wallet, sign)
        let (wallet, sign) = (wallet, sign)
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        let reader = Task {
            for await _ in gate { break }
            var taken = 0
            for try await _ in wallet.events { taken += 1 }
            for try await _ in wallet.questions(of: sign) { taken += 1 }
            return taken
        }
        reader.cancel()
        open.yield()
        #expect(try await reader.value == 0)
        var left = 0
        for try await _ in wallet.events { left += 1 }
        #expect(left > 0)
    }
}

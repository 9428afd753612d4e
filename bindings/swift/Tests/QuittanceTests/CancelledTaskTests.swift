import Foundation
import Quittance
import Testing

/// Tasks that are cancelled, as an app's are when its screen goes: at every prompt of a flow.
@Suite struct CancelledTaskTests {
    let stage: Stage
    let wallet: Wallet

    init() async throws {
        stage = try await Stage()
        wallet = try await stage.open()
        _ = try await wallet.enrol(pin: pin)
    }

    @Test("Signing survives a cancelled task at every prompt")
    func signing() async throws {
        let flow = try await wallet.startSign(offer: stage.offer(), locale: "en")
        #expect(try await disturbed(flow) == ["consent", "identify", "payment_pin"])
        let mandate = try await wallet.mandateOf(flow: flow)
        try await within("it can pay") { try await wallet.mandate(mandate: mandate).canPay }
    }

    @Test("Cancelling survives a cancelled task at every prompt, and ends once")
    func cancelling() async throws {
        let mandate = try await signed()
        let flow = try await wallet.startRevoke(mandates: [mandate])
        #expect(try await disturbed(flow) == ["identify", "confirm", "payment_pin"])
        _ = try await wallet.sync()
        #expect(try await wallet.mandate(mandate: mandate).ending?.stage == .closed(kind: .twoSided))
        #expect(try await wallet.receipts().count == 1)
    }

    @Test("The long way survives a cancelled task at every prompt")
    func longWay() async throws {
        let mandate = try await signed()
        let flow = try await wallet.begin(definition: WaysToStopTests.service, mandates: [mandate], wish: nil)
        #expect(try await disturbed(flow).count >= 4)
        _ = try await wallet.sync()
        guard case .scheduled = try await wallet.closingPrompt(flow: flow)?.kind else {
            throw Unanswerable(step: "it is not scheduled")
        }
    }

    private func signed() async throws -> String {
        let flow = try await wallet.startSign(offer: stage.offer(), locale: "en")
        _ = try await stage.walk(wallet, flow)
        return try await wallet.mandateOf(flow: flow)
    }

    /// Goes through a flow; at each prompt tasks are cancelled first, in every way. The steps that were asked.
    private func disturbed(_ flow: String) async throws -> [String] {
        var steps: [String] = []
        while let prompt = try await wallet.nextPrompt(flow: flow) {
            guard asksPayer(prompt: prompt) else {
                try await stage.sandbox.advance("PT1S")
                try await wallet.refreshFlow(flow: flow)
                continue
            }
            steps.append(prompt.step)
            try await whileThinking(flow, prompt)
            if prompt.kind == .biometric { try await whileTheSheetIsUp(flow, prompt) }
            try await whileAnswering(flow, prompt)
        }
        return steps
    }

    /// The payer looks at the prompt, and the screen goes: nothing was said.
    private func whileThinking(_ flow: String, _ prompt: Prompt) async throws {
        let (shown, showing) = AsyncStream.makeStream(of: Void.self)
        let wallet = wallet
        let screen = Task {
            try await wallet.answer(flow) { _ in
                showing.yield()
                try await Task.sleep(for: .seconds(600))
                return .confirm
            }
        }
        for await _ in shown { break }
        screen.cancel()
        await #expect(throws: CancellationError.self) { try await screen.value }
        #expect(try await Asked(wallet.nextPrompt(flow: flow)) == Asked(prompt))
    }

    /// The screen goes while the system's sheet is up, and the system takes the sheet away.
    private func whileTheSheetIsUp(_ flow: String, _ prompt: Prompt) async throws {
        let (shown, showing) = AsyncStream.makeStream(of: Void.self)
        let (away, going) = AsyncStream.makeStream(of: Void.self)
        stage.prompt.answerOnce { _ in
            showing.yield()
            for await _ in away { break }
            throw BiometricError.UserCancelled
        }
        let wallet = wallet
        let screen = Task { try await wallet.submit(flow: flow, answer: .useBiometric) }
        for await _ in shown { break }
        screen.cancel()
        #expect(try await Asked(wallet.nextPrompt(flow: flow)) == Asked(prompt))
        going.yield()
        // A task that is cancelled does not stop the call: it hears how the sheet ended.
        await #expect(throws: WalletError.Biometric(reason: .UserCancelled)) { try await screen.value }
        #expect(try await Asked(wallet.nextPrompt(flow: flow)) == Asked(prompt))
    }

    /// The screen goes while the answer is on its way: it counts, whole.
    private func whileAnswering(_ flow: String, _ prompt: Prompt) async throws {
        let answer = try await stage.answer(wallet, prompt)
        let wallet = wallet
        let screen = Task { try await wallet.submit(flow: flow, answer: answer) }
        screen.cancel()
        try await screen.value
        #expect(try await wallet.nextPrompt(flow: flow)?.step != prompt.step)
    }
}

/// What a prompt asks. When what follows will be is reckoned from now on, so that moment moves with the clock.
private struct Asked: Equatable {
    let step: String
    let kind: PromptKind
    let body: PromptText
    let next: [String]
    let attemptsLeft: UInt32?

    init?(_ prompt: Prompt?) {
        guard let prompt else { return nil }
        (step, kind, body) = (prompt.step, prompt.kind, prompt.body)
        (next, attemptsLeft) = (prompt.next.map(\.key), prompt.attemptsLeft)
    }
}

/// Waits until something is so.
func within(_ what: String, _ condition: () async throws -> Bool) async throws {
    for _ in 0..<3_000 {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(10))
    }
    Issue.record("never: \(what)")
}

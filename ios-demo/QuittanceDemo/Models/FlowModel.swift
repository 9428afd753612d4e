import Foundation
import Observation
import Quittance

/// One flow on the screen: what is asked now, or how it came out. It hands answers over, and decides nothing.
@MainActor @Observable final class FlowModel: Identifiable {
    nonisolated let id: String
    private(set) var prompt: Prompt?
    /// What became of each of several permissions, once the flow is over.
    private(set) var results: [Outcome] = []
    let work: Work
    /// Whether it was begun before, and is gone on with.
    private(set) var isResumed: Bool

    private let wallet: any WalletProtocol
    private let leave: @MainActor () async -> Void

    /// What became of one permission.
    struct Outcome: Identifiable, Equatable {
        let id: String
        let service: String
        let outcome: ItemOutcome
    }

    init(
        flow: String, wallet: any WalletProtocol, work: Work, isResumed: Bool,
        leave: @escaping @MainActor () async -> Void
    ) {
        id = flow
        self.isResumed = isResumed
        self.wallet = wallet
        self.work = work
        self.leave = leave
    }

    var asks: Bool { prompt.map { asksPayer(prompt: $0) } ?? false }

    func load() async throws {
        if let open = try await asked() {
            prompt = open
            return
        }
        prompt = try await wallet.closingPrompt(flow: id)
        if prompt == nil { await leave() }
        try await loadResults()
    }

    /// The open step; nothing where the run has ended, however it did.
    private func asked() async throws -> Prompt? {
        do {
            return try await wallet.nextPrompt(flow: id)
        } catch WalletError.FlowEnded {
            return nil
        }
    }

    func answer(_ answer: Answer) {
        work.begin { [self] in try await submit(answer) }
    }

    /// Answers with what was typed, which is overwritten afterwards, whatever came of it.
    func answer(with digits: Digits, _ answer: @escaping @MainActor (Data) -> Answer) {
        work.begin { [self] in
            defer { digits.overwrite() }
            try await submit(answer(digits.data))
        }
    }

    private func submit(_ answer: Answer) async throws {
        isResumed = false
        let step = prompt?.step
        do {
            try await wallet.submit(flow: id, answer: answer)
        } catch {
            // A wrong guess counts: what is left is part of the prompt.
            try await load()
            if case .code = answer, case WalletError.Refused("too_late", _) = error { throw CodeNotTaken.expired }
            throw error
        }
        try await load()
        // A wrong code throws nothing: its step asks once more, with one try less.
        if case .code = answer, let prompt, prompt.step == step, let left = prompt.attemptsLeft {
            throw CodeNotTaken.wrong(attemptsLeft: left)
        }
    }

    /// Looks again while somebody else has the turn.
    func lookAgain() {
        work.begin { [self] in
            do {
                try await wallet.refreshFlow(flow: id)
            } catch WalletError.FlowEnded {
                // How it came out is shown.
            }
            try await load()
        }
    }

    /// The quiet action: leaves the flow while it asks, and only its screen otherwise.
    func quit() {
        work.begin { [self] in
            if asks { try await wallet.cancelFlow(flow: id) }
            await leave()
        }
    }

    private func loadResults() async throws {
        guard let prompt, prompt.definition.hasPrefix("mandate.cancel") else { return }
        let items = try await wallet.batchResults(flow: id)
        var results: [Outcome] = []
        for item in items {
            let mandate = try await wallet.mandate(mandate: item.mandate)
            results.append(Outcome(id: item.mandate, service: mandate.terms.service, outcome: item.outcome))
        }
        self.results = results.count > 1 ? results : []
    }
}

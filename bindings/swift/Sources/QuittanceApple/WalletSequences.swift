import Quittance

extension WalletProtocol {
    /// What the payer should know by now, oldest first: `for try await event in wallet.events`.
    ///
    /// Asking for the next one says that the payer was shown the former, which is forgotten then. Whoever breaks off,
    /// throws, is cancelled or killed gets the one that it stopped at again the next time, with the rest. The sequence ends
    /// when nothing is left; `sync` brings more. An app that draws a list takes it from `news(shown:)`.
    public var events: WalletEvents { WalletEvents(wallet: self) }

    /// The questions of a flow, one after the other, until another app or somebody else has the turn, or the flow is over:
    ///
    ///     for try await prompt in wallet.questions(of: flow) {
    ///         try await wallet.submit(flow: flow, answer: ask(prompt))
    ///     }
    ///
    /// A question that was not answered comes again. A cancelled task leaves the flow where it is; `cancelFlow` ends it.
    public func questions(of flow: String) -> FlowQuestions { FlowQuestions(wallet: self, flow: flow) }
}

/// What the payer should know, one by one, each kept until the next one is asked for.
public struct WalletEvents: AsyncSequence, Sendable {
    public typealias Element = WalletEvent
    let wallet: any WalletProtocol

    public struct AsyncIterator: AsyncIteratorProtocol {
        let wallet: any WalletProtocol
        /// The one that was given last.
        private var shown: UInt64?

        init(wallet: any WalletProtocol) {
            self.wallet = wallet
        }

        public mutating func next() async throws -> WalletEvent? {
            if Task.isCancelled { return nil }
            guard let oldest = try await wallet.news(shown: shown).first else { return nil }
            shown = oldest.number
            return oldest.event
        }
    }

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(wallet: wallet) }
}

/// The open questions of one flow.
public struct FlowQuestions: AsyncSequence, Sendable {
    public typealias Element = Prompt
    let wallet: any WalletProtocol
    let flow: String

    public struct AsyncIterator: AsyncIteratorProtocol {
        let wallet: any WalletProtocol
        let flow: String

        public mutating func next() async throws -> Prompt? {
            if Task.isCancelled { return nil }
            guard let prompt = try await wallet.nextPrompt(flow: flow), asksPayer(prompt: prompt) else { return nil }
            // No answer fits it: `nextPrompt` gives its link.
            if case .jump = prompt.kind { return nil }
            return prompt
        }
    }

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(wallet: wallet, flow: flow) }
}

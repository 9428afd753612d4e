import Quittance

extension WalletProtocol {
    /// What the payer should know by now, oldest first: `for try await event in wallet.events`.
    ///
    /// Each is taken from the wallet when it is asked for, and only then: whoever stops half-way, or whose task is
    /// cancelled, finds the rest the next time. The sequence ends when nothing is left; `sync` brings more.
    public var events: WalletEvents { WalletEvents(wallet: self) }

    /// The questions of a flow, one after the other, until somebody else has the turn or the flow is over:
    ///
    ///     for try await prompt in wallet.questions(of: flow) {
    ///         try await wallet.submit(flow: flow, answer: ask(prompt))
    ///     }
    ///
    /// A question that was not answered comes again. A cancelled task leaves the flow where it is; `cancelFlow` ends it.
    public func questions(of flow: String) -> FlowQuestions { FlowQuestions(wallet: self, flow: flow) }
}

/// What the payer should know, taken one by one.
public struct WalletEvents: AsyncSequence, Sendable {
    public typealias Element = WalletEvent
    let wallet: any WalletProtocol

    public struct AsyncIterator: AsyncIteratorProtocol {
        let wallet: any WalletProtocol

        public mutating func next() async throws -> WalletEvent? {
            if Task.isCancelled { return nil }
            return try await wallet.nextEvent()
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
            return prompt
        }
    }

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(wallet: wallet, flow: flow) }
}

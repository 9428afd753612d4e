import Foundation
import Quittance
import Testing

@testable import QuittanceDemo

/// One thing at a time.
@MainActor @Suite struct WorkTests {
    private let work = Work()
    private let gate = AsyncStream.makeStream(of: Void.self)

    @Test("A second tap does nothing while the first is under way; the control: after it, it does")
    func twice() async {
        var done: [Int] = []
        let gate = gate.stream
        work.begin {
            for await _ in gate { break }
            done.append(1)
        }
        work.begin { done.append(2) }
        #expect(work.isBusy)
        self.gate.continuation.yield()
        await work.finished()
        #expect(done == [1] && !work.isBusy)
        work.begin { done.append(3) }
        await work.finished()
        #expect(done == [1, 3] && work.rounds == 2)
    }

    @Test("A link that comes meanwhile is followed afterwards, also after a failure, which is told")
    func afterwards() async {
        var done: [Int] = []
        let gate = gate.stream
        work.begin {
            for await _ in gate { break }
            throw WalletError.ForeignLink
        }
        work.afterwards { done.append(2) }
        self.gate.continuation.yield()
        await work.finished()
        #expect(done == [2] && !work.isBusy)
        #expect(work.problem == Problem(WalletError.ForeignLink) && work.hasProblem)
        work.hasProblem = false
        #expect(work.problem == nil)
    }
}

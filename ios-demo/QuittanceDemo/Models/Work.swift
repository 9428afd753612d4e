import Foundation
import Observation
import Quittance

/// What the app is doing for the payer now, one thing at a time, and what became of the last.
@MainActor @Observable final class Work {
    private(set) var isBusy = false
    /// How many things were done: a page that shows what they changed reads it again when this counts up.
    private(set) var rounds = 0
    /// What went wrong last, until the payer has seen it.
    var problem: Problem?

    /// Whether there is something that the payer has not seen yet; setting it to false means that it was seen.
    var hasProblem: Bool {
        get { problem != nil }
        set { if !newValue { problem = nil } }
    }

    @ObservationIgnored private var task: Task<Void, Never>?
    @ObservationIgnored private var waiting = 0

    /// Begins something, unless something is under way: a second tap does nothing.
    func begin(_ job: @escaping @MainActor () async throws -> Void) {
        if !isBusy { afterwards(job) }
    }

    /// Begins something as soon as nothing else is under way.
    func afterwards(_ job: @escaping @MainActor () async throws -> Void) {
        let earlier = task
        isBusy = true
        task = Task {
            await earlier?.value
            do {
                try await job()
            } catch {
                problem = Problem(error)
            }
            rounds += 1
            waiting -= 1
            isBusy = waiting > 0
        }
        waiting += 1
    }

    /// Returns when nothing is under way any more.
    func finished() async {
        while isBusy, let task { await task.value }
    }
}

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
    /// How many that the payer asked for are not done.
    @ObservationIgnored private var asked = 0
    /// How many are not done at all.
    @ObservationIgnored private var open = 0

    /// Begins something, unless something is under way: a second tap does nothing.
    func begin(_ job: @escaping @MainActor () async throws -> Void) {
        if !isBusy { afterwards(job) }
    }

    /// Begins something as soon as nothing else is under way.
    func afterwards(_ job: @escaping @MainActor () async throws -> Void) {
        asked += 1
        isBusy = true
        enqueue { [self] in
            do {
                try await job()
            } catch {
                problem = Problem(error)
            }
            asked -= 1
            isBusy = asked > 0
        }
    }

    /// Does something short that nobody asked for, between what the payer does: a tap meanwhile counts, and comes after
    /// it. Returns when it is done.
    func aside(_ job: @escaping @MainActor () async -> Void) async {
        await enqueue(job).value
    }

    @discardableResult
    private func enqueue(_ job: @escaping @MainActor () async -> Void) -> Task<Void, Never> {
        let earlier = task
        open += 1
        let task = Task {
            await earlier?.value
            await job()
            rounds += 1
            open -= 1
        }
        self.task = task
        return task
    }

    /// Returns when nothing is under way any more.
    func finished() async {
        while open > 0, let task { await task.value }
    }
}

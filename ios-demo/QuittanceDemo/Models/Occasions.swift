import Foundation

/// When the gateway is spoken with unasked: the app comes to the front, the network comes back, the wallet's next attempt
/// is due. Nothing happens while the app is away.
@MainActor final class Occasions {
    /// Returns at a moment; its error means that nobody waits any more.
    typealias Pause = @Sendable (Date) async throws -> Void

    private let network: any NetworkWatch
    private let pause: Pause
    /// What to do at each; absent while the app is away.
    private var contact: (@MainActor () -> Void)?
    private var watching: Task<Void, Never>?
    private var waiting: Task<Void, Never>?

    init(network: any NetworkWatch, pause: @escaping Pause) {
        self.network = network
        self.pause = pause
    }

    var isInFront: Bool { contact != nil }

    /// The app came to the front. Where it never left, as under the system's own sheets, this is no occasion.
    func begin(_ contact: @escaping @MainActor () -> Void) {
        guard !isInFront else { return }
        self.contact = contact
        watching = Task { [network] in
            var hadNetwork = true
            for await hasNetwork in network.changes() {
                if hasNetwork, !hadNetwork { contact() }
                hadNetwork = hasNetwork
            }
        }
        contact()
    }

    func end() {
        contact = nil
        for task in [watching, waiting] { task?.cancel() }
        (watching, waiting) = (nil, nil)
    }

    /// The wallet said when to try again; absent: it has nothing to send.
    func plan(_ next: Date?) {
        waiting?.cancel()
        waiting = nil
        guard let contact, let next else { return }
        waiting = Task { [pause] in
            do { try await pause(next) } catch { return }
            if !Task.isCancelled { contact() }
        }
    }

    /// The shortest pause in seconds: what is due at once was just tried, or a clock was turned.
    private static let shortest = 5.0

    /// Waits by the phone's own clock.
    static let byTheClock: Pause = { moment in
        try await Task.sleep(for: .seconds(max(shortest, moment.timeIntervalSinceNow)))
    }
}

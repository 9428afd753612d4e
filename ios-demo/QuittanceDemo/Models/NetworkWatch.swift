import Foundation
import Network

/// Tells whether the phone has a network.
protocol NetworkWatch: Sendable {
    /// Whether there is one: now, then after each change, for as long as somebody reads.
    func changes() -> AsyncStream<Bool>
}

/// Asks the system.
struct SystemNetwork: NetworkWatch {
    func changes() -> AsyncStream<Bool> {
        AsyncStream { stream in
            let monitor = NWPathMonitor()
            monitor.pathUpdateHandler = { stream.yield($0.status == .satisfied) }
            stream.onTermination = { _ in monitor.cancel() }
            monitor.start(queue: DispatchQueue(label: "org.quittance.network"))
        }
    }
}

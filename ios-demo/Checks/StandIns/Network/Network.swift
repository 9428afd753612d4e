// Stands in for the part of Apple's Network that the app uses. For checks only: there is a network until a test says
// otherwise.
@_exported import Foundation

public struct NWPath: Sendable {
    public enum Status: Sendable { case satisfied, unsatisfied, requiresConnection }

    public let status: Status
}

/// What the stand-in's phone is connected to, and who listens.
public final class PathRecord: @unchecked Sendable {
    /// What monitors listen to that are made now; a test has one of its own.
    @TaskLocal public static var current = PathRecord()

    private let lock = NSLock()
    private var status = NWPath.Status.satisfied
    private var monitors: [ObjectIdentifier: NWPathMonitor] = [:]

    public init() {}

    /// How many monitors are told of changes.
    public var listeners: Int { lock.withLock { monitors.count } }

    public func change(_ status: NWPath.Status) {
        let monitors = lock.withLock {
            self.status = status
            return Array(self.monitors.values)
        }
        monitors.forEach { $0.tell(status) }
    }

    func add(_ monitor: NWPathMonitor) {
        let status = lock.withLock {
            monitors[ObjectIdentifier(monitor)] = monitor
            return self.status
        }
        monitor.tell(status)
    }

    func remove(_ monitor: NWPathMonitor) {
        lock.withLock { _ = monitors.removeValue(forKey: ObjectIdentifier(monitor)) }
    }
}

public final class NWPathMonitor: @unchecked Sendable {
    public var pathUpdateHandler: (@Sendable (NWPath) -> Void)?

    private let record = PathRecord.current

    public init() {}

    public func start(queue: DispatchQueue) { record.add(self) }
    public func cancel() { record.remove(self) }

    func tell(_ status: NWPath.Status) { pathUpdateHandler?(NWPath(status: status)) }
}

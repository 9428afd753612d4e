import Foundation
import Quittance
import QuittanceFFI

private let calls = 1_000
private let rounds = 401
private let openings = 200

/// What crossing between Swift and the library costs, as rows of docs/performance.md: `cargo xtask cost`.
func measure(folder: String) async throws {
    let keys = TimedKeys()
    let first = try await time { _ = try await open(folder: folder, keys: keys).mandates() }
    row("Swift: a new wallet made, first list", first)

    let call = perCall { _ = errorKind(error: .Offline) }
    let plain = perCall { _ = ffi_quittance_uniffi_contract_version() }
    row("Swift: a call into the library (`errorKind`), of the processor", call, "a plain C function", plain)

    var opened: [Double] = []
    for _ in 0..<openings {
        keys.begin()
        opened.append(try await time { _ = try await open(folder: folder, keys: keys).mandates() })
    }
    row("Swift: a wallet opened, first list", median(opened))
    row("Swift: a call out of the library into a keystore, at most", keys.shortestGap())

    let wallet = try await open(folder: folder, keys: keys)
    var awaited: [Double] = []
    for _ in 0..<rounds { awaited.append(try await time { _ = try await wallet.enrolment() }) }
    row("Swift: an awaited call that reads the wallet's file (`enrolment`)", median(awaited))
}

/// Microseconds of this thread's own time for one call, as the median over rounds of many: others at work do not count.
private func perCall(_ call: () -> Void) -> Double {
    median(
        (0..<rounds).map { _ in
            let start = nanoseconds(CLOCK_THREAD_CPUTIME_ID)
            for _ in 0..<calls { call() }
            return Double(nanoseconds(CLOCK_THREAD_CPUTIME_ID) - start) / 1000 / Double(calls)
        })
}

private func nanoseconds(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

private func time(_ work: () async throws -> Void) async throws -> Double {
    let start = now()
    try await work()
    return Double(now() - start) / 1000
}

private func now() -> UInt64 {
    DispatchTime.now().uptimeNanoseconds
}

private func median(_ times: [Double]) -> Double {
    times.sorted()[times.count / 2]
}

private func row(_ what: String, _ took: Double, _ baseline: String = "", _ empty: Double? = nil) {
    let shown = { (time: Double) in String(format: "%.2f us", time) }
    print("| \(what) | \(shown(took)) | \(baseline) | \(empty.map(shown) ?? "") |")
}

/// Notes when the library calls and when it is answered. Between an answer and the next call lie one way back, one way out,
/// and whatever the library did: the shortest such gap is the most that crossing can cost.
private final class TimedKeys: DeviceKeys, @unchecked Sendable {
    private let keys = KeysInMemory()
    private let lock = NSLock()
    private var gaps: [Int: [Double]] = [:]
    private var answered: UInt64 = 0
    private var number = 0

    func begin() {
        lock.withLock { (answered, number) = (0, 0) }
    }

    func shortestGap() -> Double {
        lock.withLock { gaps.values.map(median).min() ?? 0 }
    }

    private func timed<T>(_ answer: () throws -> T) rethrows -> T {
        let called = now()
        lock.withLock {
            if answered != 0 { gaps[number, default: []].append(Double(called - answered) / 1000) }
            number += 1
        }
        let result = try answer()
        lock.withLock { answered = now() }
        return result
    }

    func epochKeyExists(epoch: UInt64) throws -> Bool { try timed { try keys.epochKeyExists(epoch: epoch) } }

    func unwrap(epoch: UInt64, wrapped: Data) throws -> Data {
        try timed { try keys.unwrap(epoch: epoch, wrapped: wrapped) }
    }

    func deleteEpochKey(epoch: UInt64) throws { try timed { try keys.deleteEpochKey(epoch: epoch) } }

    func createEpochKey(epoch: UInt64) throws { try keys.createEpochKey(epoch: epoch) }

    func wrap(epoch: UInt64, plain: Data) throws -> Data { try keys.wrap(epoch: epoch, plain: plain) }

    func createKey(alias: KeyAlias, challenge: Data) throws -> CreatedKey {
        try keys.createKey(alias: alias, challenge: challenge)
    }

    func sign(alias: KeyAlias, message: Data) throws -> Data { try keys.sign(alias: alias, message: message) }

    func deleteKey(alias: KeyAlias) throws { try keys.deleteKey(alias: alias) }

    func describe() throws -> KeyStoreKind { try keys.describe() }
}

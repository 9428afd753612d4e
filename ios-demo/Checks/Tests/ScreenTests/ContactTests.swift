import Foundation
import Network
import Quittance
import Testing

@testable import QuittanceDemo
@testable import SwiftUI

/// A network that a test takes away and gives back.
private struct SwitchedNetwork: NetworkWatch {
    let stream = AsyncStream.makeStream(of: Bool.self)
    func changes() -> AsyncStream<Bool> { stream.stream }
    /// False where nobody listens any more.
    @discardableResult func turn(_ isOn: Bool) -> Bool { isHeard(stream.continuation.yield(isOn)) }
}

/// A clock that a test turns: it tells for when somebody waits, and ends that wait.
private struct TurnedClock: Sendable {
    let awaited = AsyncStream.makeStream(of: Date.self)
    let passes = AsyncStream.makeStream(of: Void.self)

    /// False where nobody waits any more.
    @discardableResult func pass() -> Bool { isHeard(passes.continuation.yield()) }

    func pause(_ moment: Date) async {
        awaited.continuation.yield(moment)
        for await _ in passes.stream { return }
    }
}

private func isHeard<Element>(_ result: AsyncStream<Element>.Continuation.YieldResult) -> Bool {
    if case .terminated = result { false } else { true }
}

/// The gateway hears of everything as soon as it can be reached, with nobody asking for it.
@MainActor @Suite(.timeLimit(.minutes(1))) struct ContactTests {
    private let wallet = ShownWallet()
    private let network = SwitchedNetwork()
    private let clock = TurnedClock()
    private let app: AppModel
    private let screen: Driver<RootView>

    init() {
        let (wallet, network, clock) = (wallet, network, clock)
        wallet.views = MadeUp.views(MadeUp.all)
        app = AppModel(facts: { .ofThisPhone }, network: network, pause: { await clock.pause($0) }) { wallet }
        screen = Driver(RootView(model: app))
    }

    /// Returns when the gateway was spoken with once more, and what came of it is on the screen.
    private func contact() async {
        for await _ in wallet.contacts.stream { break }
        await app.contacting?.value
        await app.work.finished()
        await screen.settle()
    }

    /// How many more contacts there were by now.
    private func more() async -> Int {
        await app.contacting?.value
        wallet.contacts.continuation.finish()
        var count = 0
        for await _ in wallet.contacts.stream { count += 1 }
        return count
    }

    private func bring(_ phase: ScenePhase) {
        screen.surroundings.scenePhase = phase
        screen.draw()
    }

    @Test("Once as the app opens; once more when it comes back, and not after a sheet of the system's")
    func front() async {
        await screen.settle()
        await contact()
        bring(.inactive)
        bring(.active)
        bring(.inactive)
        bring(.background)
        bring(.active)
        await contact()
        #expect(await more() == 0)
    }

    @Test("When the network comes back: what is told then is shown, and the sign of being without one goes")
    func network() async {
        wallet.isOnline = false
        network.turn(false)
        await screen.settle()
        await contact()
        #expect(screen.outline().contains(say("app.permissions.offline")))
        wallet.isOnline = true
        wallet.happened = [.charged(mandate: "man_1", amount: cny(30_00))]
        network.turn(true)
        await contact()
        #expect(!screen.outline().contains(say("app.permissions.offline")) && app.news.count == 1)
        // The control: a network that was there all along is no occasion.
        network.turn(true)
        network.turn(false)
        network.turn(true)
        await contact()
        #expect(await more() == 0)
    }

    @Test("When the wallet's next attempt is due, for as long as it has one")
    func due() async {
        let next = pictured.addingTimeInterval(60)
        wallet.nextAttempt = next
        await screen.settle()
        await contact()
        var awaited = clock.awaited.stream.makeAsyncIterator()
        #expect(await awaited.next() == next)
        wallet.nextAttempt = nil
        clock.pass()
        await contact()
        clock.awaited.continuation.finish()
        #expect(await awaited.next() == nil)
        #expect(await more() == 0)
    }

    @Test("While the app is away nobody listens to the network or waits for the clock; before, somebody did")
    func away() async {
        wallet.nextAttempt = pictured
        await screen.settle()
        await contact()
        var awaited = clock.awaited.stream.makeAsyncIterator()
        #expect(await awaited.next() == pictured)
        #expect(network.turn(true))
        bring(.background)
        // Both end soon, or the time of the test does.
        while network.turn(true), !Task.isCancelled { await Task.yield() }
        while clock.pass(), !Task.isCancelled { await Task.yield() }
        #expect(await more() == 0)
    }

    @Test("It disturbs nobody: no alert, no button off; the control: what says that somebody cheats is told")
    func quiet() async {
        wallet.unheard = .Refused(code: "internal", reaction: .support)
        await screen.settle()
        await contact()
        #expect(app.work.problem == nil && !app.work.isBusy)
        wallet.unheard = .Distrusted(reason: "log_proof")
        bring(.background)
        bring(.active)
        await contact()
        #expect(app.work.problem == Problem(WalletError.Distrusted(reason: "log_proof")))
    }

    @Test("What comes of it waits for what the payer does, and keeps the payer from nothing")
    func aside() async {
        let work = Work()
        let gate = AsyncStream.makeStream(of: Void.self)
        var done: [Int] = []
        work.begin {
            for await _ in gate.stream { break }
            done.append(1)
        }
        let heard = Task { await work.aside { done.append(2) } }
        gate.continuation.yield()
        await heard.value
        let later = Task {
            await work.aside {
                #expect(!work.isBusy)
                work.begin { done.append(4) }
                done.append(3)
            }
        }
        await later.value
        await work.finished()
        #expect(done == [1, 2, 3, 4])
    }

    @Test("The system's changes are passed on to whoever reads, and to nobody afterwards")
    func system() async {
        let record = PathRecord()
        await PathRecord.$current.withValue(record) {
            var read: [Bool] = []
            for await hasNetwork in SystemNetwork().changes() {
                #expect(record.listeners == 1)
                read.append(hasNetwork)
                if read.count == 3 { break }
                record.change(hasNetwork ? .unsatisfied : .satisfied)
            }
            #expect(read == [true, false, true])
        }
        #expect(record.listeners == 0)
    }
}

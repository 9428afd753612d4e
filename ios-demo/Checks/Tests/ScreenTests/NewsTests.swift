import Foundation
import Quittance
import Testing

@testable import QuittanceDemo
@testable import SwiftUI

/// What happened is told until the payer has seen it, by whichever process.
@MainActor @Suite(.timeLimit(.minutes(1))) struct NewsTests {
    private let wallet = ShownWallet()
    private let charges: [WalletEvent] = [
        .charged(mandate: "man_1", amount: cny(30_00)), .charged(mandate: "man_1", amount: cny(12_00)),
    ]

    init() {
        wallet.views = MadeUp.views(MadeUp.all)
        wallet.happened = charges
    }

    /// The app in a process of its own: what it knows is this object.
    @MainActor private final class Process {
        let app: AppModel
        let screen: Driver<RootView>

        init(_ open: @escaping @Sendable () async throws -> any WalletProtocol) {
            app = AppModel(facts: { .ofThisPhone }, open: open)
            screen = Driver(RootView(model: app))
        }

        func rest() async {
            await screen.settle()
            await app.contacting?.value
            await app.work.finished()
            await screen.settle()
        }

        func contact() async {
            app.sync()
            await rest()
        }
    }

    private func process(on tab: AppModel.Tab = .permissions) async -> Process {
        let wallet = wallet
        let process = Process { wallet }
        process.app.tab = tab
        await process.rest()
        return process
    }

    @Test("A phone in quarantine is told so, and led by the check-up to the page that sets it up again")
    func quarantine() async throws {
        wallet.isQuarantined = true
        wallet.happened = [.quarantined]
        let process = await process()
        #expect(process.app.news.map(\.text) == [say("app.event.quarantined")])
        try process.screen.tap("news-security")
        await process.rest()
        #expect(process.app.tab == .security && process.app.news.isEmpty)
        try process.screen.tap("remedy-quarantined")
        await process.rest()
        let shown = process.screen.outline()
        #expect(shown.contains(say("app.error.quarantined")) && shown.contains(say("app.action.set_up_again")))
        #expect(!shown.contains(say("app.error.reenrol.body")), "its secrets are there")
    }

    @Test("News that was on no screen is told by the next process, once; what was on one is not told again")
    func killed() async {
        let first = await process(on: .security)
        await first.contact()
        #expect(first.app.news.count == 2 && wallet.happened == charges)

        let second = await process()
        #expect(second.app.news.count == 2 && wallet.happened == charges)
        await second.contact()
        #expect(second.app.news.count == 2 && wallet.happened.isEmpty)

        let third = await process()
        #expect(third.app.news.isEmpty)
    }

    @Test("What is told beneath a flow is seen once the flow has closed")
    func beneath() async throws {
        wallet.happened = []
        wallet.asked = MadeUp.prompt(.biometric, "identify", deadline: nil)
        let process = await process()
        process.app.begin("mandate.cancel.quick")
        await process.rest()
        wallet.happened = charges
        for _ in 1...2 { await process.contact() }
        #expect(process.app.flow != nil && process.app.news.count == 2 && wallet.happened == charges)
        process.app.flow = nil
        await process.rest()
        await process.contact()
        #expect(process.app.news.count == 2 && wallet.happened.isEmpty)
    }

    @Test("A phone that is set up again hears the news of its new wallet, whose numbers are small again")
    func another() async {
        let (old, new) = (wallet, ShownWallet())
        let wallets = AsyncStream.makeStream(of: ShownWallet.self)
        for wallet in [old, new] { wallets.continuation.yield(wallet) }
        let process = Process {
            for await wallet in wallets.stream { return wallet }
            throw WalletError.Offline
        }
        await process.rest()
        await process.contact()
        #expect(process.app.news.count == 2 && old.happened.isEmpty)
        new.happened = [.unlocked]
        await process.app.setUpAgain()
        await process.app.work.finished()
        await process.rest()
        #expect(process.app.news.map(\.text) == [say("app.event.unlocked")] && new.happened == [.unlocked])
    }
}

import Foundation
import Quittance
import Testing

@testable import QuittanceDemo
@testable import SwiftUI

/// A recovery that succeeded always leaves a way to choose the PIN.
@MainActor @Suite struct NewPinTests {
    private let wallet = ShownWallet()
    private let app: AppModel
    private let screen: Driver<RootView>

    init() {
        let wallet = wallet
        app = AppModel(facts: { .ofThisPhone }) { wallet }
        screen = Driver(RootView(model: app))
    }

    private func choose() async throws {
        for digit in "739154739154" { try screen.tap("pin-\(digit)") }
        await app.work.finished()
        await screen.settle()
    }

    private func hear(_ key: String) async {
        wallet.happened = [.told(flow: "flo_1", text: key)]
        app.sync()
        await app.work.finished()
        await screen.settle()
    }

    @Test("From the news of it, which stays until one was chosen; the control: other news lead nowhere")
    func news() async throws {
        await screen.settle()
        await hear("recovery.contacts_asked")
        #expect(!screen.offers("news-new-pin") && app.news.count == 1)
        await hear("recovery.opened")
        try screen.tap("news-new-pin")
        try screen.tap(say("app.action.cancel"))
        #expect(!app.choosesPin && screen.offers("news-new-pin"))
        try screen.tap("news-new-pin")
        try await choose()
        #expect(wallet.secrets == ["739154"] && !app.choosesPin && !screen.offers("news-new-pin"))
        #expect(screen.outline().contains(say("app.recovery.done")))
    }

    @Test("From the recovery page, with no news of it; a PIN that is refused is told there, and can be chosen again")
    func page() async throws {
        app.tab = .recovery
        await screen.settle()
        try screen.tap("new-pin")
        wallet.failure = .Offline
        try await choose()
        #expect(screen.outline().contains(say("app.error.offline")) && app.choosesPin)
        try screen.tap(say("app.action.close"))
        wallet.failure = nil
        try await choose()
        #expect(wallet.secrets == ["739154", "739154"] && !app.choosesPin)
    }

    @Test("After its end was left with the button")
    func left() async throws {
        wallet.asked = MadeUp.prompt(
            .done(underWay: false), "end.pin_reset", deadline: nil, definition: "recovery.transaction_quiz")
        await screen.settle()
        app.begin("recovery.transaction_quiz")
        await app.work.finished()
        await screen.settle()
        #expect(screen.offers("pin-1"))
        wallet.happened = [.told(flow: "flo_1", text: "recovery.opened")]
        try screen.tap("quiet")
        await app.work.finished()
        await screen.settle()
        #expect(app.flow == nil && wallet.secrets.isEmpty)
        try screen.tap("news-new-pin")
        try await choose()
        #expect(wallet.secrets == ["739154"])
    }
}

import Foundation
import Quittance
import Testing

@testable import QuittanceDemo
@testable import SwiftUI

/// Long names and hashes: shortened to the eye alone.
@MainActor @Suite struct DetailTests {
    @Test("It is copied whole and read aloud whole")
    func whole() async throws {
        let wallet = ShownWallet()
        wallet.closed = [MadeUp.receipt]
        let app = AppModel(facts: { .ofThisPhone }) { wallet }
        let screen = Driver(RootView(model: app))
        app.tab = .receipts
        await screen.settle()
        try screen.tap("receipt")
        await screen.settle()
        try screen.tap(say("app.details.title"))
        let order = MadeUp.receipt.order
        #expect(order.count > 20)
        #expect(texts(screen).contains(shortened(order)) && !texts(screen).contains(order))
        #expect(said(screen).contains(order))

        UIPasteboard.general.string = nil
        try screen.tap(say("app.action.copy") + " " + say("app.details.order"))
        #expect(UIPasteboard.general.string == order)
        #expect(texts(screen).contains(say("app.details.copied")))
        let record = Data("quittance-entry/1".utf8).base64EncodedString()
        try screen.tap(say("app.action.copy") + " " + say("app.details.record"))
        #expect(UIPasteboard.general.string == record)
    }

    private func texts(_ screen: Driver<RootView>) -> [String] { all(screen, \.text) }

    private func said(_ screen: Driver<RootView>) -> [String] { all(screen) { $0.traits["says"] ?? "" } }

    private func all(_ screen: Driver<RootView>, _ words: (Element) -> String) -> [String] {
        var found: [String] = []
        screen.draw().each { found.append(words($0)) }
        return found
    }
}

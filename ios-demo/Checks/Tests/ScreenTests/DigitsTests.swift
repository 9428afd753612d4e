import Foundation
import Quittance
import Testing

@testable import QuittanceDemo
@testable import SwiftUI

/// What was typed is overwritten: when it was used, when it failed, and when it was left.
@MainActor @Suite struct DigitsTests {
    private let wallet = ShownWallet()
    private let app: AppModel
    private let screen: Driver<RootView>

    init() {
        let wallet = wallet
        app = AppModel(facts: { .ofThisPhone }) { wallet }
        screen = Driver(RootView(model: app))
    }

    private func typed(_ digits: String) -> Digits {
        let entry = PinEntry(length: digits.count)
        for digit in digits.utf8 { entry.add(digit - UInt8(ascii: "0")) }
        return entry.take()
    }

    @Test("After the call they are gone, taken or refused", arguments: [nil, WalletError.WrongAnswer])
    func used(_ failure: WalletError?) async throws {
        wallet.failure = failure
        wallet.asked = MadeUp.prompt(.paymentPin(digits: 6), "ask.payment_pin", left: 3)
        await screen.settle()
        app.begin("mandate.cancel.service")
        await app.work.finished()
        let flow = try #require(app.flow)
        let uses: [@MainActor (Digits) -> Void] = [
            { flow.answer(with: $0) { .paymentPin(pin: $0) } },
            { flow.answer(with: $0) { .code(code: $0) } },
            { app.enrol($0) },
            { app.chooseNewPin($0) },
            { app.setLockPassword($0, typed("739154")) {} },
            { app.setLockPassword(typed("739154"), $0) {} },
        ]
        for use in uses {
            let digits = typed("482913")
            use(digits)
            // The control: until the call they are there.
            #expect(!digits.isOverwritten)
            await app.work.finished()
            #expect(digits.isOverwritten)
        }
        #expect(wallet.secrets.filter { $0 == "482913" }.count == uses.count)
    }

    @Test("Of two that differ nothing is left; of two that are the same the second goes on, and the first is gone")
    func chosen() async throws {
        var done: [Digits] = []
        let pad = Driver(NewPinPad(length: 2, again: "again") { done.append($0) })
        for digit in [4, 8, 1, 5] { try pad.tap("pin-\(digit)") }
        #expect(done.isEmpty && pad.outline().contains(say("app.enrol.pin.differs")))
        for digit in [4, 8, 4, 8] { try pad.tap("pin-\(digit)") }
        #expect(done.map(\.data) == [Data("48".utf8)])
    }

    @Test("What is left is overwritten, typed in part or taken; the control: until then it is there")
    func left() async throws {
        let entry = PinEntry(length: 6)
        let pad = Driver(Switched(isShown: true) { PinPad(entry: entry) { _ in } })
        for digit in [4, 8, 2] { try pad.tap("pin-\(digit)") }
        #expect(entry.typed == 3)
        try pad.tap("switch")
        pad.draw()
        #expect(entry.typed == 0)

        let taken = typed("48")
        #expect(taken.data == Data("48".utf8) && taken.isSame(as: typed("48")) && !taken.isSame(as: typed("49")))
        taken.overwrite()
        #expect(taken.isOverwritten)
    }
}

/// Shows something until it is switched off.
private struct Switched<Content: View>: View {
    @State var isShown: Bool
    let content: () -> Content

    init(isShown: Bool, @ViewBuilder content: @escaping () -> Content) {
        _isShown = State(initialValue: isShown)
        self.content = content
    }

    var body: some View {
        VStack {
            Button("switch") { isShown = false }
            if isShown { content() }
        }
    }
}

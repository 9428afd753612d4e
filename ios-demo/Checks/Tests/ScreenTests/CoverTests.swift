import Foundation
import Quittance
import Testing

@testable import QuittanceDemo
@testable import SwiftUI

/// Nothing of the payer's is seen while the app is not in front, whatever stands above the views.
@MainActor @Suite struct CoverTests {
    private let wallet = ShownWallet()

    /// A sheet, how it is opened, and one of its buttons.
    struct Sheet: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let button: String
        let open: @Sendable @MainActor (AppModel, Driver<RootView>) async throws -> Void

        static let all = [
            Sheet(testDescription: "the flow", button: "pin-1") { app, _ in app.begin("mandate.cancel.service") },
            Sheet(testDescription: "the offer", button: say("app.action.cancel")) { _, screen in
                try screen.tap(say("app.action.read_offer"))
            },
            Sheet(testDescription: "the limits", button: say("app.action.cancel")) { app, screen in
                app.permissionPath = [.permission("man_1")]
                await screen.settle()
                try screen.tap(say("app.action.change_limits"))
            },
            Sheet(testDescription: "the lock's password", button: "pin-1") { app, screen in
                app.tab = .security
                await screen.settle()
                try screen.tap("set-lock-password")
            },
            Sheet(testDescription: "the new PIN", button: "pin-1") { app, screen in
                app.tab = .recovery
                await screen.settle()
                try screen.tap("new-pin")
            },
            Sheet(testDescription: "the lock, from the list", button: "confirm-pause") { _, screen in
                try screen.tap("pause-everything")
            },
            Sheet(testDescription: "the lock, from its own page", button: "confirm-pause") { app, screen in
                app.tab = .security
                await screen.settle()
                try screen.tap("pause-everything")
            },
        ]
    }

    @Test("A sheet has a cover of its own; the control: in front it has none", arguments: Sheet.all)
    func sheets(_ sheet: Sheet) async throws {
        wallet.views = MadeUp.views(MadeUp.all)
        for permission in MadeUp.all { wallet.details[permission.mandate] = MadeUp.detail(permission) }
        wallet.asked = MadeUp.prompt(
            .paymentPin(digits: 6), "ask.payment_pin", primary: "action.enter", left: 2)
        let app = AppModel(facts: { .ofThisPhone }) { [wallet] in wallet }
        let screen = Driver(RootView(model: app))
        await screen.settle()
        try await sheet.open(app, screen)
        await app.work.finished()
        await screen.settle()
        #expect(screen.outline().contains("sheet") && screen.offers(sheet.button))
        for phase in [ScenePhase.inactive, .background] {
            screen.surroundings.scenePhase = phase
            #expect(!screen.offers(sheet.button))
        }
        screen.surroundings.scenePhase = .active
        #expect(screen.offers(sheet.button))
    }

    @Test("Every sheet in the sources has its cover, and each of them is opened above")
    func sources() throws {
        let app = URL(fileURLWithPath: #filePath).appendingPathComponent("../../../../QuittanceDemo").standardized
        let files = try FileManager.default.subpathsOfDirectory(atPath: app.path).filter { $0.hasSuffix(".swift") }
        var found = 0
        for file in files {
            let source = try String(contentsOf: app.appendingPathComponent(file), encoding: .utf8)
            found += Self.contents(source).count
            #expect(Self.uncovered(source) == [], "\(file)")
        }
        #expect(found == Sheet.all.count)
    }

    @Test("A sheet without a cover is found, and one with it is not")
    func uncoveredIsFound() {
        for start in [".sheet(isPresented: $a)", ".fullScreenCover(item: $a)", ".popover(isPresented: $a)"] {
            #expect(Self.uncovered("A()\(start) { B { c } }.covered()") == [" B { c } "])
            #expect(Self.uncovered("A()\(start) { B { c }.covered() }") == [])
        }
    }

    /// The contents of what is presented above a view, as they are written.
    private static func contents(_ source: String) -> [Substring] {
        [".sheet(", ".fullScreenCover(", ".popover("].flatMap { start in
            source.ranges(of: start).compactMap { place in
                source[place.upperBound...].firstIndex(of: "{").map { block(source[$0...]) }
            }
        }
    }

    private static func uncovered(_ source: String) -> [Substring] {
        contents(source).filter { !$0.contains(".covered()") }
    }

    /// What stands between the brace at the beginning and the one that closes it.
    private static func block(_ text: Substring) -> Substring {
        var depth = 0
        for index in text.indices {
            if text[index] == "{" { depth += 1 }
            if text[index] == "}" { depth -= 1 }
            if depth == 0 { return text[text.index(after: text.startIndex)..<index] }
        }
        return text.dropFirst()
    }
}

import Foundation
import Quittance
import Testing

@testable import QuittanceDemo
@testable import SwiftUI

/// One-time codes that are not taken: each is told as what it is, and the right one still goes on.
extension JourneyTests {
    @Test("A wrong code is told with the tries that are left, an expired one as expired, and the right one goes on")
    func wrongCode() async throws {
        try await Manner.$current.withValue(english) {
            let hand = try await Hand()
            try await comeToTheCode(hand)
            try await hand.enter(wrong(try await hand.code()))
            #expect(hand.shows("That was not the code. Nothing was changed. 4 tries left."))
            try await hand.tap(say("app.action.close"))
            #expect(hand.shows("4 tries left"))

            try await hand.stage.sandbox.advance("PT5M")
            try await hand.enter(try await hand.code())
            #expect(hand.shows(say("app.code.expired")))
            try await hand.tap(say("app.action.close"))
            #expect(hand.shows("4 tries left"), "it costs no try")

            try await hand.tap("send-again")
            try await hand.enter(try await hand.code())
            #expect(hand.app.work.problem == nil && hand.app.flow?.prompt?.step == "id_document_upload")
        }
    }

    @Test("After the last wrong code the run is over, and its end says so alone")
    func lastWrongCode() async throws {
        try await Manner.$current.withValue(english) {
            let hand = try await Hand()
            try await comeToTheCode(hand)
            for _ in 1...4 {
                try await hand.enter(wrong(try await hand.code()))
                try await hand.tap(say("app.action.close"))
            }
            #expect(hand.app.flow?.asks == true, "control: the last try is still to come")
            try await hand.enter(wrong(try await hand.code()))
            #expect(hand.app.work.problem == nil && hand.app.flow?.asks == false)
            #expect(hand.shows(say("refused.budget_exhausted")))
        }
    }

    @Test("The quiet button at a code says that it leaves the run, and leaves it")
    func quietAtTheCode() async throws {
        try await Manner.$current.withValue(english) {
            let hand = try await Hand()
            try await comeToTheCode(hand)
            #expect(hand.app.flow?.asks == true, "control: the code is asked for")
            #expect(hand.shows(say("action.keep")))
            try await hand.tap("quiet")
            #expect(hand.app.flow == nil && hand.app.openFlows.isEmpty)
        }
    }

    private func comeToTheCode(_ hand: Hand) async throws {
        try await hand.enrol()
        try await hand.sign()
        try await hand.tap("permission-Rides")
        try await hand.tap("mandate.cancel.service")
        try await hand.tap("primary")
    }

    private func wrong(_ code: String) -> String {
        (code.first == "0" ? "1" : "0") + code.dropFirst()
    }
}

import Foundation
import LocalAuthentication
import Quittance
import Security
import Testing

@testable import QuittanceDemo
@testable import SwiftUI

/// What a payer does with the app, from its buttons down to a real gateway process.
@MainActor @Suite(.serialized) struct JourneyTests {
    @Test("A payer sets up, allows, is charged, stops at once, and holds a receipt")
    func thread() async throws {
        try await Manner.$current.withValue(english) {
            let hand = try await Hand()
            #expect(hand.shows(say("app.enrol.title")))
            try await hand.enrol()
            #expect(hand.shows(say("app.permissions.empty.title")))
            #expect(hand.app.enrolment?.keyStore == .hardware)

            try await hand.sign()
            #expect(hand.shows("Bluebird Rides") && hand.shows(say("app.group.on", ["count": .count(1)])))
            let mandate = try #require(hand.app.permissions?.permissions.first?.mandate)
            #expect(try await hand.stage.merchant.charge(mandate, cny(30_00), "ride").contains("\"approved\""))
            try await hand.hear()
            #expect(hand.shows("Rides charged CNY 30.00."))

            try await hand.tap("permission-Rides")
            #expect(hand.shows("Charged CNY 30.00"))
            try await hand.tap("mandate.cancel.quick")
            #expect(hand.shows(say("cancel.identify.title")))
            try await hand.tap("primary")
            #expect(hand.shows(say("cancel.confirm.consequence.destroyed")))
            // Held from here on, before the end.
            #expect(try await hand.stage.merchant.charge(mandate, cny(30_00), "held").contains("mandate_held"))
            try await hand.tap("primary")
            try await hand.enter("482913")
            try await hand.tap("quiet")
            #expect(hand.app.flow == nil)

            hand.app.tab = .receipts
            await hand.screen.settle()
            try await hand.tap("receipt")
            #expect(hand.shows(say("app.receipt.phone_destroyed")) && hand.shows(say("app.receipt.checked")))
            try await hand.tap("check-again")
            #expect(hand.shows("everything holds"))
            #expect(try await hand.stage.merchant.charge(mandate, cny(30_00), "after").contains("\"declined\""))
        }
    }

    @Test("A wrong PIN is told with the tries that are left, and the flow goes on")
    func wrongPin() async throws {
        try await Manner.$current.withValue(english) {
            let hand = try await Hand()
            try await hand.enrol()
            try await hand.tap(say("app.action.read_offer"))
            try hand.screen.type(try await hand.stage.offer(), into: say("app.offer.field"))
            try await hand.tap("read-offer")
            try await hand.tap("primary")
            try await hand.tap("primary")
            try await hand.enter("111111")
            #expect(hand.shows("That was not the PIN. 4 tries left."))
            #expect(!hand.shows("111111"))
            try await hand.tap(say("app.action.close"))
            #expect(hand.shows("4 tries left"))
            try await hand.enter("482913")
            try await hand.tap("quiet")
            #expect(hand.app.permissions?.on == 1)
        }
    }

    @Test("A closed sheet, a new face and a lock-out each say what to do, and change nothing")
    func sheetEnds() async throws {
        try await Manner.$current.withValue(english) {
            let hand = try await Hand()
            try await hand.enrol()
            try await hand.sign()
            try await hand.tap("switch-Rides")
            #expect(hand.app.permissions?.paused == 1)
            let endings: [(LAError.Code, String)] = [
                (.userCancel, "cancelled"), (.systemCancel, "timed_out"), (.authenticationFailed, "not_recognised"),
                (.biometryLockout, "locked_for_good"), (.biometryNotEnrolled, "not_enrolled"),
            ]
            for (code, name) in endings {
                PromptRecord.shared.failNext(code)
                try await hand.tap("switch-Rides")
                #expect(hand.shows(say("app.error.biometric." + name)))
                try await hand.tap(say("app.action.close"))
                #expect(hand.app.permissions?.paused == 1)
            }
            // The control: the same tap with a face that is known.
            try await hand.tap("switch-Rides")
            #expect(hand.app.permissions?.on == 1)
            try await hand.tap("switch-Rides")
            PromptRecord.shared.biometry = Data([9])
            try await hand.tap("switch-Rides")
            #expect(hand.shows(say("app.error.biometric.changed")))
            // Setting up again is one page away, and nothing is erased by looking at it.
            try await hand.tap(say("app.action.set_up_again"))
            #expect(hand.shows(say("app.set_up_again.lost")) && hand.screen.offers("set-up-again"))
            try await hand.tap(say("app.action.try_again"))
            #expect(hand.app.permissions?.paused == 1 && hand.shows("Bluebird Rides"))
        }
    }

    @Test("Everything is paused without a network, and stopping holds on this phone")
    func offline() async throws {
        try await Manner.$current.withValue(english) {
            let hand = try await Hand()
            try await hand.enrol()
            try await hand.sign()
            hand.stage.goOffline()
            try await hand.tap("pause-everything")
            #expect(hand.shows(say("app.lock.now.body")))
            try await hand.tap("confirm-pause")
            #expect(hand.shows(say("app.permissions.offline")))
            #expect(hand.app.stopping?.lock?.told == false && hand.app.permissions?.on == 0)
            hand.app.tab = .security
            await hand.screen.settle()
            #expect(hand.shows(say("app.lock.not_told")))
            #expect(!hand.screen.offers("end-lock"), "there is no password to end it with")
            hand.app.tab = .permissions
            await hand.screen.settle()
            try await hand.tap("permission-Rides")
            try await hand.tap("mandate.cancel.quick")
            try await hand.tap("primary")
            #expect(hand.shows(say("app.prompt.offline")))
            try await hand.tap("primary")
            try await hand.tap("quiet")
            #expect(hand.app.permissions?.ending == 1)
        }
    }

    @Test("A link of strangers changes nothing, and says so")
    func foreignLink() async throws {
        try await Manner.$current.withValue(english) {
            let hand = try await Hand()
            try await hand.enrol()
            hand.screen.open(try #require(URL(string: "quittance://back?state=none")))
            await hand.rest()
            #expect(hand.shows(say("app.error.foreign_link")) && hand.app.flow == nil)
        }
    }

    @Test("A bank app leads back by its link; where the bank never answers the debit stays paused, and that is said")
    func bank() async throws {
        try await Manner.$current.withValue(english) {
            let hand = try await Hand()
            try await hand.enrol()
            try await bankNeverAnswers(hand.stage.sandbox)
            try await hand.sign(try await bankOffer(hand.stage.sandbox))
            hand.screen.open(try await hand.leaveForBank())
            await hand.rest()
            #expect(hand.shows(say("wait.bank.title")))
            try await hand.stage.sandbox.advance("PT10M")
            try await hand.tap("look-again")
            #expect(hand.shows(say("refused.too_late")) && hand.app.work.problem == nil)
            try await hand.tap("quiet")
            #expect(hand.app.permissions?.paused == 1)
        }
    }

    @Test("The bank's link that starts the app anew is followed; the control: without it the flow waits")
    func bankColdStart() async throws {
        try await Manner.$current.withValue(english) {
            let hand = try await Hand()
            try await hand.enrol()
            try await bankNeverAnswers(hand.stage.sandbox)
            try await hand.sign(try await bankOffer(hand.stage.sandbox))
            let link = try await hand.leaveForBank()
            await hand.restart()
            #expect(hand.app.flow == nil && hand.screen.offers("open-flow"))
            await hand.restart(by: link)
            #expect(hand.shows(say("wait.bank.title")))
        }
    }

    @Test("A link that finds the phone without its screen lock is followed once there is one; a foreign one is told")
    func stuckColdStart() async throws {
        try await Manner.$current.withValue(english) {
            let hand = try await Hand()
            try await hand.enrol()
            PromptRecord.shared.unavailable = LAError(.passcodeNotSet)
            await hand.restart(by: try #require(URL(string: "quittance://back?state=none")))
            #expect(hand.shows(say("app.error.no_screen_lock.title")))
            #expect(!hand.shows(say("app.error.foreign_link")))
            PromptRecord.shared.unavailable = nil
            try await hand.tap(say("app.action.try_again"))
            #expect(hand.shows(say("app.error.foreign_link")) && hand.app.flow == nil)
        }
    }

    @Test("A gateway whose log has another key is not believed, and nothing is set up")
    func otherLog() async throws {
        try await Manner.$current.withValue(english) {
            let hand = try await Hand()
            let other = try await Stage()
            let config = hand.config
            hand.config = WalletConfig(
                dataDir: config.dataDir, gatewayUrl: config.gatewayUrl, origin: config.origin,
                logVkey: other.config.logVkey, policyAuthor: config.policyAuthor, sandbox: config.sandbox)
            await hand.restart()
            try await hand.enrol()
            #expect(hand.shows(say("app.error.alarm.title")) && hand.shows(say("app.error.alarm.body")))
            #expect(hand.app.enrolment == nil)
        }
    }

    @Test("A flow that was left by the system is offered again, from where it was")
    func again() async throws {
        try await Manner.$current.withValue(english) {
            let hand = try await Hand()
            try await hand.enrol()
            try await hand.sign()
            try await hand.tap("permission-Rides")
            try await hand.tap("mandate.cancel.quick")
            try await hand.tap("primary")
            await hand.restart()
            #expect(hand.app.flow == nil)
            try await hand.tap("open-flow")
            #expect(hand.shows(say("cancel.confirm.consequence.final")))
            try await hand.tap("primary")
            try await hand.enter("482913")
            #expect(hand.shows(say("end.stopped.title")) || hand.shows(say("end.stopping.title")))
        }
    }

    @Test("The lock gets a password of its own, goes on, and is ended early by it")
    func lock() async throws {
        try await Manner.$current.withValue(english) {
            let hand = try await Hand()
            try await hand.enrol()
            try await hand.sign()
            hand.app.tab = .security
            await hand.screen.settle()
            try await hand.tap("set-lock-password")
            try await hand.enter("482913")
            try await hand.enter("482913")
            try await hand.enter("482913")
            #expect(hand.shows(say("app.error.same_secret")) && hand.app.stopping?.lockPasswordSet == false)
            try await hand.tap(say("app.action.close"))
            try await hand.enter("482913")
            try await hand.enter("739154")
            try await hand.enter("739155")
            #expect(hand.shows(say("app.enrol.pin.differs")))
            try await hand.enter("739154")
            try await hand.enter("739154")
            #expect(hand.app.stopping?.lockPasswordSet == true && !hand.app.setsLockPassword)

            try await hand.tap("pause-everything")
            try await hand.tap("confirm-pause")
            let lock = try #require(hand.app.stopping?.lock)
            #expect(lock.told)
            let longer = try #require(lock.longer.first)
            try await hand.tap(written(.moment(longer)))
            try await hand.agree(lockPassword: "739154")
            #expect(hand.app.stopping?.lock?.until == longer)
            try await hand.tap("end-lock")
            try await hand.agree(lockPassword: "739154")
            #expect(hand.app.stopping?.lock == nil && hand.app.permissions?.on == 1)
        }
    }

    @Test("Lower limits are typed, agreed to, and kept by the gateway; what is no amount is not taken")
    func limits() async throws {
        try await Manner.$current.withValue(english) {
            let hand = try await Hand()
            try await hand.enrol()
            try await hand.sign()
            let mandate = try #require(hand.app.permissions?.permissions.first?.mandate)
            try await hand.tap("permission-Rides")
            try await hand.tap(say("app.action.change_limits"))
            let field = say("app.terms.per_charge", ["amount": .amount(cny(50_00))])
            for typed in ["much", "-1", "12.345"] {
                try hand.screen.type(typed, into: field)
                #expect(!hand.screen.offers("change"))
            }
            try hand.screen.type("20", into: field)
            try await hand.tap("change")
            #expect(hand.shows(say("limits.confirm.title")))
            try await hand.agree(lockPassword: "")
            try await hand.hear()
            #expect(hand.shows("Up to CNY 20.00 a charge"))
            #expect(try await hand.stage.merchant.charge(mandate, cny(30_00), "more").contains("\"declined\""))
        }
    }

    @Test("A stopped merchant is charged no more, and is allowed again")
    func merchant() async throws {
        try await Manner.$current.withValue(english) {
            let hand = try await Hand()
            try await hand.enrol()
            try await hand.sign()
            let mandate = try #require(hand.app.permissions?.permissions.first?.mandate)
            try await hand.tap("permission-Rides")
            try await hand.tap(say("app.action.stop_merchant"))
            #expect(try await hand.stage.merchant.charge(mandate, cny(30_00), "stopped").contains("\"declined\""))
            hand.app.tab = .security
            await hand.screen.settle()
            #expect(hand.shows("Everything of Bluebird Rides"))
            try await hand.tap(say("app.action.lift"))
            try await hand.agree(lockPassword: "")
            #expect(hand.app.stopping?.stops.isEmpty == true && hand.app.permissions?.on == 1)
        }
    }

    @Test("A phone that lost its keys says so, and is set up again")
    func lostKeys() async throws {
        try await Manner.$current.withValue(english) {
            let hand = try await Hand()
            try await hand.enrol()
            try await hand.sign()
            KeychainRecord.shared.reset()
            await hand.restart()
            #expect(hand.shows(say("app.error.reenrol.title")))
            try await hand.tap("set-up-again")
            #expect(hand.shows(say("app.enrol.title")))
            try await hand.enrol()
            #expect(hand.shows(say("app.permissions.empty.title")))
        }
    }

    @Test("A phone without a screen lock is not set up, and says where one is set; with one it goes on")
    func noScreenLock() async throws {
        try await Manner.$current.withValue(english) {
            let hand = try await Hand()
            PromptRecord.shared.unavailable = LAError(.passcodeNotSet)
            await hand.restart()
            #expect(hand.shows(say("app.error.no_screen_lock.title")))
            try await hand.tap(say("app.action.open_settings"))
            #expect(hand.screen.opened.map(\.absoluteString) == ["app-settings:"])
            PromptRecord.shared.unavailable = nil
            try await hand.tap(say("app.action.try_again"))
            #expect(hand.shows(say("app.enrol.title")))
        }
    }

    @Test("A phone that knows no finger and no face is not set up, and says where one is set; with one it goes on")
    func noBiometrics() async throws {
        try await Manner.$current.withValue(english) {
            let hand = try await Hand()
            PromptRecord.shared.unavailable = LAError(.biometryNotEnrolled)
            try await hand.enrol()
            #expect(hand.shows(say("app.error.no_biometrics.title")) && hand.app.enrolment == nil)
            try await hand.tap(say("app.action.open_settings"))
            #expect(hand.screen.opened.map(\.absoluteString) == ["app-settings:"])
            PromptRecord.shared.unavailable = nil
            try await hand.enter("482913")
            try await hand.enter("482913")
            #expect(hand.app.enrolment != nil)
        }
    }

    @Test("A clock that is a day behind the gateway's loses nothing, and the check-up says which time counts")
    func clockFarOff() async throws {
        try await Manner.$current.withValue(english) {
            let hand = try await Hand()
            try await hand.enrol()
            try await hand.sign()
            hand.app.tab = .security
            await hand.screen.settle()
            #expect(!hand.shows("the service’s time counts"))
            try await hand.stage.sandbox.advance("PT24H")
            try await hand.hear()
            #expect(hand.shows("24 hours away from the payment service’s time"))
            try await hand.tap("remedy-clock_far_off")
            #expect(hand.screen.opened.map(\.absoluteString) == ["app-settings:"])
            let mandate = try #require(hand.app.permissions?.permissions.first?.mandate)
            hand.app.turn(mandate, on: false)
            await hand.rest()
            #expect(hand.app.permissions?.paused == 1)
        }
    }

    @Test("Without a network nothing is set up, and nothing is lost by trying")
    func enrolOffline() async throws {
        try await Manner.$current.withValue(english) {
            let hand = try await Hand()
            hand.stage.goOffline()
            try await hand.enrol()
            #expect(hand.shows(say("app.error.offline")) && hand.app.enrolment == nil)
            try await hand.tap(say("app.action.close"))
            #expect(hand.shows(say("app.enrol.pin.title")))
        }
    }

    @Test("The service way asks for a code and photos, is scheduled, and is taken back")
    func serviceWay() async throws {
        try await Manner.$current.withValue(english) {
            let hand = try await Hand()
            try await hand.enrol()
            try await hand.sign()
            try await hand.tap("permission-Rides")
            try await hand.tap("mandate.cancel.service")
            #expect(hand.app.flow?.prompt?.step == "select")
            try await hand.tap("primary")
            try await hand.enter(try await hand.code())
            try await hand.photograph(2)
            try await hand.wait(until: "face")
            try await hand.tap("primary")
            try await hand.wait(until: "confirm_with_pin")
            try await hand.enter("482913")
            try await hand.hear()
            #expect(hand.shows(say("end.scheduled.title")))
            let mandate = try #require(hand.app.permissions?.permissions.first?.mandate)
            #expect(try await hand.stage.merchant.charge(mandate, cny(30_00), "held").contains("mandate_held"))

            try await hand.tap("take-back")
            #expect(hand.shows(say("undo.confirm.title")))
            try await hand.tap("primary")
            try await hand.tap("primary")
            try await hand.tap("quiet")
            #expect(hand.app.permissions?.on == 1)
            #expect(try await hand.stage.merchant.charge(mandate, cny(30_00), "kept").contains("\"approved\""))
        }
    }

    @Test("Without a recovery no other PIN is taken: the one that was chosen still works")
    func newPinUnasked() async throws {
        try await Manner.$current.withValue(english) {
            let hand = try await Hand()
            try await hand.enrol()
            hand.app.tab = .recovery
            await hand.screen.settle()
            try await hand.tap("new-pin")
            try await hand.enter("739154")
            try await hand.enter("739154")
            #expect(hand.app.work.problem != nil && hand.app.choosesPin)
            try await hand.tap(say("app.action.close"))
            try await hand.tap(say("app.action.cancel"))
            hand.app.tab = .permissions
            await hand.screen.settle()
            try await hand.sign()
            #expect(hand.app.permissions?.on == 1)
        }
    }

    @Test("Nothing of the payer's is seen while the app is not in front")
    func cover() async throws {
        try await Manner.$current.withValue(english) {
            let hand = try await Hand()
            try await hand.enrol()
            hand.screen.surroundings.scenePhase = .inactive
            #expect(hand.shows(say("app.privacy.cover")))
            #expect(!hand.screen.offers("pause-everything"))
            hand.screen.surroundings.scenePhase = .active
            #expect(!hand.shows(say("app.privacy.cover")) && hand.screen.offers("pause-everything"))
        }
    }
}

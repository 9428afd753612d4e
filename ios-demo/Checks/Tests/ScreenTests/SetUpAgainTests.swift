import Foundation
import LocalAuthentication
import Quittance
import Testing

@testable import QuittanceDemo
@testable import SwiftUI

/// Before a wallet is erased it does what it still can: nothing stays chargeable, no proof is lost.
extension JourneyTests {
    @Test("A new face ends the right to pay: setting up again stops everything, and hands the receipts over")
    func setUpAgain() async throws {
        try await Manner.$current.withValue(english) {
            let hand = try await Hand()
            let (mandate, receipt) = try await comeToTheEnd(hand)
            try await hand.tap("set-up-again")
            let charged = try await hand.stage.merchant.charge(mandate, cny(30_00), "after")
            #expect(charged.contains("stopped_by_payer"))
            #expect(hand.shows(say("app.set_up_again.stopped")) && hand.shows("1 receipt"))
            #expect(hand.screen.shared == [receipt])

            try await hand.tap("set-up-again")
            #expect(hand.shows(say("app.enrol.title")))
            try await hand.enrol()
            #expect(hand.shows(say("app.permissions.empty.title")))
        }
    }

    @Test("Where the gateway is not reached, that is said, and nothing is erased without the payer's word")
    func setUpAgainOffline() async throws {
        try await Manner.$current.withValue(english) {
            let hand = try await Hand()
            let (mandate, receipt) = try await comeToTheEnd(hand)
            hand.stage.goOffline()
            try await hand.tap("set-up-again")
            #expect(hand.shows(say("app.set_up_again.not_stopped")) && hand.screen.shared == [receipt])
            try await hand.tap("stop-again")
            #expect(hand.shows(say("app.set_up_again.not_stopped")))
            try await hand.tap(say("app.action.cancel"))
            #expect(hand.app.permissions?.permissions.contains { $0.mandate == mandate } == true)
            #expect(hand.app.receipts.count == 1)
        }
    }

    /// One permission has ended, another can be charged, and the phone's key for faces is no more.
    private func comeToTheEnd(_ hand: Hand) async throws -> (mandate: String, receipt: String) {
        try await hand.enrol()
        try await hand.sign()
        try await hand.tap("permission-Rides")
        try await hand.tap("mandate.cancel.quick")
        try await hand.agree(lockPassword: "")
        let order = try #require(hand.app.receipts.first?.order)
        let exported = try #require(try await hand.app.wallet?.exportReceipt(order: order))
        let receipt = [exported.receipt, exported.annexJson, exported.jwks].joined(separator: "\n")
        await hand.restart()
        try await hand.sign()
        let mandate = try #require(hand.app.permissions?.permissions.first { $0.group == .on }?.mandate)
        try await hand.tap("permission-Rides")
        try await hand.tap("mandate.cancel.quick")
        PromptRecord.shared.biometry = Data([9])
        try await hand.tap("primary")
        #expect(hand.shows(say("app.error.biometric.changed")))
        try await hand.tap(say("app.action.set_up_again"))
        let charged = try await hand.stage.merchant.charge(mandate, cny(30_00), "before")
        #expect(charged.contains("\"approved\""), "the control: it could be charged until here")
        return (mandate, receipt)
    }
}

/// A wallet that does not open, and one that goes.
@MainActor @Suite(.timeLimit(.minutes(1))) struct OpeningTests {
    /// What happened, in its sequence.
    private final class Log: @unchecked Sendable {
        private let lock = NSLock()
        private var lines: [String] = []
        var all: [String] { lock.withLock { lines } }
        func add(_ line: String) { lock.withLock { lines.append(line) } }
    }

    @Test("A wallet that was locked away opens once the app is in front again, and not for a sheet of the system's")
    func front() async {
        let log = Log()
        let app = AppModel(facts: { .ofThisPhone }) {
            log.add("opened")
            guard log.all.count > 1 else { throw WalletError.Storage(fix: "", reaction: .retry) }
            return ShownWallet()
        }
        let screen = Driver(RootView(model: app))
        await screen.settle()
        #expect(screen.outline().contains(say("app.error.retry.title")))
        for (phase, opened) in [(ScenePhase.inactive, 1), (.active, 1), (.background, 1), (.active, 2)] {
            screen.surroundings.scenePhase = phase
            screen.draw()
            await app.work.finished()
            #expect(log.all.count == opened)
        }
        await screen.settle()
        #expect(screen.outline().contains(say("app.permissions.title")))
    }

    @Test("The wallet goes once the contact is over that still has it")
    func contact() async {
        let (wallet, log, gate) = (ShownWallet(), Log(), AsyncStream.makeStream(of: Void.self))
        let app = AppModel(facts: { .ofThisPhone }) {
            wallet
        } forget: {
            log.add("erased")
        }
        let screen = Driver(RootView(model: app))
        wallet.held = gate.stream
        await screen.settle()
        #expect(app.contacting != nil)
        app.work.begin { await app.setUpAgain() }
        let contact = Task {
            await app.contacting?.value
            log.add("told")
        }
        while wallet.stops.isEmpty { await Task.yield() }
        for _ in 0..<1_000 { await Task.yield() }
        #expect(wallet.stops == [.everything] && log.all == [])
        gate.continuation.yield()
        await contact.value
        await app.work.finished()
        #expect(Set(log.all) == ["told", "erased"])
    }

    @Test("Receipts that cannot be read keep nobody from being told of the stop, and nothing goes with the first tap")
    func unread() async {
        for isOnline in [true, false] {
            let (wallet, log) = (ShownWallet(), Log())
            let app = AppModel(facts: { .ofThisPhone }) {
                wallet
            } forget: {
                log.add("erased")
            }
            await app.start()
            (wallet.isOnline, wallet.unread) = (isOnline, .Internal(place: "receipts"))
            await app.setUpAgain()
            await app.work.finished()
            #expect(app.parting?.isTold == isOnline && app.parting?.receipts == [] && log.all == [])
            wallet.unread = nil
            await app.setUpAgain()
            await app.work.finished()
            #expect(log.all == ["erased"], "the control: it goes with the second")
        }
    }

    @Test("No page of the old wallet stands over the new one")
    func pages() async {
        let wallet = ShownWallet()
        wallet.asked = MadeUp.prompt(.biometric, "identify", deadline: nil)
        let app = AppModel(facts: { .ofThisPhone }) { wallet }
        await app.start()
        app.begin("mandate.cancel.quick")
        await app.work.finished()
        (app.choosesPin, app.setsLockPassword) = (true, true)
        #expect(app.flow != nil, "the control")
        await app.setUpAgain()
        await app.work.finished()
        #expect(app.flow == nil && !app.choosesPin && !app.setsLockPassword)
    }

    @Test("A contact that returns while the wallet stops everything keeps it from nothing")
    func returns() async {
        let (wallet, log) = (ShownWallet(), Log())
        let (contact, last) = (AsyncStream.makeStream(of: Void.self), AsyncStream.makeStream(of: Void.self))
        let app = AppModel(facts: { .ofThisPhone }) {
            wallet
        } forget: {
            log.add("erased")
        }
        let screen = Driver(RootView(model: app))
        wallet.held = contact.stream
        await screen.settle()
        while wallet.held != nil { await Task.yield() }
        wallet.held = last.stream
        app.work.begin { await app.setUpAgain() }
        while wallet.held != nil { await Task.yield() }
        contact.continuation.yield()
        for await _ in wallet.contacts.stream { break }
        for _ in 0..<1_000 { await Task.yield() }
        #expect(app.contacting != nil && app.work.isBusy && log.all == [])
        last.continuation.yield()
        await app.work.finished()
        #expect(log.all == ["erased"])
    }
}

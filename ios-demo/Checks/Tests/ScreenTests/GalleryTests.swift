import Foundation
import Quittance
import Testing

@testable import QuittanceDemo
@testable import SwiftUI

/// A prompt of each kind under the name of its picture.
struct Picture: Sendable, CustomTestStringConvertible {
    let name: String
    let prompt: Prompt

    init(_ name: String, _ prompt: Prompt) {
        self.name = name
        self.prompt = prompt
    }

    var testDescription: String { name }

    static let all: [Picture] = [
        Picture(
            "consent",
            MadeUp.prompt(.consent(offer: MadeUp.offer), "sign.consent", primary: "action.agree", step: 1, of: 3)),
        Picture(
            "confirm",
            MadeUp.prompt(
                .confirm(mandates: MadeUp.affected, consequences: MadeUp.consequences), "cancel.confirm",
                primary: "action.stop", step: 2, of: 3)),
        Picture(
            "choose",
            MadeUp.prompt(
                .choose(mandates: MadeUp.affected, consequences: [MadeUp.text("cancel.confirm.consequence.later")]),
                "service.select", primary: "action.continue", step: 1)),
        Picture(
            "facts",
            MadeUp.prompt(
                .facts(questions: [MadeUp.text("question.case")]), "assisted.open_case", primary: "action.send", step: 1
            )),
        Picture(
            "people",
            MadeUp.prompt(
                .people(
                    people: [
                        NamedPerson(account: "acc_1", name: "Aunt Mei"), NamedPerson(account: "acc_2", name: "Jonas"),
                        NamedPerson(account: "acc_3", name: "Neighbour"),
                    ], atLeast: 2), "contacts.request", primary: "action.send", step: 1, of: 4)),
        Picture(
            "jump",
            MadeUp.prompt(
                .jump(link: "bank://confirm?flow=1"), "ask.jump", primary: "action.open_app",
                because: ["because.bank_channel"])),
        Picture(
            "code",
            MadeUp.prompt(
                .code(
                    sentTo: .own, digits: 6, validUntil: MadeUp.after(hours: 0.08),
                    resendFrom: MadeUp.after(hours: 0.02)), "ask.code", body: "ask.code.own.body",
                primary: "action.enter", left: 2)),
        Picture(
            "biometric", MadeUp.prompt(.biometric, "cancel.identify", primary: "action.use_biometric", step: 1, of: 3)),
        Picture(
            "device-passcode",
            MadeUp.prompt(.devicePasscode, "ask.device_passcode", primary: "action.use_passcode", step: 1, of: 3)),
        Picture(
            "payment-pin",
            MadeUp.prompt(
                .paymentPin(digits: 6), "cancel.payment_pin", primary: "action.enter", step: 3, of: 3, left: 4)),
        Picture(
            "lock-password",
            MadeUp.prompt(
                .lockPassword(digits: 6), "lock_release.lock_password", primary: "action.enter",
                step: 1, of: 2)),
        Picture(
            "photos",
            MadeUp.prompt(
                .photos(document: .idDocument, images: 2, mostBytes: 4_000_000), "ask.id_document",
                primary: "action.take_photos", step: 3)),
        Picture(
            "recording-face",
            MadeUp.prompt(
                .recording(what: .face, mostBytes: 4_000_000), "ask.liveness", primary: "action.record", step: 4)),
        Picture(
            "recording-gestures",
            MadeUp.prompt(
                .recording(
                    what: .gestures(gestures: ["blink", "nod", "turn_left"].map { MadeUp.text("gesture." + $0) }),
                    mostBytes: 4_000_000), "ask.gesture_video", primary: "action.record", step: 4)),
        Picture(
            "recording-video",
            MadeUp.prompt(
                .recording(what: .video, mostBytes: 4_000_000), "ask.video_verification", primary: "action.record",
                because: ["because.high_risk_region"], step: 4)),
        Picture(
            "quiz-typed",
            MadeUp.prompt(
                .quiz(
                    about: .amounts,
                    questions: [
                        QuizQuestion(about: "Rides, 24 November", choices: []),
                        QuizQuestion(about: "Parking, 19 November", choices: []),
                    ]), "quiz.amounts", primary: "action.send", step: 1, of: 3)),
        Picture(
            "quiz-choices",
            MadeUp.prompt(
                .quiz(
                    about: .dates,
                    questions: [
                        QuizQuestion(
                            about: "Rides, CNY 30.00",
                            choices: ["21 November", "23 November", "24 November", "25 November"])
                    ]), "quiz.dates", primary: "action.send", step: 3, of: 3, left: 1)),
        Picture(
            "fields",
            MadeUp.prompt(
                .fields(questions: [MadeUp.text("field.card.number"), MadeUp.text("field.card.phone")]),
                "ask.bank_card_elements", primary: "action.send")),
        Picture(
            "waiting",
            MadeUp.prompt(
                .waiting(
                    whom: .merchant, since: MadeUp.after(hours: -5), until: MadeUp.after(hours: 67),
                    then: MadeUp.text("then.go_on")), "wait.merchant")),
        Picture(
            "in-review",
            MadeUp.prompt(
                .inReview(
                    since: MadeUp.after(hours: -2), until: MadeUp.after(days: 3), then: MadeUp.text("then.otherwise")),
                "wait.review")),
        Picture(
            "scheduled",
            MadeUp.prompt(
                .scheduled(order: "ord_1", undoUntil: MadeUp.after(hours: 24)), "end.scheduled",
                next: [MadeUp.text("next.ends_at", ["moment": .moment(moment: MadeUp.after(hours: 24))])], deadline: nil
            )),
        Picture(
            "done",
            MadeUp.prompt(.done(underWay: false), "end.stopped", next: [MadeUp.text("next.receipt")], deadline: nil)),
        Picture(
            "refused",
            MadeUp.prompt(
                .refused(code: "external_refused", whatNow: MadeUp.text("refused.external_refused")), "end.refused",
                deadline: nil)),
    ]
}

/// Every screen as an outline, in both languages.
@MainActor @Suite struct GalleryTests {
    private let wallet = ShownWallet()

    @Test("Each kind of prompt has its screen", arguments: Picture.all)
    func prompt(_ picture: Picture) async throws {
        wallet.asked = picture.prompt
        wallet.views = MadeUp.views(MadeUp.all)
        if picture.name == "done" {
            wallet.items = [
                ItemResult(mandate: "man_1", outcome: .ending(stage: .closed(kind: .twoSided))),
                ItemResult(mandate: "man_2", outcome: .waitsForBank(flow: "flo_2")),
            ]
        }
        try await each("prompt-" + picture.name) { app, screen in
            app.begin("mandate.cancel.service")
            await app.work.finished()
            await screen.settle()
        }
    }

    @Test("Every kind that the facade has is pictured")
    func kinds() {
        let kinds = Set(Picture.all.map { keyName($0.prompt.kind) })
        #expect(
            kinds == [
                "consent", "confirm", "choose", "facts", "people", "jump", "code", "biometric", "device_passcode",
                "payment_pin", "lock_password", "photos", "recording", "quiz", "fields", "waiting", "in_review",
                "scheduled", "done", "refused",
            ])
    }

    @Test("The permissions in their groups, on their own and in every state of the page")
    func permissions() async throws {
        try await each("permissions-empty")
        wallet.views = MadeUp.views(MadeUp.all)
        try await each("permissions")
        try await each("permissions-news") { app, _ in
            wallet.happened = [
                .charged(mandate: "man_1", amount: cny(30_00)),
                .closed(order: MadeUp.receipt.order, mandates: ["man_5"], kind: .twoSided),
                .told(flow: "flo_1", text: "recovery.opened"),
            ]
            app.sync()
            await app.work.finished()
            // The other pages are of phones that have none.
            wallet.happened = []
        }
        try await each("permissions-several") { app, screen in
            try screen.tap(say("app.action.stop_several"))
            try screen.tap("choose-Rides")
            try screen.tap("choose-Evening films")
        }
        try await each("permissions-pause-everything") { _, screen in try screen.tap("pause-everything") }
        try await each("permissions-offer") { _, screen in try screen.tap(say("app.action.read_offer")) }
    }

    @Test("The list without a network, under the lock")
    func locked() async throws {
        wallet.stopped = Stopping(lock: MadeUp.lock, stops: [], lockPasswordSet: true)
        wallet.views = MadeUp.views(
            [MadeUp.permission("man_1", MadeUp.rides, .paused, .suspended, holds: [MadeUp.locked])], lock: MadeUp.lock)
        wallet.isOnline = false
        try await each("permissions-locked-offline") { app, _ in
            app.sync()
            await app.work.finished()
        }
        wallet.stopped = Stopping(
            lock: MadeUp.lock, stops: [.everything, .category(category: "games"), .merchant(merchant: "mer_1")],
            lockPasswordSet: true)
        try await each("security-locked") { app, screen in
            app.tab = .security
            await screen.settle()
        }
    }

    @Test("One permission: on, paused, ending, ended")
    func permission() async throws {
        wallet.views = MadeUp.views(MadeUp.all)
        wallet.routes = MadeUp.routes
        for permission in MadeUp.all { wallet.details[permission.mandate] = MadeUp.detail(permission) }
        let pages = [("on", "man_1"), ("paused", "man_3"), ("ending", "man_4"), ("ended", "man_5")]
        for (name, mandate) in pages {
            try await each("permission-" + name) { app, screen in
                app.permissionPath = [.permission(mandate)]
                await screen.settle()
            }
        }
    }

    @Test("Security, the lock's password, the forgotten PIN, the receipts")
    func others() async throws {
        try await each("security") { app, _ in app.tab = .security }
        try await each("security-lock-password") { app, screen in
            app.tab = .security
            try screen.tap("set-lock-password")
        }
        try await each("recovery") { app, _ in app.tab = .recovery }
        try await each("recovery-new-pin") { app, screen in
            app.tab = .recovery
            await screen.settle()
            try screen.tap("new-pin")
        }
        try await each("receipts-empty") { app, _ in app.tab = .receipts }
        wallet.views = MadeUp.views(MadeUp.all)
        wallet.closed = [MadeUp.receipt]
        try await each("receipts") { app, _ in app.tab = .receipts }
        try await each("receipt") { app, screen in
            app.tab = .receipts
            await screen.settle()
            try screen.tap("receipt")
        }
    }

    @Test("A receipt that is checked again, as it should be and changed")
    func checkedAgain() async throws {
        wallet.views = MadeUp.views(MadeUp.all)
        wallet.closed = [MadeUp.receipt]
        for (name, verdict) in [("receipt-checked", MadeUp.holds), ("receipt-changed", MadeUp.doesNotHold)] {
            wallet.verdict = verdict
            try await each(name) { app, screen in
                app.tab = .receipts
                await screen.settle()
                try screen.tap("receipt")
                await screen.settle()
                try screen.tap("check-again")
                await app.work.finished()
            }
        }
    }

    @Test("The phone is set up; it does not open; something went wrong; nobody looks")
    func around() async throws {
        try await each("cover") { _, screen in screen.surroundings.scenePhase = .inactive }
        wallet.asked = MadeUp.prompt(
            .paymentPin(digits: 6), "ask.payment_pin", primary: "action.enter", left: 2)
        wallet.failure = .WrongPin(attemptsLeft: 2)
        try await each("problem") { app, screen in
            app.begin("mandate.cancel.service")
            await app.work.finished()
            for _ in 0..<6 { try screen.tap("pin-1") }
            await app.work.finished()
        }
        wallet.phone = nil
        try await each("welcome")
        try await each("welcome-pin") { _, screen in
            try screen.tap("start")
            for digit in 1...3 { try screen.tap("pin-\(digit)") }
        }
        try await each("stuck") { app, _ in
            wallet.isStuck = true
            await app.start()
            wallet.isStuck = false
        }
    }

    @Test("A wallet that is to be erased: what it left, whether the gateway was told or not")
    func parting() async throws {
        wallet.views = MadeUp.views(MadeUp.all)
        wallet.closed = [MadeUp.receipt]
        for (name, isOnline) in [("parting", true), ("parting-offline", false)] {
            wallet.isOnline = isOnline
            try await each(name) { app, _ in
                app.offerSettingUp(Problem(WalletError.Biometric(reason: .KeyInvalidated)))
                await app.setUpAgain()
            }
        }
    }

    /// Draws the same screen in each language.
    private func each(
        _ name: String, _ steps: @MainActor (AppModel, Driver<RootView>) async throws -> Void = { _, _ in }
    ) async throws {
        let wallet = wallet
        for manner in [english, chinese] {
            try await Manner.$current.withValue(manner) {
                let app = AppModel(isTrial: true, facts: { .ofThisPhone }) { wallet }
                let screen = Driver(RootView(model: app))
                await screen.settle()
                await app.contacting?.value
                try await steps(app, screen)
                await screen.settle()
                try expectOutline("\(name).\(manner.language)", of: screen)
                // Over the cover stands one line, which says nothing that has to be read whole.
                if name != "cover" { #expect(screen.draw().confined == [], "\(name) in \(manner.language)") }
            }
        }
    }
}

import Foundation
import Quittance

@testable import QuittanceDemo

/// Records of made-up services, at the time of the pictures.
enum MadeUp {
    static func after(hours: Double) -> Date { pictured.addingTimeInterval(hours * 3600) }
    static func after(days: Double) -> Date { after(hours: days * 24) }

    static func terms(
        _ service: String, by merchant: String, charge: Int64 = 50_00, period: Int64 = 500_00,
        kind: MandateKind = .payAsYouGo, exact: Bool = false, channel: Channel = .app, renews: Bool? = nil
    ) -> Terms {
        Terms(
            merchantName: merchant, service: service, kind: kind,
            limits: Limits(
                perCharge: cny(charge), perPeriod: cny(period), periodDays: 30, total: nil, chargesPerPeriod: nil,
                charges: nil, exact: exact),
            validUntil: nil, category: nil, channel: channel, autoRenewal: renews, bundledWith: nil)
    }

    static let rides = terms("Rides", by: "Bluebird Rides")
    static let films = terms(
        "Evening films", by: "Lantern House", charge: 25_00, period: 25_00, kind: .subscription, exact: true,
        renews: true)
    static let parking = terms("Parking", by: "North Gate Garages", charge: 30_00, period: 200_00)
    static let water = terms("Water bill", by: "River Works", charge: 120_00, period: 120_00, channel: .bank)
    static let news = terms(
        "Morning paper", by: "Harbour Press", charge: 18_00, period: 18_00, kind: .subscription, exact: true)

    static func permission(
        _ mandate: String, _ terms: Terms, _ group: PermissionGroup, _ state: MandateState,
        holds: [HoldDetail] = [], ending: Ending? = nil, undoUntil: Date? = nil
    ) -> Permission {
        let isOn = group == .on
        return Permission(
            mandate: mandate, merchant: "mer_1", terms: terms, group: group, state: state, holds: holds, switchOn: isOn,
            systemDefault: false,
            nextCharge: isOn ? NextCharge(from: after(days: 3), atMost: terms.limits.perCharge) : nil,
            taken: Taken(inPeriod: cny(60_00), inTotal: cny(184_50), charges: 7, lastAt: after(days: -2)),
            exposure: isOn ? Exposure(charges: 3, perCharge: terms.limits.perCharge, until: after(days: 30)) : nil,
            ending: ending, undoUntil: undoUntil, asOf: pictured, stale: false)
    }

    static let paused = HoldDetail(
        owner: .payer, reason: text("hold.payer.reason"), since: after(hours: -3), until: nil)
    static let locked = HoldDetail(
        owner: .safetyLock, reason: text("hold.safety_lock.reason"), since: after(hours: -1), until: after(hours: 23))

    static let all: [Permission] = [
        permission("man_1", rides, .on, .active),
        permission("man_2", films, .on, .active),
        permission("man_3", parking, .paused, .suspended, holds: [paused]),
        permission(
            "man_4", water, .ending, .revocationScheduled,
            ending: Ending(order: "ord_1", stage: .scheduled(undoUntil: after(hours: 22)), dispute: nil),
            undoUntil: after(hours: 22)),
        permission(
            "man_5", news, .ended, .ended,
            ending: Ending(order: "ord_2", stage: .closed(kind: .twoSided), dispute: nil)),
    ]

    static func views(_ permissions: [Permission], lock: SafetyLock? = nil) -> Permissions {
        func number(_ group: PermissionGroup) -> UInt32 { UInt32(permissions.filter { $0.group == group }.count) }
        return Permissions(
            permissions: permissions, on: number(.on), paused: number(.paused), ending: number(.ending),
            ended: number(.ended), lock: lock, stops: [])
    }

    static let lock = SafetyLock(
        since: after(hours: -1), until: after(hours: 23),
        longer: [after(hours: 47), after(hours: 95), after(hours: 167)], trigger: "payer", told: false)

    static func detail(_ permission: Permission) -> PermissionDetail {
        let history = [
            PastCharge(
                charge: "cha_1", at: after(days: -2), amount: cny(30_00), outcome: .approved(amount: cny(30_00)),
                refunded: nil),
            PastCharge(
                charge: "cha_2", at: after(days: -5), amount: cny(80_00), outcome: .declined(code: "limit_exceeded"),
                refunded: nil),
            PastCharge(
                charge: "cha_3", at: after(days: -9), amount: cny(24_50), outcome: .approved(amount: cny(24_50)),
                refunded: cny(24_50)),
        ]
        return PermissionDetail(
            permission: permission,
            agreed: Agreement(
                flow: "flo_1", termsHash: "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4", locale: "en",
                signedAt: after(days: -40), device: "dev_7b1d2f4e6a8c0b2d4f6e8a0c0f3c5e7a", onThisPhone: true,
                activeSince: after(days: -40)),
            history: history, historyAsOf: pictured, order: permission.ending?.order)
    }

    static let routes: [CancellationRoute] = [
        CancellationRoute(
            definition: "mandate.cancel.quick", name: text("flow.cancel.name"), closed: nil, steps: 3, effective: nil,
            effectiveAt: pictured, factors: [.biometric, .paymentPin]),
        CancellationRoute(
            definition: "mandate.cancel.service", name: text("flow.service.name"), closed: nil, steps: 5,
            effective: "PT24H", effectiveAt: after(hours: 24), factors: [.smsOtp, .idDocument, .biometric, .paymentPin]),
        CancellationRoute(
            definition: "mandate.cancel.mini_program", name: text("flow.mini_program.name"),
            closed: text("route.closed.no_release_needed"), steps: 4, effective: nil, effectiveAt: pictured, factors: []
        ),
    ]

    static let receipt = ReceiptSummary(
        order: "ord_2f4e6a8c0b2d4f6e8a0c0f3c5e7a9b1d", mandates: ["man_5"], kind: .twoSided, cause: .payer,
        evidenceLevel: .e0, closedAt: after(days: -1))

    static let holds = ReceiptVerdict.valid(
        receipt: CheckedReceipt(
            log: "pay.example/log", place: 4192, logSize: 4410, statedAt: after(days: -1), about: nil,
            signedStatements: 2, checkedAt: pictured))
    static let doesNotHold = ReceiptVerdict.refused(flaw: .notInLog, says: text("receipt.flaw.not_in_log"))

    // MARK: Security

    static func centre(_ stopping: Stopping) -> SecurityCentre {
        let unasked = CheckupFinding(
            kind: .switchedOnUnasked(count: 2),
            says: text("checkup.finding.switched_on_unasked", ["count": .count(count: 2)]), remedy: .seePermissions)
        let noPassword = CheckupFinding(
            kind: .noLockPassword, says: text("checkup.finding.no_lock_password"), remedy: .setLockPassword)
        return SecurityCentre(
            account: "acc_0f3c5e7a9b1d2f4e6a8c0b2d4f6e8a0c", stopping: stopping, devices: [device],
            checkup: [
                CheckupPart(group: .payment, name: text("checkup.payment"), findings: [unasked]),
                CheckupPart(group: .loginEnvironment, name: text("checkup.login_environment"), findings: []),
                CheckupPart(
                    group: .accountTheft, name: text("checkup.account_theft"),
                    findings: stopping.lockPasswordSet ? [] : [noPassword]),
                CheckupPart(group: .privacyLeak, name: text("checkup.privacy_leak"), findings: []),
            ])
    }

    /// A check-up that says that another phone speaks with the same keys.
    static func quarantine(_ stopping: Stopping) -> SecurityCentre {
        let found = CheckupFinding(
            kind: .quarantined, says: text("checkup.finding.quarantined"), remedy: .setUpAgain)
        let part = CheckupPart(group: .accountTheft, name: text("checkup.account_theft"), findings: [found])
        return SecurityCentre(
            account: "acc_0f3c5e7a9b1d2f4e6a8c0b2d4f6e8a0c", stopping: stopping, devices: [device], checkup: [part])
    }

    static let device = AccountDevice(
        device: "dev_7b1d2f4e6a8c0b2d4f6e8a0c0f3c5e7a", thisPhone: true, keyStore: .hardware, evidenceLevel: .e0,
        reasons: [KeyAlias.device, .biometric].map {
            WeakEvidence(key: $0, reason: .noChain, atMost: .e0, says: text("evidence.no_chain"))
        },
        attested: [], enrolledSince: after(days: -40), lastSeen: after(hours: -1))

    static let recovery = RecoveryReadiness(
        ways: [
            WayBack(
                definition: "recovery.transaction_quiz", name: text("flow.quiz.name"),
                about: text("recovery.about.quiz"), ready: true, mayBegin: true, needs: []),
            WayBack(
                definition: "recovery.trusted_contacts", name: text("flow.contacts.name"),
                about: text("recovery.about.contacts"), ready: false, mayBegin: false,
                needs: [
                    RecoveryNeed(
                        kind: .contacts(have: 0, need: 3, countFrom: after(days: 2)),
                        says: text("recovery.need.contacts_wait", ["moment": .moment(moment: after(days: 2))]))
                ]),
        ], asOf: pictured, stale: false)

    // MARK: Prompts

    static func text(_ key: String, _ arguments: [String: TextArgument] = [:]) -> PromptText {
        PromptText(key: key, arguments: arguments)
    }

    /// A prompt with the words that its kind has where a flow has none of its own.
    static func prompt(
        _ kind: PromptKind, _ stem: String, body: String? = nil, primary: String? = nil, because: [String] = [],
        next: [PromptText] = [], step: UInt32 = 2,
        of steps: UInt32 = 5, left: UInt32? = nil, deadline: Date? = after(hours: 24), offline: Bool = false,
        definition: String = "mandate.cancel.service"
    ) -> Prompt {
        let isAsked = primary != nil
        let given: [String: TextArgument] = [
            "count": .count(count: 2), "at_least": .count(count: 2),
            "gestures": .keys(keys: ["gesture.blink", "gesture.nod", "gesture.turn_left"]),
        ]
        return Prompt(
            flow: "flo_1", definition: definition, step: stem, kind: kind, title: text(stem + ".title"),
            body: text(body ?? stem + ".body", given),
            why: text(isText(stem + ".why") ? stem + ".why" : "end.why"), because: because.map { text($0) }, next: next,
            rules: ["R-014"], stepNumber: step, stepCount: steps, attemptsLeft: left, deadline: deadline,
            primary: primary.map { text($0) }, quiet: isAsked ? text("action.keep") : nil, offline: offline)
    }

    static let affected = [
        AffectedMandate(mandate: "man_1", merchantName: "Bluebird Rides", service: "Rides"),
        AffectedMandate(mandate: "man_2", merchantName: "Lantern House", service: "Evening films"),
    ]

    static let consequences = ["stops", "destroyed", "final", "refunds"].map {
        text("cancel.confirm.consequence." + $0)
    }

    static let offer = Offer(
        offer: "off_1", merchant: "mer_1", terms: films, expiresAt: after(hours: 2))
}

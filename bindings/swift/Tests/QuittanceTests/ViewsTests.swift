import Foundation
import Quittance
import Testing

/// The views that need no network, as they come across the boundary.
@Suite(.serialized) struct ViewsTests {
    let stage: Stage
    let wallet: Wallet

    init() async throws {
        stage = try await Stage()
        wallet = try await stage.open()
        _ = try await wallet.enrol(pin: pin)
    }

    //
    @Test("The phone, its check-up and its ways back come typed and with their words")
    func views() async throws {
        let centre = try await wallet.security(phone: PhoneFacts(screenLock: false, biometrics: false))
        let device = try #require(centre.devices.first)
        #expect(try await device.device == wallet.enrolment()?.device)
        #expect(device.reasons.map(\.reason) == [.noChain, .noChain, .noChain])
        #expect(device.reasons.first?.says.key == "evidence.no_chain")
        #expect(centre.checkup.map(\.group) == [.payment, .loginEnvironment, .accountTheft, .privacyLeak])
        let found = centre.checkup.flatMap(\.findings)
        #expect(found.first { $0.kind == .noScreenLock }?.remedy == .openPhoneSettings)

        #expect(try await wallet.recoveryReadiness().ways.allSatisfy { $0.mayBegin && !$0.ready })
        _ = try await wallet.sync()
        let quiz = try await wallet.recoveryReadiness().ways.first { $0.definition == "recovery.transaction_quiz" }
        #expect(quiz?.needs.map(\.kind) == [.charges(have: 0, need: 20)])
    }

    //
    @Test("A receipt is checked again by its phone and by a stranger, and a changed one is refused")
    func receipt() async throws {
        let sign = try await wallet.startSign(offer: stage.offer(), locale: "en")
        _ = try await stage.walk(wallet, sign)
        let mandate = try await wallet.mandates()[0].mandate
        let agreed = try await wallet.permission(mandate: mandate).agreed
        #expect(agreed.signedAt != nil && agreed.onThisPhone)
        _ = try await stage.walk(wallet, wallet.startRevoke(mandates: [mandate]))
        _ = try await wallet.sync()
        stage.goOffline()

        let order = try await wallet.receipts()[0].order
        guard case .valid(let own) = try await wallet.verifyReceipt(order: order) else {
            Issue.record("refused")
            return
        }
        #expect(own.about?.mandates == [mandate] && own.signedStatements == 2)
        let exported = try await wallet.exportReceipt(order: order)
        func check(_ receipt: String, _ key: String, keys: Bool = true) throws -> ReceiptVerdict {
            try verifyReceipt(
                receipt: receipt, annexJson: exported.annexJson, logVkey: key, jwks: keys ? exported.jwks : nil)
        }
        guard case .valid(let theirs) = try check(exported.receipt, exported.logVkey) else {
            Issue.record("refused")
            return
        }
        #expect(theirs.place == own.place && theirs.signedStatements == 2)
        guard case .valid(let told) = try check(exported.receipt, exported.logVkey, keys: false) else {
            Issue.record("refused")
            return
        }
        #expect(told.signedStatements == 0)
        let index = try #require(exported.receipt.split(separator: "\n").first { $0.hasPrefix("index ") })
        let changed = exported.receipt.replacingOccurrences(of: index, with: "index 0")
        guard case .refused(.notInLog, let says) = try check(changed, exported.logVkey) else {
            Issue.record("not refused")
            return
        }
        #expect(says.key == "receipt.flaw.not_in_log")
        #expect(throws: WalletError.self) { try check(exported.receipt, "no key") }
    }
}

import Foundation
import Quittance
import Testing

@Suite struct ThreadTests {
    @Test("A mandate is signed, charged, cancelled, and leaves a receipt")
    func wholeThread() async throws {
        let stage = try await Stage()
        let (mandate, order) = try await signAndStop(stage)

        // What is closed stays closed: the phone is started again.
        let wallet = try await stage.open()
        #expect(try await wallet.receipts().map(\.order) == [order])
        let exported = try await wallet.exportReceipt(order: order)
        #expect(exported.receipt.hasPrefix("c2sp.org/tlog-proof@v1\n"))
        #expect(exported.logVkey == stage.config.logVkey)
        #expect(!exported.entry.isEmpty)
        #expect(exported.statements.map(\.name) == ["identify", "intent", "attestation"])

        let dead = try await stage.merchant.charge(mandate, cny(30_00), "ride-3")
        #expect(dead.contains("token_destroyed"))
        _ = try await wallet.sync()
        #expect(try await stage.events(wallet).contains(.deadTokenUsed(mandate: mandate, uses: 1)))
    }

    private func signAndStop(_ stage: Stage) async throws -> (mandate: String, order: String) {
        let wallet = try await stage.open()
        #expect(try await wallet.enrolment() == nil)
        let enrolment = try await wallet.enrol(pin: pin)
        #expect(enrolment.keyStore == .software)
        #expect(enrolment.evidenceLevel == .e0)

        let offer = try await stage.offer()
        #expect(try wallet.readOffer(text: offer).terms.merchantName == "Bluebird Rides")
        let sign = try await wallet.startSign(offer: offer, locale: "en")
        #expect(try await stage.walk(wallet, sign) == ["consent", "identify", "payment_pin"])
        let mandate = try #require(try await wallet.mandates().first)
        #expect(mandate.state == .active && mandate.canPay)
        let id = mandate.mandate

        #expect(try await stage.merchant.charge(id, cny(30_00), "ride-1").contains("\"approved\""))
        let above = try await stage.merchant.charge(id, cny(60_00), "ride-2")
        #expect(above.contains("limit_exceeded"))
        _ = try await wallet.sync()
        #expect(try await stage.events(wallet).contains(.charged(mandate: id, amount: cny(30_00))))
        let permit = try await wallet.payerPresentPermit(mandate: id, amount: cny(12_00), challenge: "till-7")
        let present = try await stage.merchant.charge(id, cny(12_00), "till-7", permit: permit)
        #expect(present.contains("\"approved\""))

        let cancel = try await wallet.startRevoke(mandates: [id])
        #expect(try await stage.walk(wallet, cancel) == ["identify", "confirm", "payment_pin"])
        _ = try await wallet.sync()
        let ended = try await wallet.mandate(mandate: id)
        #expect(ended.ending?.stage == .closed(kind: .twoSided))
        #expect(ended.phoneHalf == .destroyed && !ended.canPay && ended.permitsAhead == 0)
        let receipt = try #require(try await wallet.receipts().first)
        #expect(receipt.kind == .twoSided && receipt.cause == .payer && receipt.mandates == [id])
        let closed = WalletEvent.closed(order: receipt.order, mandates: [id], kind: .twoSided)
        #expect(try await stage.events(wallet).contains(closed))
        return (id, receipt.order)
    }
}

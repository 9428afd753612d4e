import Foundation
import Quittance
import Testing

/// A cancellation that does not go straight.
@Suite(.serialized) struct StoppingTests {
    let stage: Stage
    let wallet: Wallet
    let mandate: String

    init() async throws {
        stage = try await Stage()
        wallet = try await stage.open()
        _ = try await wallet.enrol(pin: pin)
        let sign = try await wallet.startSign(offer: stage.offer(), locale: "en")
        _ = try await stage.walk(wallet, sign)
        mandate = try await wallet.mandates()[0].mandate
    }

    //
    @Test("A wrong PIN is counted, and the right one goes on")
    func wrongPin() async throws {
        let flow = try await wallet.startRevoke(mandates: [mandate])
        try await wallet.submit(flow: flow, answer: .useBiometric)
        try await wallet.submit(flow: flow, answer: .confirm)
        await #expect(throws: WalletError.WrongPin(attemptsLeft: 4)) {
            try await wallet.submit(flow: flow, answer: .paymentPin(pin: Data("000000".utf8)))
        }
        #expect(errorKind(error: .WrongPin(attemptsLeft: 4)) == .askAgain)
        let asked = try await wallet.nextPrompt(flow: flow)
        #expect(asked?.kind == .paymentPin(digits: 6) && asked?.attemptsLeft == 4)
        #expect(try await stage.walk(wallet, flow) == ["payment_pin"])
        _ = try await wallet.sync()
        #expect(try await wallet.mandate(mandate: mandate).ending?.stage == .closed(kind: .twoSided))
    }

    //
    @Test("Stopping works offline, and holds at once")
    func offline() async throws {
        _ = try await wallet.payerPresentPermit(mandate: mandate, amount: cny(1_00), challenge: "before")
        stage.goOffline()
        let flow = try await wallet.startRevoke(mandates: [mandate])
        #expect(try await stage.walk(wallet, flow) == ["identify", "confirm"])
        await #expect(throws: WalletError.NotPayable) {
            try await wallet.payerPresentPermit(mandate: mandate, amount: cny(1_00), challenge: "after")
        }
        let report = try await wallet.sync()
        #expect(!report.online && report.waiting > 0)
        #expect(try await wallet.mandate(mandate: mandate).ending?.stage == .waiting)
        #expect(try await wallet.receipts().isEmpty)
    }

    //
    @Test("A pause ends with the payer's thumb, and its failure keeps it")
    func pause() async throws {
        try await wallet.pause(mandates: [mandate])
        #expect(try await wallet.mandate(mandate: mandate).holds == [.payer])
        #expect(try await stage.merchant.charge(mandate, cny(30_00), "ride-1").contains("mandate_held"))
        stage.prompt.answerOnce { _ in throw BiometricError.TimedOut }
        await #expect(throws: WalletError.Biometric(reason: .TimedOut)) { try await wallet.resume(mandates: [mandate]) }
        #expect(try await !wallet.mandate(mandate: mandate).canPay)
        try await wallet.resume(mandates: [mandate])
        #expect(try await stage.merchant.charge(mandate, cny(30_00), "ride-2").contains("\"approved\""))
    }
}

import Foundation
import Quittance
import Testing

/// What crosses between native code and the library.
@Suite(.serialized) struct BoundaryTests {
    let stage: Stage

    init() async throws {
        stage = try await Stage()
    }

    @Test("The quickstart ends with a receipt")
    func quickstart() async throws {
        let offer = try await stage.offer()
        let exported = try await signThenStop(
            config: stage.config, keys: stage.keys, prompt: stage.prompt, pin: pin, offer: offer, ask: agree)
        let receipt = try #require(exported).receipt
        #expect(receipt.hasPrefix("c2sp.org/tlog-proof@v1\n"))
        print("The token is destroyed on both sides. Its receipt:\n\(receipt)")
    }

    @Test("The quickstart stops what it signed, and nothing beside it")
    func beside() async throws {
        let before = try await signed()
        let offer = try await stage.offer()
        _ = try await whenFree {
            try await signThenStop(
                config: stage.config, keys: stage.keys, prompt: stage.prompt, pin: pin, offer: offer, ask: agree)
        }
        let mandates = try await openWhenFree(stage.config, stage.keys, stage.prompt).mandates()
        #expect(mandates.filter(\.canPay).map(\.mandate) == [before])
        #expect(mandates.filter { !$0.canPay }.count == 1, "control: what it signed itself is stopped")
    }

    @Test("A quickstart whose network goes while it stops has no receipt yet, and holds all the same")
    func cutOff() async throws {
        let offer = try await stage.offer()
        let exported = try await signThenStop(
            config: stage.config, keys: stage.keys, prompt: stage.prompt, pin: pin, offer: offer
        ) { prompt in
            if prompt.definition == "mandate.cancel.quick" { stage.goOffline() }
            return try agree(prompt)
        }
        #expect(exported == nil)
        let mandates = try await openWhenFree(stage.config, stage.keys, stage.prompt).mandates()
        #expect(mandates.map(\.canPay) == [false])
    }

    /// A permission that the phone has before; its wallet is let go.
    private func signed() async throws -> String {
        let wallet = try await stage.open()
        _ = try await wallet.enrol(pin: pin)
        let flow = try await wallet.startSign(offer: stage.offer(), locale: "en")
        _ = try await stage.walk(wallet, flow)
        return try await wallet.mandateOf(flow: flow)
    }

    @Test("Input that cannot be used is named")
    func input() async throws {
        let wallet = try await stage.open()
        let mandate = "man_" + String(repeating: "0", count: 32)
        let flow = "flo_" + String(repeating: "0", count: 32)
        #expect(await member { _ = try await wallet.nextPrompt(flow: "x") } == "flow")
        #expect(await member { _ = try await wallet.startRevoke(mandates: [mandate, "man_1"]) } == "mandates[1]")
        #expect(await member { _ = try wallet.readOffer(text: "no offer") } == "offer")
        #expect(await member { _ = try await wallet.enrol(pin: Data("12".utf8)) } == "pin")
        let euro = Money(minor: 1, currency: "euro")
        let permit = await member {
            _ = try await wallet.payerPresentPermit(mandate: mandate, amount: euro, challenge: "c")
        }
        #expect(permit == "amount.currency")
        await #expect(throws: WalletError.Unknown(what: "flow")) { try await wallet.nextPrompt(flow: flow) }
        await #expect(throws: WalletError.NotEnrolled) { try await wallet.startRevoke(mandates: [mandate]) }
    }

    @Test("A folder is open in one wallet at a time")
    func twice() async throws {
        let wallet = try await stage.open()
        do {
            _ = try await stage.open()
            Issue.record("the folder was opened twice")
        } catch let error as WalletError {
            #expect(errorKind(error: error) == .retry)
        }
        withExtendedLifetime(wallet) {}
    }

    @Test("A printed answer does not show the PIN")
    func printed() {
        #expect("\(Answer.paymentPin(pin: pin))" == "PaymentPin(…)")
    }

    /// The member that the error names, of a call that must fail.
    private func member(_ call: () async throws -> Void) async -> String? {
        do {
            try await call()
        } catch WalletError.InvalidInput(let member, _) {
            return member
        } catch {}
        return nil
    }
}

import Foundation
import Quittance
import Testing

/// Many calls at once, many wallets one after the other, and calls from inside of calls.
@Suite(.serialized) struct CrowdTests {
    static let calls = 200

    let stage: Stage

    init() async throws {
        stage = try await Stage()
    }

    @Test("Two hundred calls at once are all answered, each with its own answer")
    func atOnce() async throws {
        let (wallet, mandate) = try await withMandate()
        let permits = try await withThrowingTaskGroup(of: (Int, String?).self) { group in
            for number in 0..<Self.calls {
                group.addTask {
                    switch number % 4 {
                    case 0:
                        let till = "till-\(number)"
                        return (
                            number,
                            try await wallet.payerPresentPermit(mandate: mandate, amount: cny(1_00), challenge: till)
                        )
                    case 1: #expect(try await wallet.mandates().map(\.mandate) == [mandate])
                    case 2: #expect(try await wallet.permissions().on == 1)
                    default: #expect(try await wallet.sync().online)
                    }
                    return (number, nil)
                }
            }
            return try await group.reduce(into: [Int: String]()) { $0[$1.0] = $1.1 }
        }
        #expect(Set(permits.values).count == Self.calls / 4)
        for number in [0, 4] {
            let charged = try await stage.merchant.charge(mandate, cny(1_00), "till-\(number)", permit: permits[number])
            #expect(charged.contains("\"approved\""))
        }
    }

    @Test("Two hundred wishes to end the same are one end")
    func sameWish() async throws {
        let (wallet, mandate) = try await withMandate()
        let flows = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<Self.calls {
                group.addTask { try await wallet.startRevoke(mandates: [mandate]) }
            }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(flows.count == 1)
        for flow in flows { _ = try await stage.walk(wallet, flow) }
        _ = try await wallet.sync()
        #expect(try await wallet.receipts().count == 1)
    }

    @Test("A prompt may ask the wallet while it is up")
    func fromInside() async throws {
        let (wallet, mandate) = try await withMandate()
        let flow = try await wallet.startRevoke(mandates: [mandate])
        let keys = stage.keys
        stage.prompt.answerOnce { request in
            #expect(try await wallet.nextPrompt(flow: flow)?.step == "identify")
            #expect(try await wallet.mandate(mandate: mandate).canPay)
            #expect(try await wallet.sync().online)
            try await wallet.pause(mandates: [mandate])
            return try keys.signAfterPrompt(alias: request.alias, message: request.challenge)
        }
        try await wallet.submit(flow: flow, answer: .useBiometric)
        #expect(try await wallet.nextPrompt(flow: flow)?.step == "confirm")
        #expect(try await wallet.mandate(mandate: mandate).holds.contains(.payer))
    }

    @Test("A prompt may leave the flow that it is for")
    func leftFromInside() async throws {
        let (wallet, mandate) = try await withMandate()
        let flow = try await wallet.startRevoke(mandates: [mandate])
        let keys = stage.keys
        stage.prompt.answerOnce { request in
            try await wallet.cancelFlow(flow: flow)
            return try keys.signAfterPrompt(alias: request.alias, message: request.challenge)
        }
        await #expect(throws: WalletError.self) { try await wallet.submit(flow: flow, answer: .useBiometric) }
        #expect(try await wallet.openFlows().isEmpty)
    }

    @Test("A prompt that answers its own flow from inside is answered, not stuck")
    func answeredFromInside() async throws {
        let (wallet, mandate) = try await withMandate()
        let flow = try await wallet.startRevoke(mandates: [mandate])
        let keys = stage.keys
        stage.prompt.answerOnce { request in
            // The inner answer shows a prompt of its own, which signs; the outer one comes too late.
            try await wallet.submit(flow: flow, answer: .useBiometric)
            return try keys.signAfterPrompt(alias: request.alias, message: request.challenge)
        }
        try? await wallet.submit(flow: flow, answer: .useBiometric)
        #expect(try await wallet.nextPrompt(flow: flow)?.step == "confirm")
    }

    private func withMandate() async throws -> (Wallet, String) {
        let wallet = try await stage.open()
        _ = try await wallet.enrol(pin: pin)
        let flow = try await wallet.startSign(offer: stage.offer(), locale: "en")
        _ = try await stage.walk(wallet, flow)
        return (wallet, try await wallet.mandateOf(flow: flow))
    }
}

/// Memory, in a run of its own: what other tests take is not counted. `cargo xtask test` runs it so.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["QUITTANCE_MEMORY"] != nil)) struct MemoryTests {
    static let warmUp = 500
    static let wallets = 10_000
    static let kept = 300
    static let bound = 24 << 20

    // The control is part of it: wallets that are not let go are seen by the same measure.
    @Test("Ten thousand wallets leave no memory behind, and those that are kept are seen")
    func letGo() async throws {
        let stage = try await Stage()
        for _ in 0..<Self.warmUp { _ = try await opened(stage, "again") }
        let before = try resident()
        for _ in 0..<Self.wallets { _ = try await opened(stage, "again") }
        let growth = try resident() - before
        print("\(Self.wallets) wallets left \(growth) bytes")
        #expect(growth < Self.bound)
        var open: [Wallet] = []
        for number in 0..<Self.kept { open.append(try await opened(stage, "kept-\(number)")) }
        let seen = try resident() - before
        print("\(Self.kept) wallets that are open take \(seen) bytes")
        #expect(seen > Self.bound)
        withExtendedLifetime(open) {}
    }

    private func opened(_ stage: Stage, _ folder: String) async throws -> Wallet {
        try await openWhenFree(stage.phone(folder), stage.keys, stage.prompt)
    }

    /// Bytes of this process that are in memory.
    private func resident() throws -> Int {
        let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
        let pages = try #require(text.split(separator: " ").dropFirst().first.flatMap { Int($0) })
        return pages * 4096
    }
}

/// Opens a wallet as soon as its folder is free.
func openWhenFree(
    _ config: WalletConfig, _ keys: any DeviceKeys, _ prompt: any BiometricPrompt
) async throws -> Wallet {
    try await whenFree { try await Wallet.open(config: config, keys: keys, prompt: prompt) }
}

/// Does what opens a wallet first. The one before lets its folder go in the background: while that lasts it is tried again.
func whenFree<Done>(_ work: () async throws -> Done) async throws -> Done {
    for _ in 0..<200 {
        do {
            return try await work()
        } catch WalletError.Storage(_, .retry) {
            try await Task.sleep(for: .milliseconds(2))
        }
    }
    return try await work()
}

import CryptoKit
import Foundation
import LocalAuthentication
import Quittance
import QuittanceApple
import Security
import Testing

@testable import QuittanceDemo
@testable import SwiftUI

/// A reader of English in Greenwich, at the time of the pictures.
let english = Manner(language: "en", timeZone: .gmt) { pictured }
let chinese = Manner(language: "zh-Hans", timeZone: .gmt) { pictured }
/// Thursday 26 November 2026, 09:30.
let pictured = Date(timeIntervalSince1970: 1_795_685_400)

/// The app's own screens over the adapters, the real core and a real gateway, in the payer's hand.
@MainActor final class Hand {
    let stage: Stage
    /// The wallet as the next process is configured.
    var config: WalletConfig
    private(set) var app: AppModel
    private(set) var screen: Driver<RootView>

    init() async throws {
        KeychainRecord.shared.reset()
        EnclaveRecord.shared.reset()
        PromptRecord.shared.reset()
        let stage = try await Stage()
        self.stage = stage
        config = stage.config
        app = Self.app(config)
        screen = Driver(RootView(model: app))
        await screen.settle()
    }

    private static func app(_ config: WalletConfig) -> AppModel {
        AppModel(isTrial: true, facts: { .ofThisPhone }) {
            try ScreenLock.require()
            let keys = try EnclaveDeviceKeys(dataDir: config.dataDir)
            let prompt = LocalAuthPrompt(keys: keys) { say($0) }
            return try await Wallet.open(config: config, keys: keys, prompt: prompt)
        } forget: {
            try FileManager.default.removeItem(atPath: config.dataDir)
        }
    }

    /// The process ends, and another one opens the same files; a link may be what starts it.
    func restart(by link: URL? = nil) async {
        app = Self.app(config)
        screen = Driver(RootView(model: app))
        if let link { screen.open(link) }
        await screen.settle()
        await rest()
    }

    /// Presses, then waits for what that began.
    func tap(_ name: String) async throws {
        try screen.tap(name)
        await rest()
    }

    func rest() async {
        await app.work.finished()
        await app.contacting?.value
        await screen.settle()
    }

    /// Types on the app's own pad.
    func enter(_ digits: String) async throws {
        for digit in digits { try screen.tap("pin-\(digit)") }
        await rest()
    }

    func shows(_ words: String) -> Bool { screen.outline().contains(words) }

    /// Sets the phone up with the made-up payer's PIN.
    func enrol() async throws {
        try await tap("start")
        try await enter("482913")
        try await enter("482913")
    }

    /// Reads a merchant's offer and agrees to it: terms, thumb, PIN.
    func sign(_ offer: String? = nil) async throws {
        try await tap(say("app.action.read_offer"))
        let offer = if let offer { offer } else { try await stage.offer() }
        try screen.type(offer, into: say("app.offer.field"))
        try await tap("read-offer")
        try await tap("primary")
        try await tap("primary")
        try await enter("482913")
        try await tap("quiet")
    }

    /// Stops the debit as far as the bank's app: the link that leads back from there.
    func leaveForBank() async throws -> URL {
        try await tap("permission-Direct debit")
        try await tap("mandate.cancel.quick")
        try await tap("primary")
        try await tap("primary")
        try await enter("482913")
        #expect(shows(say("ask.jump.title")))
        try await tap("primary")
        let link = try #require(screen.opened.last)
        let query = URLComponents(url: link, resolvingAgainstBaseURL: false)?.queryItems
        let state = try #require(query?.first { $0.name == "state" }?.value)
        return try #require(URL(string: "quittance://back?state=\(state)&outcome=approved"))
    }

    /// The gateway's clock goes on, and the phone hears of it.
    func hear() async throws {
        app.sync()
        await rest()
    }

    /// Takes as many pictures as are asked for.
    func photograph(_ number: UInt32) async throws {
        try screen.tap("primary")
        let folder = try temporaryFolder("photos")
        defer { try? FileManager.default.removeItem(at: folder) }
        let files = try (0..<number).map { number in
            let file = folder.appendingPathComponent("\(number).png")
            try image(number).write(to: file)
            return file
        }
        try screen.choose(files)
        await rest()
    }

    /// Somebody else has the turn: time passes, and the payer looks again.
    func wait(until step: String) async throws {
        for _ in 0..<20 where app.flow?.prompt?.step != step {
            try await wait()
        }
        #expect(app.flow?.prompt?.step == step)
    }

    /// Agrees to everything that a flow asks, to its end.
    func agree(lockPassword: String) async throws {
        for _ in 0..<10 {
            guard let prompt = app.flow?.prompt else { return }
            switch prompt.kind {
            case .confirm, .choose, .biometric, .devicePasscode: try await tap("primary")
            case .paymentPin: try await enter("482913")
            case .lockPassword: try await enter(lockPassword)
            case .waiting: try await wait()
            case .code: try await enter(try await code())
            default: try await tap("quiet")
            }
        }
    }

    /// The code in the last text that came to the payer's phones.
    func code() async throws -> String {
        try await stage.sandbox.lastCode(try #require(app.enrolment?.account))
    }

    private func wait() async throws {
        try await stage.sandbox.advance("PT1S")
        try await tap("look-again")
    }
}

import Foundation
import Quittance
import QuittanceTexts
import Testing

@testable import QuittanceDemo

/// How values become words, and that no screen has words of its own.
@MainActor @Suite struct WordsTests {
    @Test(
        "An amount has the decimals of its currency, and its code in front",
        arguments: [
            (Money(minor: 5_000, currency: "CNY"), "CNY 50.00"),
            (Money(minor: 123_456_789, currency: "EUR"), "EUR 1,234,567.89"),
            (Money(minor: 1_200, currency: "JPY"), "JPY 1,200"), (Money(minor: 1_005, currency: "KWD"), "KWD 1.005"),
        ])
    func amounts(_ money: Money, _ words: String) {
        Manner.$current.withValue(english) { #expect(written(.amount(money)) == words) }
    }

    @Test(
        "A moment is said as people say it, near ones with their weekday",
        arguments: [
            (-24.0, "yesterday, 09:30"), (0, "today, 09:30"), (24, "tomorrow, 09:30"),
            (48, "Saturday 28 November, 09:30"),
            (720, "26 December, 09:30"), (1440, "25 January 2027, 09:30"),
        ] as [(Double, String)])
    func moments(_ hours: Double, _ words: String) {
        Manner.$current.withValue(english) { #expect(written(.moment(MadeUp.after(hours: hours))) == words) }
    }

    @Test(
        "A length of time is said in its unit",
        arguments: [
            ("PT1H", "1 hour"), ("PT24H", "24 hours"), ("P3BD", "3 working days"), ("PT30M", "30 minutes"),
            ("P7D", "7 days"),
            ("P1Y", "P1Y"),
        ])
    func waits(_ span: String, _ words: String) {
        Manner.$current.withValue(english) { #expect(written(.wait(span)) == words) }
    }

    @Test("Seconds that the gateway names are rounded up to what people say")
    func seconds() {
        #expect(Manner.span(ofSeconds: 90) == "PT90S")
        #expect(Manner.span(ofSeconds: 121) == "PT3M")
        #expect(Manner.span(ofSeconds: 7_201) == "PT3H")
    }

    @Test(
        "What is typed becomes minor units, or nothing",
        arguments: [
            ("20", "CNY", 2_000), ("19.99", "CNY", 1_999), ("500", "JPY", 500), ("0", "CNY", nil), ("-1", "CNY", nil),
            ("1.005", "CNY", nil), ("1.5", "JPY", nil), ("", "CNY", nil), ("99999999999999999999", "CNY", nil),
            ("1.500", "CNY", 150), (".5", "CNY", 50), ("20.", "CNY", 2_000), (".", "CNY", nil), ("1.2.3", "CNY", nil),
            ("1,000", "CNY", 100_000), ("12,345.6", "CNY", 1_234_560), ("1,00", "CNY", nil), ("1,000,00", "CNY", nil),
            (",500", "CNY", nil), ("1.000,50", "CNY", nil), ("20 yuan", "CNY", nil), ("2O", "CNY", nil),
        ] as [(String, String, Int64?)])
    func typed(_ text: String, _ currency: String, _ minor: Int64?) {
        #expect(english.minor(of: text, currency) == minor)
    }

    @Test("Amounts are read as the payer's language writes them, whole or not at all")
    func limits() {
        let german = Manner(language: "de", timeZone: .gmt) { pictured }
        func read(_ typed: String, _ manner: Manner) -> Int64? {
            MadeUp.rides.limits.with(perCharge: typed, perPeriod: "", manner)?.perCharge.minor
        }
        #expect(read("20.5", english) == 20_50)
        #expect(read("20,5", german) == 20_50)
        #expect(read("1.234", german) == 1_234_00)
        #expect(read("1,234", chinese) == 1_234_00)
        #expect(read(" ", english) == 50_00, "an empty field keeps what is")
        for none in ["0", "-1", "1.005", "1x", "99999999999999999999"] { #expect(read(none, english) == nil) }
    }

    @Test("A prompt's typed values reach its text")
    func prompts() {
        Manner.$current.withValue(english) {
            let text = PromptText(
                key: "consequence.limits",
                arguments: ["per_charge": .amount(amount: cny(20_00)), "per_period": .amount(amount: cny(500_00))])
            #expect(words(text).contains("CNY 20.00") && words(text).contains("CNY 500.00"))
            #expect(say("no.such.text") == "no.such.text")
        }
    }

    @Test("Digits are gone as soon as they are handed over or taken back")
    func digits() {
        let entry = PinEntry(length: 3)
        for digit: UInt8 in [1, 2, 10] { entry.add(digit) }
        #expect(entry.typed == 2 && !entry.isComplete)
        entry.removeLast()
        for digit: UInt8 in [5, 6, 7] { entry.add(digit) }
        #expect(entry.isComplete && entry.take().data == Data("156".utf8))
        #expect(entry.typed == 0 && entry.take().isOverwritten)
        #expect(!"\(entry)".contains("156"))
    }

    @Test("No screen has words of its own: literals in views are keys and symbols")
    func literals() throws {
        let app = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
            "../../../QuittanceDemo")
        let files = try #require(FileManager.default.enumerator(at: app, includingPropertiesForKeys: nil))
        var read = 0
        for case let file as URL in files where file.pathExtension == "swift" {
            read += 1
            let source = try String(contentsOf: file, encoding: .utf8)
            for view in ["Text", "Button", "Label", "Toggle", "Section", "TextField", "ProgressView", "LabeledContent"]
            {
                for start in [" ", "{", "(", "[", "."] {
                    for part in source.components(separatedBy: "\(start)\(view)(\"").dropFirst() {
                        // An empty text is a gap.
                        #expect(part.hasPrefix("\""), "\(file.lastPathComponent): \(view)(\"\(part.prefix(20))")
                    }
                }
            }
        }
        #expect(read > 20)
    }

    @Test("The gateway is read from the app's own property list, and what is missing is named")
    func configuration() throws {
        let whole = [
            "QuittanceGatewayURL": "https://pay.example", "QuittanceOrigin": "https://pay.example",
            "QuittanceLogKey": "k",
            "QuittancePolicyAuthor": "a", "QuittanceSandbox": "NO",
        ]
        let folder = URL(fileURLWithPath: "/wallet")
        let config = try Phone.configuration(whole, folder: folder)
        #expect(config.dataDir == "/wallet" && config.origin == "https://pay.example" && !config.sandbox)
        for name in ["GatewayURL", "Origin", "LogKey", "PolicyAuthor"] {
            let part = whole.merging(["Quittance" + name: ""]) { _, new in new }
            #expect(throws: WalletError.Configuration(member: name, fix: "set it in Gateway.xcconfig")) {
                try Phone.configuration(part, folder: folder)
            }
        }
    }
}

import Foundation
import Quittance
import Testing

/// Printed or looked into, nothing shows what the payer typed, whom they know, what they pay for.
@Suite struct PrintedTests {
    static let secret = "482913"

    private static let typed = Data(secret.utf8)
    private static let now = Date(timeIntervalSince1970: 0)
    private static let limits = Limits(
        perCharge: cny(1), perPeriod: cny(1), periodDays: 30, total: nil, chargesPerPeriod: nil, charges: nil,
        exact: false)
    private static let terms = Terms(
        merchantName: secret, service: secret, kind: .subscription, limits: limits, validUntil: nil, category: secret,
        channel: .app, autoRenewal: nil, bundledWith: secret)
    private static let offer = Offer(offer: "off", merchant: "mer", terms: terms, expiresAt: now)
    private static let affected = [AffectedMandate(mandate: "man", merchantName: secret, service: secret)]
    private static let question = QuizQuestion(about: secret, choices: [secret])
    private static let statement = NamedStatement(name: "intent", compact: secret)

    @Test("An answer shows nothing")
    func answers() {
        let answers: [Answer] = [
            .paymentPin(pin: Self.typed), .lockPassword(password: Self.typed), .code(code: Self.typed),
            .images(images: [Self.typed]), .entered(entries: [Self.secret]),
        ]
        for answer in answers { #expect(!shows(answer)) }
        #expect("\(answers[0])" == "PaymentPin(…)")
    }

    @Test("A prompt shows nothing")
    func prompts() {
        let kinds: [PromptKind] = [
            .consent(offer: Self.offer),
            .confirm(mandates: Self.affected, consequences: []),
            .choose(mandates: Self.affected, consequences: []),
            .people(people: [NamedPerson(account: Self.secret, name: Self.secret)], atLeast: 1),
            .jump(link: "https://bank.example/?state=" + Self.secret),
            .code(sentTo: .own, digits: 6, validUntil: Self.now, resendFrom: Self.now),
            .quiz(about: .amounts, questions: [Self.question]),
        ]
        let text = PromptText(key: "ask.confirm.title", arguments: [:])
        for kind in kinds {
            #expect(!shows(kind))
            let prompt = Prompt(
                flow: "flo", definition: "mandate.cancel.quick", step: "confirm", kind: kind, title: text, body: text,
                why: text, because: [], next: [], rules: [], stepNumber: 1, stepCount: 3, attemptsLeft: nil,
                deadline: nil, primary: nil, quiet: nil, offline: false)
            #expect(!shows(prompt))
        }
    }

    @Test("A record shows nothing")
    func records() {
        let charge = PastCharge(
            charge: Self.secret, at: Self.now, amount: cny(1), outcome: .declined(code: Self.secret), refunded: nil)
        let receipt = ExportedReceipt(
            receipt: Self.secret, annexJson: Self.secret, logVkey: "vkey", entry: Self.typed,
            statements: [Self.statement], jwks: Self.secret)
        let records: [Any] = [
            Self.terms, Self.offer, Self.affected, Self.question, NamedPerson(account: Self.secret, name: Self.secret),
            charge, Self.statement, receipt,
        ]
        for record in records { #expect(!shows(record)) }
    }

    @Test("The measure sees what is printed, and what a mirror finds")
    func control() {
        struct Unprotected { let name: String }
        struct Unprinted: CustomStringConvertible {
            let name: String
            var description: String { "Unprinted" }
        }
        #expect(shows(Unprotected(name: Self.secret)))
        #expect(shows(Unprinted(name: Self.secret)))
        #expect(shows(Self.typed))
    }

    private func shows(_ value: Any) -> Bool {
        var dumped = ""
        dump(value, to: &dumped)
        // Bytes are dumped one by one: 4 is 52.
        let bytes = "- 52\n"
        let printed = [String(describing: value), String(reflecting: value), dumped]
        return printed.contains { $0.contains(Self.secret) || $0.contains(bytes) }
    }
}

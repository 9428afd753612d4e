import Foundation
import Quittance

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// The gateway's sandbox as a merchant sees it.
struct Sandbox: Sendable {
    /// The public half of the sandbox's policy author, whose secret half is public too: pin it against a sandbox only.
    static let policyAuthor = "RAlL6ThzRCMdpVbqnfXQd1Ug0ai_rb2sJUCnmjhMfLg"

    struct Unexpected: Error {
        let answer: String
    }

    let origin: String

    /// The log's verifier key.
    func logKey() async throws -> String {
        try await text(URLRequest(url: url("/log/vkey"))).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Makes a merchant.
    func merchant(_ name: String) async throws -> Merchant {
        let made = try await post("/sandbox/merchants", ["name": name])
        return Merchant(sandbox: self, id: try member("merchant", of: made))
    }

    /// Moves the gateway's clock, by a span such as `PT1H`.
    func advance(_ span: String) async throws {
        _ = try await post("/sandbox/clock", ["advance": span])
    }

    /// The code in the last text that came to an account's phones.
    func lastCode(_ account: String) async throws -> String {
        let inbox = try await text(URLRequest(url: url("/sandbox/inbox/\(account)")))
        let received = try JSONSerialization.jsonObject(with: Data(inbox.utf8)) as? [[String: Any]]
        let arguments = received?.last?["arguments"] as? [String: Any]
        guard let code = arguments?["code"] as? String else { throw Unexpected(answer: inbox) }
        return code
    }

    func post(_ path: String, _ body: [String: Any]) async throws -> String {
        var request = URLRequest(url: try url(path))
        request.httpMethod = "POST"
        request.setValue("application/json", forHTTPHeaderField: "content-type")
        request.httpBody = try JSONSerialization.data(withJSONObject: body)
        return try await text(request)
    }

    func member(_ name: String, of answer: String) throws -> String {
        let json = try JSONSerialization.jsonObject(with: Data(answer.utf8)) as? [String: Any]
        guard let value = json?[name] as? String else { throw Unexpected(answer: answer) }
        return value
    }

    private func url(_ path: String) throws -> URL {
        guard let url = URL(string: origin + path) else { throw Unexpected(answer: origin) }
        return url
    }

    private func text(_ request: URLRequest) async throws -> String {
        let (data, _) = try await URLSession.shared.data(for: request)
        return String(decoding: data, as: UTF8.self)
    }
}

/// A simulated merchant of the sandbox.
struct Merchant: Sendable {
    let sandbox: Sandbox
    let id: String

    /// A pay-as-you-go offer, as the merchant's QR code holds it.
    func offer(
        perCharge: Money, perPeriod: Money, service: String = "Rides", channel: String? = nil
    ) async throws -> String {
        var offer: [String: Any] = [
            "service": service, "kind": "pay_as_you_go", "period_days": 30,
            "per_charge": json(perCharge), "per_period": json(perPeriod),
        ]
        offer["channel"] = channel
        return try sandbox.member("offer", of: await sandbox.post("/sandbox/merchants/\(id)/offers", offer))
    }

    /// Charges, with the permit that the payer handed over or with one deposited ahead: the gateway's answer.
    func charge(_ mandate: String, _ amount: Money, _ reference: String, permit: String? = nil) async throws -> String {
        var charge: [String: Any] = ["mandate": mandate, "amount": json(amount), "reference": reference]
        charge["permit"] = permit
        return try await sandbox.post("/sandbox/merchants/\(id)/charges", charge)
    }

    private func json(_ money: Money) -> [String: Any] {
        ["minor": money.minor, "currency": money.currency]
    }
}

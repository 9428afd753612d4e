import Foundation

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// The simulated bank hears what it is asked, and says nothing.
func bankNeverAnswers(_ sandbox: Sandbox) async throws {
    guard let url = URL(string: sandbox.origin + "/sandbox/parties/bank_app/script") else { return }
    var request = URLRequest(url: url)
    request.httpMethod = "POST"
    request.setValue("application/json", forHTTPHeaderField: "content-type")
    request.httpBody = Data(#"[{"latency":"never"}]"#.utf8)
    _ = try await URLSession.shared.data(for: request)
}

/// An offer of a merchant whose charges go through a bank's own mandate.
func bankOffer(_ sandbox: Sandbox) async throws -> String {
    let merchant = try await sandbox.merchant("Harbour Bank")
    return try await merchant.offer(
        perCharge: cny(50_00), perPeriod: cny(500_00), service: "Direct debit", channel: "bank")
}

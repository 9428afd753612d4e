// The README shows this code, whose comments stand in a column there.
// swift-format-ignore-file
import Foundation
import Quittance

// quickstart
func signThenStop(
    config: WalletConfig, keys: DeviceKeys, prompt: BiometricPrompt, pin: Data, offer: String,
    ask: (Prompt) async throws -> Answer
) async throws -> ExportedReceipt {
    let wallet = try await Wallet.open(config: config, keys: keys, prompt: prompt)
    _ = try await wallet.enrol(pin: pin)                                        // keys are made, the PIN is set
    try await wallet.answer(wallet.startSign(offer: offer, locale: "en"), ask)  // terms, thumb, PIN
    let mandates = try await wallet.mandates().map(\.mandate)
    try await wallet.answer(wallet.startRevoke(mandates: mandates), ask)        // thumb, consequences, PIN
    _ = try await wallet.sync()                                                 // sends what could not be sent
    return try await wallet.exportReceipt(order: wallet.receipts().reversed()[0].order)  // anyone can check it
}
extension Wallet {
    /// One prompt after the other, until somebody else has the turn. `errorKind(error:)` names what an error asks for.
    func answer(_ flow: String, _ ask: (Prompt) async throws -> Answer) async throws {
        while let prompt = try await nextPrompt(flow: flow), asksPayer(prompt: prompt) {
            try await submit(flow: flow, answer: ask(prompt))
        }
    }
}
// quickstart

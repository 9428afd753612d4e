// The README shows this code, whose comments stand in a column there.
// swift-format-ignore-file
import Foundation
import Quittance

// quickstart
func signThenStop(
    config: WalletConfig, keys: DeviceKeys, prompt: BiometricPrompt, pin: Data, offer: String,
    ask: (Prompt) async throws -> Answer
) async throws -> ExportedReceipt? {
    let wallet = try await Wallet.open(config: config, keys: keys, prompt: prompt)
    _ = try await wallet.enrol(pin: pin)                                        // keys are made, the PIN is set
    let signing = try await wallet.startSign(offer: offer, locale: "en")
    try await wallet.answer(signing, ask)                                       // terms, thumb, PIN
    let stopping = try await wallet.startRevoke(mandates: [wallet.mandateOf(flow: signing)])
    try await wallet.answer(stopping, ask)                                      // thumb, consequences, PIN
    _ = try await wallet.sync()                                                 // sends what could not be sent
    guard let order = try await wallet.orderOf(flow: stopping) else { return nil }  // offline there is none yet
    return try await wallet.exportReceipt(order: order)                         // anyone can check it
}
extension Wallet {
    /// Shows one prompt after the other, until another app or somebody else has the turn, or the run is over.
    func answer(_ flow: String, _ ask: (Prompt) async throws -> Answer) async throws {
        while let prompt = try await nextPrompt(flow: flow), asksPayer(prompt: prompt) {
            if case .jump = prompt.kind { return }
            try await submit(flow: flow, answer: ask(prompt))       // errorKind(error:) names what to do
        }
    }
}
// quickstart

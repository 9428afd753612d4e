import Foundation
import Quittance

/// Nobody is asked before the payer stops something.
final class NoPrompt: BiometricPrompt {
    func sign(request: BiometricRequest) async throws -> Data { throw BiometricError.NotEnrolled }
}

/// A wallet in a folder, of a gateway that is never asked.
func open(folder: String, keys: DeviceKeys) async throws -> Wallet {
    let config = WalletConfig(
        dataDir: folder, gatewayUrl: "https://gateway.example", origin: "https://gateway.example", logVkey: logKey,
        policyAuthor: policyAuthor)
    return try await Wallet.open(config: config, keys: keys, prompt: NoPrompt())
}

/// What did not come out as it should.
struct Unexpected: Error {
    let what: String
}

/// Opens a wallet in a folder, lists what can charge, reads an offer, and is refused one that is none. `measure` and a folder: measures.
@main
struct Consumer {
    static func main() async throws {
        let arguments = CommandLine.arguments
        if arguments.count > 2 { return try await measure(folder: arguments[2]) }
        let wallet = try await open(folder: arguments[1], keys: KeysInMemory())
        let enrolled = try await wallet.enrolment()
        let mandates = try await wallet.mandates()
        guard enrolled == nil, mandates.isEmpty else { throw Unexpected(what: "a new wallet is not empty") }
        let offer = try wallet.readOffer(text: offer)
        guard offer.terms.limits.perCharge.minor == 50_00 else { throw Unexpected(what: "limits") }
        print("offer of \(offer.terms.merchantName)")
        do {
            _ = try wallet.readOffer(text: "nothing that a merchant wrote")
            throw Unexpected(what: "it was taken for an offer")
        } catch let refused as WalletError {
            guard case .InvalidInput(let member, _) = refused, errorKind(error: refused) == .fixInput else {
                throw refused
            }
            print("refused: \(member)")
        }
        print("consumer: 1 passed, 0 failed")
    }
}

// Public keys and an offer as a gateway and a merchant publish them.
let logKey = "127.0.0.1:36671+38dff2e6+Aaah/b68a+ytKViOfGNbhlS3wwr/w8qxw6BCxUc/iTMZ"
let policyAuthor = "RAlL6ThzRCMdpVbqnfXQd1Ug0ai_rb2sJUCnmjhMfLg"
let offer = [
    "eyJhbGciOiJFZDI1NTE5IiwidHlwIjoicXVpdHRhbmNlLW9mZmVyK2p3dCIsImtpZCI6Ikx3OFZveDZrd1AyMEtjenNzQ0FTRHFV",
    "ME1vMkxXZEdlYTVwemlqUWtLSjAifQ.eyJhdWQiOiJodHRwOi8vMTI3LjAuMC4xOjM2NjcxIiwiZXhwaXJlc19hdCI6IjIwMjYtM",
    "TItMjZUMTU6NTA6NTVaIiwiaWF0IjoiMjAyNi0xMS0yNlQxNTo1MDo1NVoiLCJqdGkiOiJzdGFfYmJkNTJkNTZjZDZjNmY4NmI2Z",
    "mM1NjY1N2NhOTAwOWEiLCJtZXJjaGFudCI6Im1lcl8yNzFhNjg1MjJkZmU5MGQ1OTQ1OTkyOGE0ZGJhMmFkYSIsIm9mZmVyIjoib",
    "2ZmX2JiZDUyZDU2Y2Q2YzZmODZiNmZjNTY2NTdjYTkwMDlhIiwidGVybXMiOnsia2luZCI6InBheV9hc195b3VfZ28iLCJsaW1pd",
    "HMiOnsicGVyX2NoYXJnZSI6eyJjdXJyZW5jeSI6IkNOWSIsIm1pbm9yIjo1MDAwfSwicGVyX3BlcmlvZCI6eyJjdXJyZW5jeSI6I",
    "kNOWSIsIm1pbm9yIjo1MDAwMH0sInBlcmlvZF9kYXlzIjozMH0sIm1lcmNoYW50X25hbWUiOiJCbHVlYmlyZCBSaWRlcyIsInNlc",
    "nZpY2UiOiJSaWRlcyJ9fQ._lP76c8wuJxnAFkJTN3DJJipbIpKCE7NTfkXJ1B7MDJXuL8020dxGazPOrhmuAffK5zV7tqt9AhZSI",
    "KBkxITBw",
].joined()

package example

import kotlinx.coroutines.runBlocking
import org.quittance.BiometricException
import org.quittance.BiometricPrompt
import org.quittance.BiometricRequest
import org.quittance.ErrorKind
import org.quittance.Wallet
import org.quittance.WalletConfig
import org.quittance.WalletException
import org.quittance.errorKind

/** Nobody is asked before the payer stops something. */
object NoPrompt : BiometricPrompt {
    override suspend fun sign(request: BiometricRequest): ByteArray = throw BiometricException.NotEnrolled()
}

/** Opens a wallet in a folder, lists what can charge, reads an offer, and is refused one that is none. */
fun main(arguments: Array<String>) = runBlocking {
    Wallet.open(config(arguments.single()), KeysInMemory(), NoPrompt).use { wallet ->
        check(wallet.enrolment() == null && wallet.mandates().isEmpty())
        val offer = wallet.readOffer(OFFER)
        check(offer.terms.limits.perCharge.minor == 50_00L)
        println("offer of ${offer.terms.merchantName}")
        try {
            wallet.readOffer("nothing that a merchant wrote")
            error("it was taken for an offer")
        } catch (refused: WalletException.InvalidInput) {
            check(errorKind(refused) == ErrorKind.FixInput)
            println("refused: ${refused.member}")
        }
    }
    println("consumer: 1 passed, 0 failed")
}

/** A wallet in a folder, of a gateway that is never asked. */
internal fun config(folder: String) =
    WalletConfig(
        dataDir = folder,
        gatewayUrl = "https://gateway.example",
        origin = "https://gateway.example",
        logVkey = LOG_KEY,
        policyAuthor = POLICY_AUTHOR,
    )

// Public keys and an offer as a gateway and a merchant publish them.
private const val LOG_KEY = "127.0.0.1:36671+38dff2e6+Aaah/b68a+ytKViOfGNbhlS3wwr/w8qxw6BCxUc/iTMZ"
private const val POLICY_AUTHOR = "RAlL6ThzRCMdpVbqnfXQd1Ug0ai_rb2sJUCnmjhMfLg"
private const val OFFER =
    "eyJhbGciOiJFZDI1NTE5IiwidHlwIjoicXVpdHRhbmNlLW9mZmVyK2p3dCIsImtpZCI6Ikx3OFZveDZrd1AyMEtjenNzQ0FTRHFV" +
    "ME1vMkxXZEdlYTVwemlqUWtLSjAifQ.eyJhdWQiOiJodHRwOi8vMTI3LjAuMC4xOjM2NjcxIiwiZXhwaXJlc19hdCI6IjIwMjYtM" +
    "TItMjZUMTU6NTA6NTVaIiwiaWF0IjoiMjAyNi0xMS0yNlQxNTo1MDo1NVoiLCJqdGkiOiJzdGFfYmJkNTJkNTZjZDZjNmY4NmI2Z" +
    "mM1NjY1N2NhOTAwOWEiLCJtZXJjaGFudCI6Im1lcl8yNzFhNjg1MjJkZmU5MGQ1OTQ1OTkyOGE0ZGJhMmFkYSIsIm9mZmVyIjoib" +
    "2ZmX2JiZDUyZDU2Y2Q2YzZmODZiNmZjNTY2NTdjYTkwMDlhIiwidGVybXMiOnsia2luZCI6InBheV9hc195b3VfZ28iLCJsaW1pd" +
    "HMiOnsicGVyX2NoYXJnZSI6eyJjdXJyZW5jeSI6IkNOWSIsIm1pbm9yIjo1MDAwfSwicGVyX3BlcmlvZCI6eyJjdXJyZW5jeSI6I" +
    "kNOWSIsIm1pbm9yIjo1MDAwMH0sInBlcmlvZF9kYXlzIjozMH0sIm1lcmNoYW50X25hbWUiOiJCbHVlYmlyZCBSaWRlcyIsInNlc" +
    "nZpY2UiOiJSaWRlcyJ9fQ._lP76c8wuJxnAFkJTN3DJJipbIpKCE7NTfkXJ1B7MDJXuL8020dxGazPOrhmuAffK5zV7tqt9AhZSI" +
    "KBkxITBw"

package org.quittance.testing

import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse.BodyHandlers
import org.quittance.Money

/** The gateway's sandbox as a merchant sees it. */
class Sandbox(private val origin: String) {
    private val client = HttpClient.newHttpClient()

    /** The log's verifier key. */
    fun logKey(): String = get("/log/vkey").trim()

    /** Makes a merchant. */
    fun merchant(name: String): Merchant {
        val made = post("/sandbox/merchants", """{"name":"$name"}""")
        return Merchant(this, member(made, "merchant"))
    }

    /** Moves the gateway's clock, by a span such as `PT1H`. */
    fun advance(span: String) {
        post("/sandbox/clock", """{"advance":"$span"}""")
    }

    /** The code in the last text that came to an account's phones. */
    fun lastCode(account: String): String = Regex(CODE).findAll(get("/sandbox/inbox/$account")).last().groupValues[1]

    internal fun get(path: String): String = send(HttpRequest.newBuilder(URI.create(origin + path)).GET().build())

    internal fun post(path: String, json: String): String =
        send(
            HttpRequest.newBuilder(URI.create(origin + path))
                .header("content-type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(json))
                .build(),
        )

    private fun send(request: HttpRequest): String = client.send(request, BodyHandlers.ofString()).body()

    companion object {
        private const val CODE = "\"code\"\\s*:\\s*\"([0-9]+)\""

        /**
         * The public half of the sandbox's policy author, whose secret half is public too: pin it against a sandbox only.
         */
        const val POLICY_AUTHOR = "RAlL6ThzRCMdpVbqnfXQd1Ug0ai_rb2sJUCnmjhMfLg"

        internal fun member(json: String, name: String): String =
            Regex("\"$name\"\\s*:\\s*\"([^\"]*)\"").find(json)?.groupValues?.get(1) ?: error("no $name in $json")

        internal fun json(money: Money): String = """{"minor":${money.minor},"currency":"${money.currency}"}"""
    }
}

/** A simulated merchant of the sandbox. */
class Merchant internal constructor(private val sandbox: Sandbox, private val id: String) {
    /** A pay-as-you-go offer, as the merchant's QR code holds it. */
    fun offer(perCharge: Money, perPeriod: Money): String {
        val limits =
            """"per_charge":${Sandbox.json(perCharge)},"per_period":${Sandbox.json(perPeriod)},"period_days":30"""
        val offer = """{"service":"Rides","kind":"pay_as_you_go",$limits}"""
        return Sandbox.member(sandbox.post("/sandbox/merchants/$id/offers", offer), "offer")
    }

    /** Charges, with the permit that the payer handed over or with one deposited ahead: the gateway's answer. */
    fun charge(mandate: String, amount: Money, reference: String, permit: String? = null): String {
        val handedOver = permit?.let { ""","permit":"$it"""" }.orEmpty()
        val charge = """{"mandate":"$mandate","amount":${Sandbox.json(amount)},"reference":"$reference"$handedOver}"""
        return sandbox.post("/sandbox/merchants/$id/charges", charge)
    }
}

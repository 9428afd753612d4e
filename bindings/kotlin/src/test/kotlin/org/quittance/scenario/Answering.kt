package org.quittance.scenario

import java.util.HexFormat
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.jsonPrimitive
import org.quittance.Answer
import org.quittance.Prompt
import org.quittance.PromptKind
import org.quittance.QuizQuestion
import org.quittance.WalletException
import org.quittance.asksPayer
import org.quittance.testing.Stage

/** The usual password of the payer's safety lock. */
const val LOCK_PASSWORD = "730518"

private const val WRONG_SECRET = "000001"
private const val BACK = "quittance://back"

/** No run of any flow has as many steps. */
private const val MOST_STEPS = 60

/** How a payer's runs go on: prompts are looked at, then answered, well unless the step says otherwise. */
class Answering(private val payer: Payer) {
    private val wallet get() = payer.wallet

    suspend fun answer(told: JsonObject) {
        val flow = told.need("flow")
        told.text("until")?.let { return answerUntil(flow, it) }
        repeat(told.int("times") ?: 1) { payer.outcome(told.text("fails")) { answerOnce(flow, told.member("with")) } }
    }

    suspend fun link(told: JsonObject) {
        val kind = look(told.need("flow"))?.kind
        val foreign = told.truth("foreign") == true
        // Links come whenever other apps like.
        val link =
            (kind as? PromptKind.Jump)?.link
                ?: if (foreign) "$BACK?state=AAAA" else throw Wrong("a step that leads to another app", kind)
        val said = told.need("outcome")
        val back = if (foreign) "$BACK?state=${"A".repeat(43)}&outcome=$said" else backFrom(link, said)
        payer.outcome(told.text("fails")) { wallet.resumeLink(back) }
    }

    /** Opens the run's screen: what it shows now, once the gateway was asked where it can be; nothing once it ended. */
    suspend fun look(flow: String): Prompt? {
        try {
            wallet.refreshFlow(flow)
        } catch (refusal: WalletException) {
            val usual =
                refusal is WalletException.Offline || refusal is WalletException.Unknown || refusal is WalletException.FlowEnded
            if (!usual) throw refusal
        }
        return try {
            wallet.nextPrompt(flow)
        } catch (_: WalletException.FlowEnded) {
            null
        }
    }

    private suspend fun answerUntil(flow: String, until: String) {
        repeat(MOST_STEPS) {
            val prompt = look(flow)
            val asks = prompt != null && asksPayer(prompt)
            when {
                prompt == null -> if (until == "done") return else throw Wrong("that the run comes to $until", "its end")
                until == "waiting" && !asks -> return
                prompt.step == until -> return
                !asks -> throw Wrong("that the run comes to $until", "waiting at ${prompt.step}")
                else -> payer.outcome(null) { answerOnce(flow, null) }
            }
        }
        throw Wrong("that the run comes to $until", "always another step")
    }

    private suspend fun answerOnce(flow: String, with: JsonElement?) {
        val prompt = look(flow) ?: throw WalletException.FlowEnded(null)
        val kind = prompt.kind
        if (kind is PromptKind.Jump && with == null) {
            wallet.resumeLink(backFrom(kind.link, "approved"))
        } else {
            wallet.submit(flow, if (with == null) good(kind) else choose(kind, with))
        }
    }

    private fun good(kind: PromptKind): Answer =
        when (kind) {
            is PromptKind.Consent -> Answer.Agree
            is PromptKind.Confirm, is PromptKind.Choose -> Answer.Confirm
            is PromptKind.Biometric -> Answer.UseBiometric
            is PromptKind.DevicePasscode -> Answer.UsePasscode
            is PromptKind.PaymentPin -> Answer.PaymentPin(Stage.pin())
            is PromptKind.LockPassword -> Answer.LockPassword(LOCK_PASSWORD.toByteArray())
            is PromptKind.Code -> code("latest")
            is PromptKind.Photos, is PromptKind.Recording -> images(wanted(kind), 0)
            is PromptKind.Quiz -> quiz(kind, 0)
            is PromptKind.Facts -> facts(kind.questions.size)
            is PromptKind.Fields -> facts(kind.questions.size)
            is PromptKind.People -> Answer.Entered(kind.people.map { it.account })
            is PromptKind.Jump, is PromptKind.Waiting, is PromptKind.InReview,
            is PromptKind.Scheduled, is PromptKind.Done, is PromptKind.Refused,
            -> throw Wrong("something to answer", word(kind))
        }

    private fun choose(kind: PromptKind, with: JsonElement): Answer {
        val (way, value) = if (with is JsonObject) with.entries.single() else Pair(with.jsonPrimitive.content, null).entry()
        return when (way) {
            "confirm" -> Answer.Confirm
            "send_again" -> Answer.SendAgain
            "not_an_image" -> Answer.Images(List(wanted(kind)) { "%PDF-1.7 no image".toByteArray() })
            "wrong_secret" -> secret(kind, WRONG_SECRET)
            "secret" -> secret(kind, value!!.jsonPrimitive.content)
            "code" -> code(value!!.jsonPrimitive.content)
            "entries" -> Answer.Entered(texts(value!!))
            "images" -> images(value!!.jsonPrimitive.content.toInt(), 0)
            "image_of" -> images(wanted(kind), (value as JsonObject).int("bytes")!!)
            "wrong" -> quiz(kind as PromptKind.Quiz, value!!.jsonPrimitive.content.toInt())
            "not_recognised" -> prompt(kind, thrown(way))
            "fault" -> prompt(kind, thrown(value!!.jsonPrimitive.content))
            else -> throw Wrong("an answer to ${word(kind)}", with)
        }
    }

    private fun Pair<String, JsonElement?>.entry() = mapOf(this).entries.single()

    /** Goes on to the platform's prompt, which ends so. */
    private fun prompt(kind: PromptKind, fault: Throwable): Answer {
        payer.prompt.answerOnce { throw fault }
        return if (kind is PromptKind.DevicePasscode) Answer.UsePasscode else Answer.UseBiometric
    }

    private fun secret(kind: PromptKind, typed: String): Answer =
        when (kind) {
            is PromptKind.PaymentPin -> Answer.PaymentPin(typed.toByteArray())
            is PromptKind.LockPassword -> Answer.LockPassword(typed.toByteArray())
            else -> throw Wrong("a step that asks for a secret", word(kind))
        }

    private fun code(which: String): Answer = Answer.Code(payer.stage.ask("code", json(which)).jsonPrimitive.content.toByteArray())

    private fun facts(count: Int) = Answer.Entered(List(count) { "They do not answer my messages." })

    private fun images(count: Int, bytes: Int): Answer {
        val wanted =
            buildJsonObject {
                put("count", JsonPrimitive(count))
                put("bytes", JsonPrimitive(bytes))
            }
        return Answer.Images(texts(payer.stage.ask("images", wanted)).map { HexFormat.of().parseHex(it) })
    }

    private fun quiz(kind: PromptKind.Quiz, wrong: Int): Answer {
        val asked =
            buildJsonObject {
                put("about", json(word(kind.about)))
                put("questions", JsonArray(kind.questions.map(::json)))
                put("wrong", JsonPrimitive(wrong))
            }
        return Answer.Entered(texts(payer.stage.ask("quiz", asked)))
    }

    private fun json(question: QuizQuestion): JsonElement =
        buildJsonObject {
            put("about", json(question.about))
            put("choices", json(question.choices))
        }

    private fun wanted(kind: PromptKind): Int = if (kind is PromptKind.Photos) kind.images.toInt() else 1

    /** The link by which the other app leads back. */
    private fun backFrom(link: String, outcome: String): String {
        val state = link.split('?', '&').firstOrNull { it.startsWith("state=") } ?: throw Wrong("a link with a state", link)
        return "$BACK?$state&outcome=$outcome"
    }
}

package org.quittance.demo

import java.nio.file.Files
import java.time.Duration
import java.time.Instant
import java.time.LocalDate
import java.time.ZoneOffset
import java.time.temporal.ChronoUnit
import kotlinx.coroutines.runBlocking
import org.quittance.Answer
import org.quittance.Money
import org.quittance.PromptKind
import org.quittance.QuizQuestion
import org.quittance.QuizTopic
import org.quittance.Wallet
import org.quittance.Wish
import org.quittance.testing.Sandbox
import org.quittance.testing.ScriptedPrompt
import org.quittance.testing.SoftwareDeviceKeys
import org.quittance.testing.Stage
import org.quittance.testing.Stage.Companion.cny

/** What stands around the payer's phone in the sandbox: other people's phones, a bank, what the gateway knows of the payer. */
class World(private val stage: Stage) : AutoCloseable {
    private val others = mutableListOf<Wallet>()
    private val folders = mutableListOf<java.nio.file.Path>()

    /** Another person with a phone of their own, enrolled. */
    fun person(): Wallet {
        val folder = Files.createTempDirectory("quittance-person").also(folders::add)
        val keys = SoftwareDeviceKeys()
        return runBlocking {
            Wallet.open(stage.config.copy(dataDir = folder.toString()), keys, ScriptedPrompt(keys)).also {
                others += it
                it.enrol(Stage.pin())
            }
        }
    }

    /** What the gateway is told about an account. */
    fun tell(account: String, profile: String) = posted("/sandbox/accounts/$account", profile)

    /** What a simulated party answers from now on. */
    fun script(party: String, lines: String) = posted("/sandbox/parties/$party/script", lines)

    /** An offer of a merchant whose charges go through a bank's own mandate. */
    fun bankOffer(): String {
        val merchant = Sandbox.member(stage.sandbox.post("/sandbox/merchants", """{"name":"Harbour Bank"}"""), "merchant")
        val limits = """"per_charge":${json(cny(50_00))},"per_period":${json(cny(500_00))},"period_days":30"""
        val offer = """{"service":"Direct debit","kind":"pay_as_you_go","channel":"bank",$limits}"""
        return Sandbox.member(posted("/sandbox/merchants/$merchant/offers", offer), "offer")
    }

    /** A guardian lets a teen pay so much at once: each step is answered well, with pictures where it asks for them. */
    fun grants(guardian: Wallet, teen: String, most: Money, picture: suspend () -> ByteArray) = runBlocking {
        val flow = guardian.begin("teen.raise_limit", emptyList(), Wish.TeenLimit(teen, most))
        while (true) {
            val prompt = guardian.nextPrompt(flow) ?: break
            val answer =
                when (val kind = prompt.kind) {
                    is PromptKind.Photos -> Answer.Images(List(kind.images.toInt()) { picture() })
                    is PromptKind.Recording -> Answer.Images(listOf(picture()))
                    is PromptKind.Waiting -> null
                    else -> Stage.agree(prompt)
                }
            if (answer != null) guardian.submit(flow, answer) else stage.sandbox.advance("PT1S")
            guardian.refreshFlow(flow)
        }
    }

    private fun posted(path: String, body: String): String =
        stage.sandbox.post(path, body).also { check("\"code\"" !in it) { it } }

    override fun close() {
        others.forEach(Wallet::close)
        folders.forEach { it.toFile().deleteRecursively() }
    }

    companion object {
        fun account(wallet: Wallet): String = runBlocking { checkNotNull(wallet.enrolment()).account }

        fun json(money: Money): String = """{"minor":${money.minor},"currency":"${money.currency}"}"""
    }
}

/** What a payer paid before, as a quiz asks about it. */
class Past(private val now: Instant) {
    private data class Paid(val amount: Money, val payee: String, val at: Instant) {
        val day: String get() = LocalDate.ofInstant(at, ZoneOffset.ofHours(POLICY_ZONE)).toString()
        val said: String get() = "${amount.minor.toBigDecimal().movePointLeft(2).stripTrailingZeros().toPlainString()} ${amount.currency}"
    }

    private val paid =
        List(TRANSACTIONS) { number ->
            val payee = if (number % 4 == 3) "Corner Bakery" else "Harborside"
            Paid(cny(13_16L + number * 311), payee, now.minus(Duration.ofDays(number + 1L)).truncatedTo(ChronoUnit.SECONDS))
        }

    val profile: String =
        paid.joinToString(",", """{"transactions":[""", "]}") {
            """{"amount":${World.json(it.amount)},"merchant":"${it.payee}","at":"${it.at}"}"""
        }

    fun answers(quiz: PromptKind.Quiz): List<String> = quiz.questions.map { answer(quiz.about, it) }

    private fun answer(about: QuizTopic, question: QuizQuestion): String {
        val parts = question.about.split(" · ")
        val of = paid.first { one -> parts.all { it in listOf(one.day, one.said, one.payee) } }
        return when (about) {
            QuizTopic.AMOUNTS, QuizTopic.AMOUNTS_AGAIN -> of.said
            QuizTopic.MERCHANTS -> of.payee
            QuizTopic.DATES -> of.day
        }
    }

    private companion object {
        const val TRANSACTIONS = 24
        const val POLICY_ZONE = 8
    }
}

package org.quittance.scenario

import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import org.quittance.Prompt
import org.quittance.PromptKind
import org.quittance.RecordingKind
import org.quittance.testing.Stage

/** What the payer's phone has to show, verb by verb. */
class Looking(private val payer: Payer, private val answering: Answering) {
    private val wallet get() = payer.wallet
    private val told = mutableListOf<Map<String, JsonElement>>()
    private var epoch: ULong? = null

    /** Compares what a verb describes; false where there is no such verb. */
    suspend fun expect(verb: String, what: JsonObject): Boolean {
        when (verb) {
            "expect_mandate" -> expectMandate(what)
            "expect_prompt" -> expectPrompt(what, shown(what.need("flow")))
            "expect_code" -> expectCode(what, shown(what.need("flow")).kind)
            "expect_run" -> expectRun(what)
            "expect_items" -> expectItems(what)
            "expect_receipts" -> expectReceipts(what)
            "expect_routes" -> expectRoutes(what)
            "expect_rotations" -> {
                val before = epoch ?: throw Wrong("count_rotations before", "none")
                same("rotations", what.long("expect_rotations"), (payer.keys.newestEpoch() - before).toLong())
            }
            "expect_event" -> expectEvent(what)
            "expect_history" -> expectHistory(what)
            "expect_lock" -> expectLock(what)
            "expect_list" -> expectList(what)
            "expect_exposure" -> expectExposure(what)
            "expect_problem" -> {
                val owed = payer.takeOwed()?.let(::word) ?: "nothing"
                same("a refusal that owes", what.need("expect_problem"), owed)
            }
            "expect_finding" -> expectFinding(what)
            else -> return false
        }
        return true
    }

    /** What was told before the scenario began is nothing that it asks for. */
    suspend fun forgetEvents() {
        Stage.events(wallet)
    }

    /** From here on rotations of the vault are counted. */
    fun countRotations() {
        epoch = payer.keys.newestEpoch()
    }

    private suspend fun expectMandate(what: JsonObject) {
        val mandate = wallet.mandate(what.need("mandate"))
        check("state", what.text("state")) { word(mandate.state) }
        check("holds", what.texts("holds")?.sorted()) { mandate.holds.map(::word).sorted() }
        check("can_pay", what.truth("can_pay")) { mandate.canPay }
        check("bundled_with", what.text("bundled_with")) { mandate.terms.bundledWith }
        check("permits_ahead", what.int("permits_ahead")) { mandate.permitsAhead.toInt() }
        what.truth("stale")?.let { same("stale", it, wallet.permission(mandate.mandate).permission.stale) }
        // The gateway tells its side to whoever has the phone's key.
        what.text("sign")?.let { payer.stage.ask("signature", json(payer.sign(it))) }
    }

    private suspend fun shown(flow: String): Prompt =
        answering.look(flow) ?: wallet.closingPrompt(flow) ?: throw Wrong("something to show", "nothing")

    private fun expectPrompt(what: JsonObject, prompt: Prompt) {
        val kind = prompt.kind
        check("step", what.text("step")) { prompt.step }
        check("kind", what.text("kind")) { word(kind) }
        check("number", what.int("number")) { prompt.stepNumber.toInt() }
        check("of", what.int("of")) { prompt.stepCount.toInt() }
        check("attempts_left", what.int("attempts_left")) { prompt.attemptsLeft?.toInt() }
        check("deadline", what.long("deadline")) { prompt.deadline?.let { it.epochSecond - payer.now } }
        check("waits_for", what.text("waits_for")) { if (kind is PromptKind.Waiting) word(kind.whom) else word(kind) }
        check("because", what.texts("because")) { prompt.because.map { it.key.substringAfterLast('.') } }
        check("why", what.text("why")) { prompt.why.key }
        checkSaid("next", what.texts("next"), prompt.next, "next.")
        val consequences =
            when (kind) {
                is PromptKind.Confirm -> kind.consequences
                is PromptKind.Choose -> kind.consequences
                else -> emptyList()
            }
        checkSaid("consequences", what.texts("consequences"), consequences, "consequence.")
        check("digits", what.int("digits")) { digits(kind) }
        check("questions", what.int("questions")) { questions(kind) }
        check("choices", what.member("choices")?.jsonArray?.map { it.jsonPrimitive.content.toInt() }) {
            (kind as? PromptKind.Quiz)?.questions.orEmpty().map { it.choices.size }
        }
        check("people", what.int("people")) { (kind as? PromptKind.People)?.people.orEmpty().size }
        check("gestures", what.int("gestures")) {
            ((kind as? PromptKind.Recording)?.what as? RecordingKind.Gestures)?.gestures.orEmpty().size
        }
    }

    private fun expectCode(what: JsonObject, kind: PromptKind) {
        if (kind !is PromptKind.Code) throw Wrong("a step that asks for a code", word(kind))
        check("life", what.long("life")) { kind.validUntil.epochSecond - payer.now }
        check("resend_in", what.long("resend_in")) { kind.resendFrom.epochSecond - payer.now }
    }

    private suspend fun expectRun(what: JsonObject) {
        answering.look(what.need("flow"))
        val closing = wallet.closingPrompt(what.need("flow"))
        val kind = closing?.kind
        val (word, code) =
            when (kind) {
                null -> "open" to null
                is PromptKind.Done -> "done" to null
                is PromptKind.Scheduled -> "scheduled" to null
                is PromptKind.Refused -> kind.code?.let { "refused" to it } ?: (closing.title.key.split('.')[1] to null)
                else -> word(kind) to null
            }
        same("a run that is", what.need("is"), word)
        check("code", what.text("code")) { code }
    }

    private suspend fun expectItems(what: JsonObject) {
        val are = wallet.batchResults(what.need("flow")).groupingBy { word(it.outcome) }.eachCount()
        same("items", what.inner("are")!!.mapValues { it.value.jsonPrimitive.content.toInt() }, are)
    }

    private suspend fun expectReceipts(what: JsonObject) {
        val receipts = wallet.receipts()
        same("receipts:", what.int("expect_receipts"), receipts.size)
        val latest = receipts.lastOrNull() ?: return
        // What is exported is what a stranger checks.
        wallet.exportReceipt(latest.order)
        check("cause", what.text("cause")) { word(latest.cause) }
        check("kind", what.text("kind")) { word(latest.kind) }
        check("mandates", what.int("mandates")) { latest.mandates.size }
    }

    private suspend fun expectRoutes(what: JsonObject) {
        val routes = wallet.cancellationRoutes(what.need("mandate")).associateBy { it.definition }
        check("open", what.texts("open")) { routes.values.filter { it.closed == null }.map { it.definition } }
        for ((name, reason) in what.inner("closed").orEmpty()) {
            same("$name closed because", reason.jsonPrimitive.content, routes[name]?.closed?.key?.substringAfterLast('.'))
        }
        for ((name, steps) in what.inner("steps").orEmpty()) {
            same("steps of $name", steps.jsonPrimitive.content, routes[name]?.steps?.toString())
        }
        for ((name, effective) in what.inner("effective").orEmpty()) {
            same("$name effective after", effective.jsonPrimitive.content, routes[name]?.effective)
        }
    }

    private suspend fun expectEvent(what: JsonObject) {
        told += Stage.events(wallet).map(::told)
        val found = told.indexOfFirst { isIt(it, what.need("event"), what.inner("with")!!) }
        val never = what.truth("never") == true
        if (never != (found < 0)) throw Wrong("${if (never) "no event" else "the event"} $what", told)
        if (found >= 0) told.removeAt(found)
    }

    private suspend fun expectHistory(what: JsonObject) {
        val mandate = what.need("mandate")
        wallet.refreshHistory(mandate)
        val expected = what.member("is")!!.jsonArray.map { it.jsonObject }
        val lines = expected.map { Triple(it.money("amount"), it.need("was"), it.inner("refunded")?.let { _ -> it.money("refunded") }) }
        same("the history", lines, wallet.permission(mandate).history.map { Triple(it.amount, word(it.outcome), it.refunded) })
    }

    private suspend fun expectLock(what: JsonObject) {
        val lock = wallet.lockState().lock
        same("on:", what.truth("on"), lock != null)
        if (lock == null) return
        check("left", what.long("left")) { lock.until.epochSecond - payer.now }
        check("trigger", what.text("trigger")) { lock.trigger }
    }

    private suspend fun expectList(what: JsonObject) {
        val list = wallet.permissions()
        check("on", what.int("on")) { list.on.toInt() }
        check("paused", what.int("paused")) { list.paused.toInt() }
        check("ending", what.int("ending")) { list.ending.toInt() }
        check("ended", what.int("ended")) { list.ended.toInt() }
    }

    private suspend fun expectExposure(what: JsonObject) {
        val exposure = wallet.permission(what.need("mandate")).permission.exposure ?: throw Wrong("something to lose", "nothing")
        same("charges", what.int("charges"), exposure.charges.toInt())
        same("per_charge", what.money("per_charge"), exposure.perCharge)
    }

    private suspend fun expectFinding(what: JsonObject) {
        val said = wallet.security(payer.locks.facts).checkup.flatMap { it.findings }
        val name = what.need("expect_finding")
        val found = said.firstOrNull { it.says.key.substringAfterLast('.') == name }
        if (what.truth("never") == true) return same("no finding", null, found?.says?.key)
        if (found == null) throw Wrong("the finding $name", said.map { it.says.key })
        check("values", what.texts("values")) { found.says.arguments.values.map(::written) }
        check("remedy", what.text("remedy")) { found.remedy?.let(::word) }
    }

    private fun digits(kind: PromptKind): Int? =
        when (kind) {
            is PromptKind.Code -> kind.digits.toInt()
            is PromptKind.PaymentPin -> kind.digits.toInt()
            is PromptKind.LockPassword -> kind.digits.toInt()
            else -> null
        }

    private fun questions(kind: PromptKind): Int =
        when (kind) {
            is PromptKind.Quiz -> kind.questions.size
            is PromptKind.Facts -> kind.questions.size
            is PromptKind.Fields -> kind.questions.size
            else -> 0
        }
}

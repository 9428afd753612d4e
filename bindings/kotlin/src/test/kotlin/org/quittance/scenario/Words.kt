package org.quittance.scenario

import java.math.BigDecimal
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import org.quittance.BiometricException
import org.quittance.ChargeOutcome
import org.quittance.EndingStage
import org.quittance.ErrorKind
import org.quittance.ItemOutcome
import org.quittance.Money
import org.quittance.PromptKind
import org.quittance.PromptText
import org.quittance.TextArgument
import org.quittance.WalletEvent
import org.quittance.WalletException

// What the facade says, in the words of scenarios.

/** A constant in the way scenarios write it: `PAYER_OFFLINE` is `payer_offline`. */
fun word(constant: Enum<*>): String = constant.name.lowercase()

/** A refusal by its code. The facade tells inputs that cannot be used by their member, where scenarios have a word for each. */
fun nameOf(refusal: WalletException): String =
    when (refusal) {
        is WalletException.Refused -> refusal.code
        is WalletException.Offline -> "offline"
        is WalletException.WrongPin -> "wrong_secret"
        is WalletException.PinLocked -> "factor_locked"
        is WalletException.SameSecret -> "same_secret"
        is WalletException.Biometric -> word(refusal.reason)
        is WalletException.WrongAnswer -> "wrong_answer"
        is WalletException.FlowEnded -> refusal.code ?: "flow_ended"
        is WalletException.Unknown -> "unknown_${refusal.what}"
        is WalletException.RouteClosed -> "route_closed"
        is WalletException.ForeignLink -> "foreign_state"
        is WalletException.NotAnImage -> "not_an_image"
        is WalletException.TooLarge -> "too_large"
        is WalletException.NotPayable -> "not_payable"
        is WalletException.Storage -> "storage"
        is WalletException.Distrusted -> "distrusted_${refusal.reason}"
        is WalletException.InvalidInput ->
            when (refusal.member) {
                "pin" -> "secret_format"
                "mandates" -> "too_many"
                "amount" -> "above_limit"
                else -> refusal.message
            }
        else -> refusal.message.orEmpty()
    }

/** How the platform's prompt ended. */
fun word(ended: BiometricException): String =
    when (ended) {
        is BiometricException.UserCancelled -> "user_cancelled"
        is BiometricException.TimedOut -> "timed_out"
        is BiometricException.NotRecognised -> "not_recognised"
        is BiometricException.LockedOut -> if (ended.permanent) "locked_for_good" else "locked_out"
        is BiometricException.NotEnrolled -> "not_enrolled"
        is BiometricException.HardwareUnavailable -> "hardware_unavailable"
        is BiometricException.KeyInvalidated -> "key_invalidated"
        is BiometricException.KeyMissing -> "key_missing"
        is BiometricException.Unexpected -> "unexpected"
    }

/** A fault of the platform's prompt as native code throws it. */
fun thrown(fault: String): Throwable =
    when (fault) {
        "user_cancelled" -> BiometricException.UserCancelled()
        "timed_out" -> BiometricException.TimedOut()
        "not_recognised" -> BiometricException.NotRecognised(1u)
        "locked_out" -> BiometricException.LockedOut(false)
        "locked_for_good" -> BiometricException.LockedOut(true)
        "not_enrolled" -> BiometricException.NotEnrolled()
        "hardware_unavailable" -> BiometricException.HardwareUnavailable()
        "key_invalidated" -> BiometricException.KeyInvalidated()
        "key_missing" -> BiometricException.KeyMissing()
        "exception" -> IllegalStateException("native code knows why")
        else -> throw Wrong("a fault of the prompt", fault)
    }

/** What an app owes its user. */
fun word(kind: ErrorKind): String =
    when (kind) {
        is ErrorKind.Retry -> "retry"
        is ErrorKind.Wait -> "wait"
        is ErrorKind.AskAgain -> "ask_again"
        is ErrorKind.FixInput -> "fix_input"
        is ErrorKind.StartOver -> "start_over"
        is ErrorKind.PhoneSettings -> "phone_settings"
        is ErrorKind.Reenrol -> "reenrol"
        is ErrorKind.UpdateApp -> "update_app"
        is ErrorKind.Alarm -> "alarm"
        is ErrorKind.Support -> "support"
    }

/** The kind of a prompt. */
fun word(kind: PromptKind): String =
    when (kind) {
        is PromptKind.Consent -> "consent"
        is PromptKind.Confirm -> "confirm"
        is PromptKind.Choose -> "choose"
        is PromptKind.Facts -> "facts"
        is PromptKind.People -> "people"
        is PromptKind.Jump -> "jump"
        is PromptKind.Code -> "code"
        is PromptKind.Biometric -> "biometric"
        is PromptKind.DevicePasscode -> "device_passcode"
        is PromptKind.PaymentPin -> "payment_pin"
        is PromptKind.LockPassword -> "lock_password"
        is PromptKind.Photos -> "photos"
        is PromptKind.Recording -> "recording"
        is PromptKind.Quiz -> "quiz"
        is PromptKind.Fields -> "fields"
        is PromptKind.Waiting -> "waiting"
        is PromptKind.InReview -> "in_review"
        is PromptKind.Scheduled -> "scheduled"
        is PromptKind.Done -> "done"
        is PromptKind.Refused -> "refused"
    }

/** What became of an item of a batch. */
fun word(outcome: ItemOutcome): String =
    when (outcome) {
        is ItemOutcome.Unfinished -> "open"
        is ItemOutcome.Asked -> "asked"
        is ItemOutcome.Ending -> if (outcome.stage is EndingStage.Closed) "closed" else "ending"
        is ItemOutcome.EndedHere -> "ended_here"
        is ItemOutcome.WaitsForBank -> "waits_for_bank"
        is ItemOutcome.Refused -> "refused"
    }

/** What became of a charge. */
fun word(outcome: ChargeOutcome): String =
    when (outcome) {
        is ChargeOutcome.Approved -> "approved"
        is ChargeOutcome.Declined -> outcome.code
    }

/**
 * Ways in which a scenario may write a text: what follows a part of its key, then the values that it names. The facade gives
 * values by name, so their sequence is the scenario's.
 */
fun said(text: PromptText, part: String): Set<String> {
    val key = text.key.substringAfter(part, text.key)
    return orders(text.arguments.values.map(::written)).map { (listOf(key) + it).joinToString(" ") }.toSet()
}

/** Compares texts one by one. */
fun checkSaid(what: String, expected: List<String>?, texts: List<PromptText>, part: String) {
    if (expected == null) return
    val was = texts.map { said(it, part) }
    val fits = expected.size == was.size && expected.zip(was).all { (text, ways) -> text in ways }
    if (!fits) throw Wrong("$what $expected", was.map { it.first() })
}

private fun orders(values: List<String>): List<List<String>> =
    if (values.isEmpty()) {
        listOf(emptyList())
    } else {
        values.indices.flatMap { first ->
            orders(values.filterIndexed { index, _ -> index != first }).map { listOf(values[first]) + it }
        }
    }

fun written(value: TextArgument): String =
    when (value) {
        is TextArgument.Count -> "${value.count}"
        is TextArgument.Amount -> "${value.amount.currency} ${main(value.amount)}"
        is TextArgument.Moment -> "${value.moment}"
        is TextArgument.Wait -> value.duration
        is TextArgument.Words -> value.words
        is TextArgument.Keys -> value.keys.joinToString(" ")
    }

private fun main(amount: Money): String = BigDecimal.valueOf(amount.minor, 2).toPlainString()

/** What the payer is told, with its name and the members that scenarios compare. */
fun told(event: WalletEvent): Map<String, JsonElement> {
    fun of(name: String, vararg members: Pair<String, JsonElement>) = mapOf("event" to json(name), *members)
    return when (event) {
        is WalletEvent.MandateActive -> of("mandate_active", "mandate" to json(event.mandate))
        is WalletEvent.MandateRejected -> of("mandate_rejected", "mandate" to json(event.mandate))
        is WalletEvent.Held -> of("held", "mandate" to json(event.mandate), "by" to json(word(event.by)))
        is WalletEvent.Closing -> of("closing", "order" to json(event.order), "missing" to json(word(event.missing)))
        is WalletEvent.Closed ->
            of("closed", "order" to json(event.order), "mandates" to json(event.mandates), "kind" to json(word(event.kind)))
        is WalletEvent.Undone -> of("undone", "order" to json(event.order), "mandate" to json(event.mandate))
        is WalletEvent.Disputed -> of("disputed", "order" to json(event.order), "reason" to json(word(event.reason)))
        is WalletEvent.DeadTokenUsed ->
            of("dead_token_used", "mandate" to json(event.mandate), "uses" to JsonPrimitive(event.uses.toLong()))
        is WalletEvent.Charged -> of("charged", "mandate" to json(event.mandate), "amount" to json(event.amount))
        is WalletEvent.ChargedAfterEnd ->
            of(
                "charged_after_end",
                "mandate" to json(event.mandate),
                "order" to json(event.order),
                "amount" to json(event.amount),
            )
        is WalletEvent.NotStopped -> of("not_stopped", "mandates" to json(event.mandates), "code" to json(event.code))
        is WalletEvent.Told -> of("told", "flow" to json(event.flow), "text" to json(event.text))
        is WalletEvent.Locked -> of("locked", "trigger" to json(event.trigger), "until" to json("${event.until}"))
        is WalletEvent.LockEnds -> of("lock_ends", "at" to json("${event.at}"))
        is WalletEvent.Unlocked -> of("unlocked")
        is WalletEvent.Declined ->
            of("declined", "mandate" to json(event.mandate), "code" to json(event.code), "amount" to json(event.amount))
        is WalletEvent.MerchantObjected -> of("merchant_objected", "mandate" to json(event.mandate))
        is WalletEvent.AskedToVouch ->
            of(
                "asked_to_vouch",
                "flow" to json(event.flow),
                "requester" to json(event.requester),
                "purpose" to json(event.purpose),
            )
        is WalletEvent.LogContradiction -> of("log_contradiction", "proves_fork" to JsonPrimitive(event.provesFork))
        is WalletEvent.Quarantined -> of("quarantined")
        is WalletEvent.Refused -> of("refused", "statement" to json(event.statement), "code" to json(event.code))
    }
}

/** Whether an event is the one that a step describes. */
fun isIt(event: Map<String, JsonElement>, name: String, with: JsonObject): Boolean =
    event["event"] == json(name) && with.all { (member, value) -> event[member] == value }

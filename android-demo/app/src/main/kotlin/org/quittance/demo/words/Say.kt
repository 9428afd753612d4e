package org.quittance.demo.words

import java.time.Duration
import java.time.Instant
import org.quittance.Money
import org.quittance.PromptText
import org.quittance.TextArgument

/** A text of the catalogue with its arguments, in no language yet. */
data class Say(val key: String, val arguments: Map<String, Value> = emptyMap()) {
    constructor(key: String, vararg arguments: Pair<String, Value>) : this(key, mapOf(*arguments))
}

/** What stands in the place of an argument. */
sealed interface Value {
    data class Amount(val money: Money) : Value

    data class Count(val number: Long) : Value

    data class Moment(val at: Instant) : Value

    data class Wait(val duration: Duration) : Value

    data class WorkingDays(val days: Long) : Value

    /** Several texts, one after the other. */
    data class Texts(val texts: List<Say>) : Value

    /** One text inside of another. */
    data class Text(val text: Say) : Value

    /** Somebody's own words: a merchant's name. */
    data class Plain(val words: String) : Value
}

fun count(number: Int): Value = Value.Count(number.toLong())

fun count(number: UInt): Value = Value.Count(number.toLong())

fun count(number: ULong): Value = Value.Count(number.toLong())

fun amount(money: Money): Value = Value.Amount(money)

fun moment(at: Instant): Value = Value.Moment(at)

fun plain(words: String): Value = Value.Plain(words)

fun text(say: Say): Value = Value.Text(say)

/** A length of time in seconds. */
fun wait(seconds: UInt): Value = Value.Wait(Duration.ofSeconds(seconds.toLong()))

/** A text of the core, as the screens say it. */
fun PromptText.say(): Say = Say(key, arguments.mapValues { (_, argument) -> argument.value() })

private fun TextArgument.value(): Value =
    when (this) {
        is TextArgument.Count -> Value.Count(count.toLong())
        is TextArgument.Amount -> Value.Amount(amount)
        is TextArgument.Moment -> Value.Moment(moment)
        is TextArgument.Wait -> length(duration)
        is TextArgument.Words -> Value.Plain(words)
        is TextArgument.Keys -> Value.Texts(keys.map { Say(it) })
    }

/** ISO 8601, with business days as `P3BD`. */
private fun length(duration: String): Value {
    val days = WORKING_DAYS.matchEntire(duration)?.groupValues?.get(1)?.toLongOrNull()
    if (days != null) return Value.WorkingDays(days)
    return runCatching { Value.Wait(Duration.parse(duration)) }.getOrDefault(Value.Plain(duration))
}

private val WORKING_DAYS = Regex("P([0-9]+)BD")

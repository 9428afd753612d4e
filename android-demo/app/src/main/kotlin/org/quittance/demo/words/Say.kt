package org.quittance.demo.words

import java.time.Instant
import org.quittance.Money
import org.quittance.PromptText

/** A text of the catalogue with its arguments, in no language yet. */
data class Say(val key: String, val arguments: Map<String, Value> = emptyMap()) {
    constructor(key: String, vararg arguments: Pair<String, Value>) : this(key, mapOf(*arguments))
}

/** What stands in the place of an argument. */
sealed interface Value {
    data class Amount(val money: Money) : Value

    data class Count(val number: Long) : Value

    data class Moment(val at: Instant) : Value

    data class Wait(val seconds: Long) : Value

    /** Several texts, one after the other. */
    data class Texts(val texts: List<Say>) : Value

    /** One text inside of another. */
    data class Text(val text: Say) : Value

    /** Somebody's own words: a merchant's name. */
    data class Plain(val words: String) : Value
}

fun count(number: Int): Value = Value.Count(number.toLong())

fun count(number: UInt): Value = Value.Count(number.toLong())

fun amount(money: Money): Value = Value.Amount(money)

fun moment(at: Instant): Value = Value.Moment(at)

fun plain(words: String): Value = Value.Plain(words)

fun text(say: Say): Value = Value.Text(say)

/** A text of the core, as the screens say it. */
fun PromptText.say(): Say = Say(key, arguments.mapValues { (_, value) -> Value.Plain(value) })

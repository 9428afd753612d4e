package org.quittance.demo.words

import java.text.NumberFormat
import java.time.Duration
import java.time.Instant
import java.time.ZoneId
import java.time.format.DateTimeFormatter
import java.time.format.FormatStyle
import java.util.Currency
import java.util.Locale
import org.quittance.Money

/** The catalogue in one language. */
fun interface Catalogue {
    /** The pattern of a text, for a count where it depends on one; null where there is no such text. */
    fun pattern(key: String, counted: Map<String, Long>): String?
}

/** Says texts: the only place where an argument becomes words. */
class Words(
    private val catalogue: Catalogue,
    private val locale: Locale,
    private val zone: ZoneId,
    private val now: () -> Instant,
) {
    fun of(key: String, vararg arguments: Pair<String, Value>): String = of(Say(key, *arguments))

    fun of(say: Say): String {
        val counted = say.arguments.mapNotNull { (name, value) -> number(value)?.let { name to it } }.toMap()
        val pattern = catalogue.pattern(say.key, counted) ?: return say.key
        return PLACE.replace(pattern) { found ->
            val name = found.groupValues[1]
            say.arguments[name]?.let(::value) ?: found.value
        }
    }

    private fun number(value: Value): Long? =
        when (value) {
            is Value.Count -> value.number
            is Value.Plain -> value.words.toLongOrNull()
            else -> null
        }

    private fun value(value: Value): String =
        when (value) {
            is Value.Amount -> amount(value.money)
            is Value.Count -> NumberFormat.getIntegerInstance(locale).format(value.number)
            is Value.Moment -> moment(value.at)
            is Value.Wait -> wait(value.seconds)
            is Value.Texts -> value.texts.joinToString(of("app.list.separator")) { of(it) }
            is Value.Text -> of(value.text)
            is Value.Plain -> value.words
        }

    /** An amount with its currency and the digits that it has. */
    fun amount(money: Money): String {
        val digits = runCatching { Currency.getInstance(money.currency).defaultFractionDigits }.getOrDefault(2)
        val format = NumberFormat.getNumberInstance(locale)
        format.minimumFractionDigits = digits
        format.maximumFractionDigits = digits
        val words = plain(format.format(money.minor.toBigDecimal().movePointLeft(digits)))
        val known = if (money.currency == "CNY") "app.money.cny" else "app.money.other"
        return of(known, "value" to words, "currency" to plain(money.currency))
    }

    /** A moment as people say it: near ones with their weekday. */
    fun moment(at: Instant): String {
        val (then, today) = at.atZone(zone) to now().atZone(zone).toLocalDate()
        val time = "time" to plain(DateTimeFormatter.ofLocalizedTime(FormatStyle.SHORT).withLocale(locale).format(then))
        val days = Duration.between(today.atStartOfDay(), then.toLocalDate().atStartOfDay()).toDays()
        val date = "date" to plain(format(if (days in NEAR) "MMMMd" else "yMMMMd").format(then))
        return when {
            days == 0L -> of("app.moment.today", time)
            days == 1L -> of("app.moment.tomorrow", time)
            days == -1L -> of("app.moment.yesterday", time)
            days in NEAR -> of("app.moment.near", "weekday" to plain(format("EEEE").format(then)), date, time)
            else -> of("app.moment.far", date, time)
        }
    }

    private fun format(skeleton: String): DateTimeFormatter {
        val pattern = android.text.format.DateFormat.getBestDateTimePattern(locale, skeleton)
        return DateTimeFormatter.ofPattern(pattern, locale)
    }

    private fun wait(seconds: Long): String {
        val (unit, number) =
            when {
                seconds < MINUTE * 2 -> "seconds" to seconds
                seconds < HOUR * 2 -> "minutes" to (seconds + MINUTE - 1) / MINUTE
                seconds < DAY * 2 -> "hours" to (seconds + HOUR - 1) / HOUR
                else -> "days" to (seconds + DAY - 1) / DAY
            }
        return of("app.wait.$unit", "count" to Value.Count(number))
    }

    private companion object {
        /** `{name}`, with the kind of its argument where the catalogue states one. */
        val PLACE = Regex("\\{([a-z_]+)(?::[a-z]+)?\\}")
        val NEAR = -6L..6L
        const val MINUTE = 60L
        const val HOUR = 60 * MINUTE
        const val DAY = 24 * HOUR
    }
}

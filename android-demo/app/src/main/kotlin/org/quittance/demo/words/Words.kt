package org.quittance.demo.words

import android.content.res.Resources
import android.text.format.DateFormat
import java.text.NumberFormat
import java.time.Duration
import java.time.Instant
import java.time.ZoneId
import java.time.format.DateTimeFormatter
import java.time.format.FormatStyle
import java.util.Currency
import java.util.Locale
import org.quittance.Money
import org.quittance.android.textResource

/** Says texts in the language of [resources]: the only place where an argument becomes words. */
class Words(private val resources: Resources, private val zone: ZoneId, private val now: () -> Instant) {
    private val locale: Locale = resources.configuration.locales[0]

    fun of(key: String, vararg arguments: Pair<String, Value>): String = of(Say(key, *arguments))

    /** A text that this version does not have is said by its key: better than nothing. */
    fun of(say: Say): String {
        val found = textResource(say.key) ?: return say.key
        return found.text(resources) { slot -> say.arguments[slot.name]?.let(::value).orEmpty() }
    }

    private fun value(value: Value): String =
        when (value) {
            is Value.Amount -> amount(value.money)
            is Value.Count -> NumberFormat.getIntegerInstance(locale).format(value.number)
            is Value.Moment -> moment(value.at)
            is Value.Wait -> wait(value.duration)
            is Value.WorkingDays -> of("app.wait.working_days", "count" to Value.Count(value.days))
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
        val pattern = DateFormat.getBestDateTimePattern(locale, skeleton)
        return DateTimeFormatter.ofPattern(pattern, locale)
    }

    private fun wait(duration: Duration): String {
        val seconds = duration.seconds
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
        val NEAR = -6L..6L
        const val MINUTE = 60L
        const val HOUR = 60 * MINUTE
        const val DAY = 24 * HOUR
    }
}

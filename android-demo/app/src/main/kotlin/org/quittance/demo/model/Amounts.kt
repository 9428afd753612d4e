package org.quittance.demo.model

import java.text.DecimalFormat
import java.text.NumberFormat
import java.text.ParsePosition
import java.util.Currency
import java.util.Locale
import org.quittance.Limits
import org.quittance.Money

/** The limits with what was typed in the payer's language; nothing where it is no amount. */
fun Shown.ChangeLimits.wanted(locale: Locale): Limits? {
    val charge = money(perCharge, now.perCharge, locale) ?: return null
    val period = money(perPeriod, now.perPeriod, locale) ?: return null
    return now.copy(perCharge = charge, perPeriod = period)
}

/** An empty field keeps what is; an amount that its currency has no coins for is none. */
private fun money(typed: String, now: Money, locale: Locale): Money? {
    val words = typed.trim()
    if (words.isEmpty()) return now
    val format = NumberFormat.getNumberInstance(locale) as? DecimalFormat ?: return null
    format.isParseBigDecimal = true
    val end = ParsePosition(0)
    val amount = (format.parse(words, end) as? java.math.BigDecimal)?.takeIf { end.index == words.length && it.signum() > 0 }
    val digits = Currency.getAvailableCurrencies().firstOrNull { it.currencyCode == now.currency }?.defaultFractionDigits ?: 2
    val minor = amount?.movePointRight(digits)?.stripTrailingZeros() ?: return null
    return if (minor.scale() <= 0 && minor.precision() - minor.scale() < MOST_DIGITS) Money(minor.toLong(), now.currency) else null
}

/** More than any purse holds, and still a number. */
private const val MOST_DIGITS = 16

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

/** An empty field keeps what is; an amount that its currency has no coins for, or whose groups no language writes so, is none. */
private fun money(typed: String, now: Money, locale: Locale): Money? {
    val words = typed.trim()
    if (words.isEmpty()) return now
    val format = NumberFormat.getNumberInstance(locale) as? DecimalFormat ?: return null
    val whole = words.substringBefore(format.decimalFormatSymbols.decimalSeparator)
    if (!areGroups(whole.split(format.decimalFormatSymbols.groupingSeparator))) return null
    format.isParseBigDecimal = true
    val end = ParsePosition(0)
    val amount = (format.parse(words, end) as? java.math.BigDecimal)?.takeIf { end.index == words.length && it.signum() > 0 }
    val digits = Currency.getAvailableCurrencies().firstOrNull { it.currencyCode == now.currency }?.defaultFractionDigits ?: 2
    val minor = amount?.movePointRight(digits)?.stripTrailingZeros() ?: return null
    return if (minor.scale() <= 0 && minor.precision() - minor.scale() < MOST_DIGITS) Money(minor.toLong(), now.currency) else null
}

/** One group of any length, or more of three figures each, of which the first may be shorter: in English "1,00" is no hundred. */
private fun areGroups(groups: List<String>): Boolean =
    groups.size == 1 || (groups.first().length in 1..GROUP && groups.drop(1).all { it.length == GROUP })

/** The figures of a group. */
private const val GROUP = 3

/** More than any purse holds, and still a number. */
private const val MOST_DIGITS = 16

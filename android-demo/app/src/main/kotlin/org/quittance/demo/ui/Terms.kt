package org.quittance.demo.ui

import androidx.compose.foundation.layout.Column
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import org.quittance.Channel
import org.quittance.MandateKind
import org.quittance.Offer
import org.quittance.Terms
import org.quittance.demo.R
import org.quittance.demo.words.Say
import org.quittance.demo.words.Value
import org.quittance.demo.words.amount
import org.quittance.demo.words.count
import org.quittance.demo.words.moment
import org.quittance.demo.words.plain

/** What a permission allows, as it is shown before and after it is agreed to. */
fun terms(terms: Terms): List<Say> = buildList {
    val limits = terms.limits
    val perCharge = if (limits.exact) "app.terms.exact" else "app.terms.per_charge"
    add(Say(perCharge, "amount" to amount(limits.perCharge)))
    val days = "days" to Value.Count(limits.periodDays.toLong())
    add(Say("app.terms.per_period", "amount" to amount(limits.perPeriod), days))
    limits.chargesPerPeriod?.let { add(Say("app.terms.charges_per_period", "charges" to count(it))) }
    limits.total?.let { add(Say("app.terms.total", "amount" to amount(it))) }
    limits.charges?.let { add(Say("app.terms.charges", "charges" to count(it))) }
    add(terms.validUntil?.let { Say("app.terms.until", "until" to moment(it)) } ?: Say("app.terms.no_end"))
    terms.autoRenewal?.let { add(Say(if (it) "app.terms.renews" else "app.terms.does_not_renew")) }
    terms.category?.let { add(Say("app.terms.category", "category" to plain(it))) }
    terms.bundledWith?.let { add(Say("app.terms.bundled", "service" to plain(it))) }
}

fun kind(terms: Terms): Say =
    Say(
        when (terms.kind) {
            MandateKind.SUBSCRIPTION -> "app.kind.subscription"
            MandateKind.PAY_AS_YOU_GO -> "app.kind.pay_as_you_go"
        },
    )

fun channel(terms: Terms): Say =
    Say(
        when (terms.channel) {
            Channel.APP -> "app.channel.app"
            Channel.MINI_PROGRAM -> "app.channel.mini_program"
            Channel.BANK -> "app.channel.bank"
        },
    )

/** An offer to agree to: the largest charge is what is largest on the page. */
@Composable
fun OfferContent(offer: Offer) {
    Column {
        Text(offer.terms.merchantName, style = MaterialTheme.typography.titleLarge)
        Body(offer.terms.service, quiet = true)
    }
    Text(
        LocalWords.current.amount(offer.terms.limits.perCharge),
        style = MaterialTheme.typography.displaySmall.tabular,
        color = MaterialTheme.colorScheme.primary,
    )
    Section(words("app.terms.title")) {
        terms(offer.terms).forEach { Line(R.drawable.sign_check, words(it), tint = MaterialTheme.colorScheme.onSurface) }
        Body(words(kind(offer.terms)), quiet = true)
        Body(words(channel(offer.terms)), quiet = true)
    }
    Notice(R.drawable.sign_alert, words("app.offer.unverified"))
    Line(R.drawable.sign_clock, words("app.offer.until", "until" to moment(offer.expiresAt)))
}

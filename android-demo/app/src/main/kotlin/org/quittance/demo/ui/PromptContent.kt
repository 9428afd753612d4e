package org.quittance.demo.ui

import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.size
import androidx.compose.material3.MaterialTheme
import androidx.compose.runtime.Composable
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.unit.dp
import org.quittance.AffectedMandate
import org.quittance.AwaitedParty
import org.quittance.PromptKind
import org.quittance.PromptText
import org.quittance.demo.R
import org.quittance.demo.model.Entry
import org.quittance.demo.model.Shown
import org.quittance.demo.model.UiState
import org.quittance.demo.words.count
import org.quittance.demo.words.moment
import org.quittance.demo.words.say

/** What a step shows between its words and its actions: one renderer for each kind. */
@Composable
fun PromptContent(shown: Shown.Flow, state: UiState, actions: Actions) {
    val entry = shown.entry
    val pad = @Composable { PadCentred(!state.working, actions) }
    when (val kind = shown.prompt.kind) {
        is PromptKind.Consent -> OfferContent(kind.offer)
        is PromptKind.Confirm -> Confirmed(kind.mandates, kind.consequences)
        is PromptKind.Choose -> Confirmed(kind.mandates, kind.consequences)
        is PromptKind.Facts -> Questions(kind.questions, entry, actions, lines = FACT_LINES)
        is PromptKind.Fields -> Questions(kind.questions, entry, actions, lines = 1)
        is PromptKind.People -> People(kind, entry, actions)
        is PromptKind.Jump -> Notice(R.drawable.sign_open, words("app.jump.back"))
        is PromptKind.Code -> Code(kind, entry, state, actions)
        is PromptKind.Biometric -> Approving(R.drawable.sign_finger)
        is PromptKind.DevicePasscode -> Approving(R.drawable.sign_lock)
        is PromptKind.PaymentPin -> Pin(entry, kind.digits.toInt(), pad)
        is PromptKind.LockPassword -> Pin(entry, kind.digits.toInt(), pad)
        is PromptKind.Photos -> Photos(kind, entry, state, actions)
        is PromptKind.Recording -> Recording(kind, entry, state, actions)
        is PromptKind.Quiz -> Quiz(kind, entry, actions)
        is PromptKind.Waiting -> Waiting(kind, state, actions)
        is PromptKind.InReview -> Until(kind.since, kind.until, kind.then)
        is PromptKind.Scheduled ->
            Notice(R.drawable.sign_clock, words("app.undo.until", "until" to moment(kind.undoUntil)))
        is PromptKind.Done -> if (kind.underWay) Line(R.drawable.sign_clock, words("app.prompt.under_way"))
        is PromptKind.Refused ->
            Notice(R.drawable.sign_open, words(kind.whatNow.say()), title = words("app.prompt.what_now"))
    }
}

private const val FACT_LINES = 4

@Composable
private fun Confirmed(mandates: List<AffectedMandate>, consequences: List<PromptText>) {
    if (mandates.isNotEmpty()) {
        Section(words("app.prompt.mandates")) {
            for (mandate in mandates) {
                Column {
                    Body(mandate.merchantName)
                    Body(mandate.service, quiet = true)
                }
            }
        }
    }
    if (consequences.isNotEmpty()) {
        Section(words("app.prompt.consequences")) {
            consequences.forEach { Line(R.drawable.sign_check, words(it.say()), tint = MaterialTheme.colorScheme.onSurface) }
        }
    }
}

/** What is being approved: the system's own sheet comes in front of it. */
@Composable
private fun Approving(sign: Int) {
    Box(Modifier.fillMaxWidth().padding(vertical = 24.dp), Alignment.Center) {
        Sign(sign, Modifier.size(96.dp), MaterialTheme.colorScheme.primary)
    }
    Body(words("app.biometric.out"), quiet = true)
}

@Composable
private fun Pin(entry: Entry, digits: Int, pad: @Composable () -> Unit) {
    Digits(entry.typedDigits, digits)
    pad()
}

@Composable
fun PadCentred(enabled: Boolean, actions: Actions) =
    Box(Modifier.fillMaxWidth(), Alignment.Center) { PinPad(enabled, actions::type, actions::erase) }

@Composable
private fun Code(kind: PromptKind.Code, entry: Entry, state: UiState, actions: Actions) {
    Body(words("app.code.field", "digits" to count(kind.digits)), quiet = true)
    Digits(entry.typedDigits, kind.digits.toInt(), entry.shownDigits)
    PadCentred(!state.working, actions)
    Line(R.drawable.sign_clock, words("app.code.valid_until", "until" to moment(kind.validUntil)))
    Line(R.drawable.sign_next, words("app.code.resend_from", "from" to moment(kind.resendFrom)))
    TextAction("send-again", words("app.action.send_again"), !state.working, onClick = actions::sendAgain)
}

@Composable
private fun Waiting(kind: PromptKind.Waiting, state: UiState, actions: Actions) {
    val sign =
        when (kind.whom) {
            AwaitedParty.NETWORK -> R.drawable.sign_offline
            AwaitedParty.GUARDIAN, AwaitedParty.CONTACTS -> R.drawable.sign_person
            AwaitedParty.BANK, AwaitedParty.MERCHANT -> R.drawable.sign_open
            AwaitedParty.JUDGEMENT, AwaitedParty.SOURCE -> R.drawable.sign_eye
            AwaitedParty.MOMENT, AwaitedParty.SERVICE -> R.drawable.sign_clock
        }
    Until(kind.since, kind.until, kind.then, sign)
    if (kind.whom == AwaitedParty.CONTACTS || kind.whom == AwaitedParty.GUARDIAN) {
        TextAction("share-code", words("app.action.share_code"), !state.working, onClick = actions::shareCode)
    }
}

/** What is missing, since when, until when, and what happens then. */
@Composable
private fun Until(since: java.time.Instant, until: java.time.Instant?, then: PromptText?, sign: Int = R.drawable.sign_eye) {
    Column(Modifier.fillMaxWidth(), Arrangement.spacedBy(12.dp)) {
        Line(sign, words("app.prompt.since", "since" to moment(since)))
        val limit =
            if (until == null) words("app.prompt.no_limit") else words("app.prompt.at_the_latest", "until" to moment(until))
        Line(R.drawable.sign_clock, limit)
        then?.let { Line(R.drawable.sign_next, words(it.say())) }
    }
}

/** How it came out, large: a sign of its own for each ending, and never the colour alone. */
@Composable
fun EndSign(kind: PromptKind) {
    val colours = MaterialTheme.colorScheme
    val (sign, tint) =
        when (kind) {
            is PromptKind.Done -> R.drawable.sign_on to colours.primary
            is PromptKind.Scheduled -> R.drawable.sign_clock to colours.primary
            is PromptKind.Refused -> R.drawable.sign_alert to colours.tertiary
            is PromptKind.Waiting, is PromptKind.InReview -> R.drawable.sign_clock to colours.secondary
            else -> return
        }
    Sign(sign, Modifier.padding(top = 8.dp).size(56.dp), tint)
}

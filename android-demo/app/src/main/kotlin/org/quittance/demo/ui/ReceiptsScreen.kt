package org.quittance.demo.ui

import androidx.compose.foundation.background
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.IntrinsicSize
import androidx.compose.foundation.layout.PaddingValues
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.fillMaxHeight
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.height
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.size
import androidx.compose.foundation.layout.width
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.saveable.rememberSaveable
import androidx.compose.runtime.setValue
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.unit.dp
import org.quittance.ClosureKind
import org.quittance.ReceiptVerdict
import org.quittance.demo.R
import org.quittance.demo.model.Place
import org.quittance.demo.model.Shown
import org.quittance.demo.model.Slip
import org.quittance.demo.model.UiState
import org.quittance.demo.words.Say
import org.quittance.demo.words.count
import org.quittance.demo.words.moment
import org.quittance.demo.words.plain
import org.quittance.demo.words.say

/** Every ended permission as a slip. */
@Composable
fun ReceiptsScreen(shown: Shown.Receipts, state: UiState, actions: Actions, inside: PaddingValues) =
    Scrolled(inside) {
        BigTitle(words("app.receipts.title"))
        Standing(state, actions)
        if (shown.slips.isEmpty()) {
            Text(words("app.receipts.empty.title"), style = MaterialTheme.typography.titleLarge)
            Body(words("app.receipts.empty.body"))
        }
        for (slip in shown.slips) {
            Tile("receipt-${slip.receipt.order}", { actions.go(Place.Receipt(slip.receipt.order)) }) {
                Text(names(slip), style = MaterialTheme.typography.titleLarge)
                Body(words(cause(slip)))
                Body(words("app.receipt.closed_at", "at" to moment(slip.receipt.closedAt)), quiet = true)
                Line(R.drawable.sign_check, words("app.receipt.checked"), tint = MaterialTheme.colorScheme.primary)
            }
        }
    }

private fun names(slip: Slip): String = slip.names.joinToString()

private fun cause(slip: Slip) = Say("app.cause.${slip.receipt.cause.name.lowercase()}")

/** One slip as a timeline of both sides. */
@Composable
fun ReceiptScreen(shown: Shown.Receipt, state: UiState, actions: Actions) {
    var open by rememberSaveable { mutableStateOf(false) }
    val receipt = shown.slip.receipt
    Page(
        words("app.receipts.title"),
        actions::back,
        bottom = {
            Primary("share", words("app.action.share_proof"), !state.working, actions::shareReceipt)
            Quiet("check-again", words("app.action.check_again"), !state.working, actions::checkReceipt)
        },
    ) {
        BigTitle(words("app.receipt.title", "service" to plain(names(shown.slip))))
        Body(words(cause(shown.slip)))
        Body(words("app.receipt.closed_at", "at" to moment(receipt.closedAt)), quiet = true)
        shown.verdict?.let { Verdict(it) }
        val both = receipt.kind == ClosureKind.TWO_SIDED
        Column {
            Stop("app.receipt.held", true)
            Stop("app.receipt.agreed", true)
            Stop("app.receipt.phone_destroyed", both)
            Stop("app.receipt.service_destroyed", true)
            Stop("app.receipt.on_record", true)
            Stop("app.receipt.checked", true, last = true)
        }
        Body(words(if (both) "app.receipt.claim" else "app.receipt.claim_one_sided"), quiet = true)
        Section(words("app.details.title")) {
            Body(words("app.closure.${receipt.kind.name.lowercase()}"))
            Body(words("app.evidence.${receipt.evidenceLevel.name.lowercase()}"), quiet = true)
            TextAction("details", words("app.action.details"), onClick = { open = !open })
            if (open) {
                Hash(words("app.details.order"), receipt.order)
                receipt.mandates.forEach { Hash(words("app.details.permission"), it) }
                shown.exported.statements.forEach { Hash(it.name, it.compact.takeLast(STATEMENT)) }
            }
        }
        Body(words("app.receipt.share_note"), quiet = true)
    }
}

/** What checking it once more came to: calm where it holds, and calm where it does not. */
@Composable
private fun Verdict(verdict: ReceiptVerdict) =
    when (verdict) {
        is ReceiptVerdict.Valid -> {
            val checked = verdict.receipt
            val place = words("app.receipt.check.place", "place" to count(checked.place), "record" to plain(checked.log))
            val title = checked.checkedAt?.let { words("app.receipt.check.holds", "at" to moment(it)) }
            Notice(R.drawable.sign_check, place, Modifier.testTag("holds"), title)
        }
        is ReceiptVerdict.Refused ->
            Notice(
                R.drawable.sign_alert,
                words(verdict.says.say()) + "\n" + words("app.receipt.check.unchanged"),
                Modifier.testTag("does-not-hold"),
                words("app.receipt.check.refused"),
            )
    }

/** One stop of the timeline; what was not stated is said to be missing, and drawn so. */
@Composable
private fun Stop(key: String, stated: Boolean, last: Boolean = false) =
    Row(
        Modifier.fillMaxWidth().height(IntrinsicSize.Min).testTag(key).semantics(mergeDescendants = true) {},
        Arrangement.spacedBy(16.dp),
    ) {
        val colours = MaterialTheme.colorScheme
        Column(Modifier.fillMaxHeight(), horizontalAlignment = Alignment.CenterHorizontally) {
            val sign = if (stated) R.drawable.sign_on else R.drawable.sign_alert
            Sign(sign, Modifier.size(24.dp), if (stated) colours.primary else colours.tertiary)
            if (!last) Box(Modifier.weight(1f).width(2.dp).background(colours.outlineVariant))
        }
        Column(Modifier.padding(bottom = if (last) 0.dp else 20.dp)) {
            Body(words(key))
            if (!stated) Body(words("app.receipt.missing"), quiet = true)
        }
    }

/** How much of a statement is shown: the end of its signature. */
private const val STATEMENT = 16

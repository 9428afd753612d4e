package org.quittance.demo.ui

import android.content.ClipData
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.remember
import androidx.compose.runtime.rememberCoroutineScope
import androidx.compose.runtime.saveable.rememberSaveable
import androidx.compose.runtime.setValue
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.platform.ClipEntry
import androidx.compose.ui.platform.LocalClipboard
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.text.font.FontFamily
import androidx.compose.ui.unit.dp
import kotlinx.coroutines.launch
import org.quittance.CancellationRoute
import org.quittance.ChargeOutcome
import org.quittance.EndingStage
import org.quittance.HalfState
import org.quittance.HoldOwner
import org.quittance.Mandate
import org.quittance.PastCharge
import org.quittance.Permission
import org.quittance.PermissionDetail
import org.quittance.PermissionGroup
import org.quittance.StopScope
import org.quittance.demo.R
import org.quittance.demo.model.Place
import org.quittance.demo.model.Shown
import org.quittance.demo.model.UiState
import org.quittance.demo.model.declined
import org.quittance.demo.model.dispute
import org.quittance.demo.words.Say
import org.quittance.demo.words.Value
import org.quittance.demo.words.amount
import org.quittance.demo.words.count
import org.quittance.demo.words.moment
import org.quittance.demo.words.say
import org.quittance.demo.words.text

/** One permission: what it may take, what it took, what was agreed, and every way to stop it. */
@Composable
fun PermissionScreen(shown: Shown.OnePermission, state: UiState, actions: Actions) {
    val detail = shown.detail
    val row = detail.permission
    Page("", actions::back) {
        Column(verticalArrangement = Arrangement.spacedBy(4.dp)) {
            BigTitle(row.terms.merchantName)
            Body(row.terms.service, quiet = true)
            StateLine(row)
        }
        Standing(state, actions)
        Ending(row, state, actions)
        Holds(row)
        Pausing(row, state, actions)
        Section(words("app.terms.title")) {
            terms(row.terms).forEach { Body(words(it)) }
            if (row.systemDefault) Notice(R.drawable.sign_alert, words("app.terms.system_default"))
            Body(words(next(row)), quiet = true)
            if (row.group == PermissionGroup.ON || row.group == PermissionGroup.PAUSED) {
                TextAction("change-limits", words("app.action.change_limits"), !state.working) { actions.go(Place.Limits(row.mandate)) }
            }
        }
        Taken(row)
        Exposed(row)
        Ways(shown, state, actions)
        History(detail, state, actions)
        Agreed(detail, shown.mandate)
    }
}

@Composable
private fun Ending(row: Permission, state: UiState, actions: Actions) {
    val ending = row.ending ?: return
    val dispute = ending.dispute
    val grave = ending.stage is EndingStage.Disputed
    Notice(if (grave) R.drawable.sign_alert else R.drawable.sign_clock, words(stage(ending.stage)), grave = grave)
    dispute?.let { Body(words(dispute(it)), quiet = true) }
    val (order, until) = ending.order to row.undoUntil
    if (order != null && until != null) {
        Line(R.drawable.sign_clock, words("app.undo.until", "until" to moment(until)))
        Quiet("undo", words("app.action.take_back"), !state.working) {
            actions.begin("mandate.undo", emptyList(), org.quittance.Wish.UndoOrder(order))
        }
    }
}

/** How far its end has come: never more than was shown. */
fun stage(stage: EndingStage): Say =
    when (stage) {
        is EndingStage.Waiting -> Say("app.ending.waiting")
        is EndingStage.Scheduled -> Say("app.ending.scheduled", "until" to moment(stage.undoUntil))
        is EndingStage.Undone -> Say("app.ending.undone")
        is EndingStage.Ordered -> Say("app.ending.ordered")
        is EndingStage.Attesting -> Say("app.ending.attesting")
        is EndingStage.AwaitingClosure -> Say("app.ending.awaiting_closure")
        is EndingStage.Closed -> Say("app.ending.closed")
        is EndingStage.Disputed -> Say("app.ending.disputed")
    }

@Composable
private fun Holds(row: Permission) {
    if (row.holds.isEmpty() || row.group == PermissionGroup.ENDED) return
    Section(words("app.hold.title")) {
        for (hold in row.holds) {
            Line(R.drawable.sign_pause, words(hold.reason.say()), tint = MaterialTheme.colorScheme.onSurface)
            hold.since?.let { Body(words("app.hold.since", "since" to moment(it)), quiet = true) }
            val until = hold.until?.let { Say("app.hold.until", "until" to moment(it)) } ?: Say("app.hold.until_lifted")
            Body(words(until), quiet = true)
        }
    }
}

@Composable
private fun Taken(row: Permission) {
    val taken = row.taken
    Section(words("app.taken.title")) {
        if (taken == null || taken.charges == 0u) return@Section Body(words("app.taken.none"))
        val total = arrayOf("amount" to amount(taken.inTotal), "charges" to count(taken.charges))
        Body(words("app.taken.in_total", *total))
        Body(words("app.taken.in_period", "amount" to amount(taken.inPeriod)))
        taken.lastAt?.let { Body(words("app.taken.last", "at" to moment(it)), quiet = true) }
    }
}

@Composable
private fun Exposed(row: Permission) {
    if (row.group == PermissionGroup.ENDED) return
    val exposure = row.exposure
    Section(words("app.exposure.title")) {
        if (exposure == null || exposure.charges == 0u) return@Section Body(words("app.exposure.none"))
        Body(
            words(
                "app.exposure.body",
                "charges" to count(exposure.charges),
                "per_charge" to amount(exposure.perCharge),
                "until" to moment(exposure.until),
            ),
        )
    }
}

@Composable
private fun Ways(shown: Shown.OnePermission, state: UiState, actions: Actions) {
    val (closed, open) = shown.routes.partition { it.closed != null }
    Section(words("app.ways.title")) {
        if (open.isEmpty() && shown.detail.permission.group == PermissionGroup.ENDED) {
            return@Section Body(words("app.ways.none"))
        }
        open.forEachIndexed { place, route ->
            Tile("way-${route.definition}", { actions.begin(route.definition, listOf(shown.detail.permission.mandate)) }, !state.working) {
                if (place == 0) {
                    val (style, colour) = MaterialTheme.typography.labelMedium to MaterialTheme.colorScheme.primary
                    Text(words("app.ways.best"), style = style, color = colour)
                }
                Text(words(route.name.say()), style = MaterialTheme.typography.titleMedium)
                Effort(route)
            }
        }
        if (shown.detail.permission.group != PermissionGroup.ENDED) {
            val stop = { actions.stopEverything(StopScope.Merchant(shown.detail.permission.merchant)) }
            shown.detail.permission.terms.category?.let { category ->
                val all = { actions.stopEverything(StopScope.Category(category)) }
                TextAction("stop-category", words("app.action.stop_category"), !state.working, onClick = all)
            }
            TextAction("stop-merchant", words("app.action.stop_merchant"), !state.working, onClick = stop)
            Body(words("app.stop.body"), Modifier.testTag("stop-body"), quiet = true)
        }
        for (route in closed) {
            Column {
                Body(words(route.name.say()))
                route.closed?.let { Body(words("app.ways.closed", "reason" to text(it.say())), quiet = true) }
            }
        }
    }
}

/** What a way costs: steps, time, proofs. */
@Composable
private fun Effort(route: CancellationRoute) {
    Body(words("app.ways.steps", "steps" to count(route.steps)), quiet = true)
    val time = if (route.effective == null) Say("app.ways.at_once") else Say("app.ways.later", "at" to moment(route.effectiveAt))
    Body(words(time), quiet = true)
    if (route.factors.isNotEmpty()) {
        val factors = route.factors.map { Say("app.factor.${it.name.lowercase()}") }
        Body(words("app.ways.asks", "factors" to Value.Texts(factors)), quiet = true)
    }
}

@Composable
private fun History(detail: PermissionDetail, state: UiState, actions: Actions) =
    Section(words("app.history.title")) {
        val asOf = detail.historyAsOf
        if (asOf == null) Body(words("app.history.never"), quiet = true)
        else if (detail.history.isEmpty()) Body(words("app.history.empty"))
        detail.history.forEach { Charge(it) }
        asOf?.let { Body(words("app.history.as_of", "as_of" to moment(it)), quiet = true) }
        TextAction("refresh", words("app.action.refresh"), !state.working, onClick = actions::refresh)
    }

@Composable
private fun Charge(charge: PastCharge) =
    Column(Modifier.fillMaxWidth().testTag("charge")) {
        when (val outcome = charge.outcome) {
            is ChargeOutcome.Approved -> Body(words("app.charge.approved", "amount" to amount(outcome.amount)))
            is ChargeOutcome.Declined -> {
                Body(words("app.charge.declined", "amount" to amount(charge.amount)))
                Body(words(declined(outcome.code)), quiet = true)
            }
        }
        charge.refunded?.let { Body(words("app.charge.refunded", "amount" to amount(it))) }
        Body(LocalWords.current.moment(charge.at), quiet = true)
    }

/** The consent as it was signed; hashes are for those who ask. */
@Composable
private fun Agreed(detail: PermissionDetail, mandate: Mandate) {
    var open by rememberSaveable { mutableStateOf(false) }
    val agreed = detail.agreed
    Section(words("app.agreed.title")) {
        val since = agreed.activeSince
        Body(words(if (since == null) Say("app.agreed.not_yet") else Say("app.agreed.since", "since" to moment(since))))
        agreed.signedAt?.let { at ->
            val where = if (agreed.onThisPhone) "app.agreed.signed_here" else "app.agreed.signed_elsewhere"
            Body(words(where, "at" to moment(at)), Modifier.testTag("signed"), quiet = true)
        }
        val language =
            when {
                agreed.locale.startsWith("zh") -> "app.language.zh_hans"
                agreed.locale.startsWith("en") -> "app.language.en"
                else -> "app.language.other"
            }
        Body(words("app.agreed.language", "language" to text(Say(language))), quiet = true)
        TextAction("details", words("app.action.details"), onClick = { open = !open })
        if (open) {
            Hash(words("app.details.permission"), detail.permission.mandate)
            Hash(words("app.details.terms_hash"), agreed.termsHash)
            agreed.device?.let { Hash(words("app.details.device"), it) }
            detail.order?.let { Hash(words("app.details.order"), it) }
            Half("app.details.phone_half", mandate.phoneHalf)
            Half("app.details.service_half", mandate.gatewayHalf)
        }
    }
}

@Composable
private fun Half(name: String, half: HalfState?) {
    val state = if (half == null) Say("app.half.unknown") else Say("app.half.${half.name.lowercase()}")
    Row(Modifier.fillMaxWidth(), Arrangement.spacedBy(16.dp)) {
        Body(words(name), Modifier.weight(1f), quiet = true)
        Body(words(state), quiet = true)
    }
}

/** Pausing and turning on again, beside the switch of the list. */
@Composable
private fun Pausing(row: Permission, state: UiState, actions: Actions) {
    val foreign = row.holds.any { it.owner != HoldOwner.PAYER && it.owner != HoldOwner.REVOCATION }
    if (row.group == PermissionGroup.ON) {
        Quiet("pause", words("app.action.pause"), !state.working) { actions.switch(row.mandate, false) }
    } else if (row.group == PermissionGroup.PAUSED && !foreign) {
        Quiet("turn-on", words("app.action.turn_on"), !state.working) { actions.switch(row.mandate, true) }
    }
}

/** A long name for the eye alone: who copies it gets the whole. */
fun shortened(name: String) = if (name.length > SHORT) name.take(SHORT / 2) + "…" + name.takeLast(SHORT / 2) else name

/** A long name of something, shortened, in letters of one width. */
@Composable
fun Hash(name: String, value: String) {
    val clipboard = LocalClipboard.current
    val scope = rememberCoroutineScope()
    var copied by remember { mutableStateOf(false) }
    Column(Modifier.fillMaxWidth()) {
        Body(name, quiet = true)
        Row(horizontalArrangement = Arrangement.spacedBy(16.dp), verticalAlignment = Alignment.CenterVertically) {
            Text(shortened(value), Modifier.weight(1f), style = MaterialTheme.typography.bodyMedium, fontFamily = FontFamily.Monospace)
            TextAction("copy", words(if (copied) "app.details.copied" else "app.action.copy")) {
                copied = true
                scope.launch { clipboard.setClipEntry(ClipEntry(ClipData.newPlainText(name, value))) }
            }
        }
    }
}

private const val SHORT = 16

package org.quittance.demo.ui

import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.ExperimentalLayoutApi
import androidx.compose.foundation.layout.FlowRow
import androidx.compose.foundation.layout.PaddingValues
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.padding
import androidx.compose.material3.Checkbox
import androidx.compose.material3.FilledTonalButton
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.OutlinedButton
import androidx.compose.material3.Switch
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.getValue
import androidx.compose.runtime.key
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.saveable.rememberSaveable
import androidx.compose.runtime.setValue
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.semantics.contentDescription
import androidx.compose.ui.semantics.heading
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.unit.dp
import org.quittance.HoldOwner
import org.quittance.Permission
import org.quittance.PermissionGroup
import org.quittance.demo.R
import org.quittance.demo.model.Place
import org.quittance.demo.model.Shown
import org.quittance.demo.model.UiState
import org.quittance.demo.words.Say
import org.quittance.demo.words.amount
import org.quittance.demo.words.count
import org.quittance.demo.words.moment
import org.quittance.demo.words.plain
import org.quittance.demo.words.say
import org.quittance.demo.words.text

/** Everything that can charge the payer. */
@OptIn(ExperimentalLayoutApi::class)
@Composable
fun HomeScreen(shown: Shown.Home, state: UiState, actions: Actions, inside: PaddingValues) {
    var endedOpen by rememberSaveable { mutableStateOf(false) }
    Scrolled(inside) {
        BigTitle(words(if (shown.chosen == null) "app.permissions.title" else "app.several.title"))
        Standing(state, actions)
        if (shown.chosen == null) shown.news.forEach { key(it.number) { NewsRow(it, state, actions) } }
        if (state.sandbox) Body(words("app.sandbox.notice"), quiet = true)
        shown.permissions.lock?.let { lock ->
            Notice(R.drawable.sign_lock, words("app.lock.on", "until" to moment(lock.until)), title = words("app.lock.title"))
        }
        OpenFlows(shown, actions)
        if (shown.permissions.permissions.isEmpty()) return@Scrolled Empty(state, actions)
        if (shown.chosen != null) return@Scrolled Several(shown, shown.chosen, state, actions)
        FlowRow(horizontalArrangement = Arrangement.spacedBy(8.dp), verticalArrangement = Arrangement.spacedBy(8.dp)) {
            FilledTonalButton(actions::askForLock, Modifier.testTag("pause-everything"), !state.working) {
                Sign(R.drawable.sign_pause, Modifier.padding(end = 8.dp))
                Text(words("app.action.pause_everything"))
            }
            OutlinedButton({ actions.choose(emptySet()) }, Modifier.testTag("stop-several"), !state.working) {
                Text(words("app.action.stop_several"))
            }
        }
        val groups = shown.permissions.permissions.groupBy { it.group }
        for (group in PermissionGroup.entries) {
            val rows = groups[group] ?: continue
            val ended = group == PermissionGroup.ENDED
            Heading(words("app.group.${group.name.lowercase()}", "count" to count(rows.size)))
            if (ended) {
                val key = if (endedOpen) "app.action.hide_ended" else "app.action.show_ended"
                TextAction("ended", words(key)) { endedOpen = !endedOpen }
            }
            if (!ended || endedOpen) rows.forEach { PermissionRow(it, state, actions) }
        }
        Quiet("offer", words("app.action.read_offer"), !state.working) { actions.go(Place.Offer) }
        Body(words(age(shown.permissions.permissions)), quiet = true)
        TextAction("refresh", words("app.action.refresh"), !state.working, onClick = actions::refresh)
    }
}

@Composable
fun BigTitle(text: String) =
    Text(text, Modifier.testTag("title").semantics { heading() }, style = MaterialTheme.typography.headlineMedium)

@Composable
private fun Empty(state: UiState, actions: Actions) {
    Column(verticalArrangement = Arrangement.spacedBy(16.dp)) {
        Text(words("app.permissions.empty.title"), style = MaterialTheme.typography.titleLarge)
        Body(words("app.permissions.empty.body"))
        Primary("offer", words("app.action.read_offer"), !state.working) { actions.go(Place.Offer) }
    }
}

/** What waits for the payer: never lost by a call, a turn of the phone or its end. */
@Composable
private fun OpenFlows(shown: Shown.Home, actions: Actions) {
    for (flow in shown.openFlows) {
        Tile("flow", { actions.go(Place.Flow(flow.flow)) }) {
            Body(words("app.prompt.open_flows", "count" to count(shown.openFlows.size)), quiet = true)
            Text(words(flow.title), style = MaterialTheme.typography.titleMedium)
        }
    }
}

@Composable
private fun PermissionRow(row: Permission, state: UiState, actions: Actions) =
    Tile("permission-${row.mandate}", { actions.go(Place.OnePermission(row.mandate)) }) {
        Row(horizontalArrangement = Arrangement.spacedBy(12.dp), verticalAlignment = Alignment.CenterVertically) {
            Column(Modifier.weight(1f), Arrangement.spacedBy(2.dp)) {
                Text(row.terms.merchantName, style = MaterialTheme.typography.titleLarge)
                Body(row.terms.service, quiet = true)
            }
            if (row.group == PermissionGroup.ON || row.group == PermissionGroup.PAUSED) PauseSwitch(row, state, actions)
        }
        Body(words("app.terms.per_charge", "amount" to amount(row.terms.limits.perCharge)))
        Body(words(next(row)), quiet = true)
        StateLine(row)
    }

/** On where this phone and the gateway both let it be charged; what only another can lift cannot be switched. */
@Composable
private fun PauseSwitch(row: Permission, state: UiState, actions: Actions) {
    val service = "service" to plain(row.terms.merchantName)
    val foreign = row.holds.firstOrNull { it.owner != HoldOwner.PAYER && it.owner != HoldOwner.REVOCATION }
    val said =
        when {
            foreign != null -> words("app.switch.locked", service, "reason" to text(foreign.reason.say()))
            row.switchOn -> words("app.switch.on", service)
            else -> words("app.switch.off", service)
        }
    Switch(
        row.switchOn,
        { actions.switch(row.mandate, it) },
        Modifier.testTag("switch-${row.mandate}").semantics { contentDescription = said },
        enabled = !state.working && foreign == null,
    )
}

/** Its state in one word, with a sign: the colour says it once more. */
@Composable
fun StateLine(row: Permission) {
    val colours = MaterialTheme.colorScheme
    val (sign, tint) =
        when (row.group) {
            PermissionGroup.ON -> R.drawable.sign_on to colours.primary
            PermissionGroup.PAUSED -> R.drawable.sign_pause to colours.tertiary
            PermissionGroup.ENDING -> R.drawable.sign_clock to colours.secondary
            PermissionGroup.ENDED -> R.drawable.sign_stop to colours.onSurfaceVariant
        }
    Line(sign, words("app.state.${row.state.name.lowercase()}"), Modifier.padding(top = 4.dp).testTag("state-${row.mandate}"), tint)
}

/** How old the list is: as old as what is oldest in it. */
private fun age(rows: List<Permission>): Say {
    val heard = rows.map { it.asOf ?: return Say("app.permissions.never_heard") }.minOrNull()
    val asOf = "as_of" to moment(heard ?: return Say("app.permissions.never_heard"))
    return Say(if (rows.any { it.stale }) "app.permissions.stale" else "app.permissions.as_of", asOf)
}

/** When it can be charged next, and how much at most. */
fun next(row: Permission): Say {
    val next = row.nextCharge ?: return Say("app.next_charge.none")
    val most = "amount" to amount(next.atMost)
    val past = !next.from.isAfter(row.asOf ?: java.time.Instant.now())
    return if (past) Say("app.next_charge.any_time", most) else Say("app.next_charge.from", "from" to moment(next.from), most)
}

/** Choosing what is stopped together. */
@Composable
private fun Several(shown: Shown.Home, chosen: Set<String>, state: UiState, actions: Actions) {
    Body(words("app.several.body"))
    val rows = shown.permissions.permissions
    for (row in rows.filter { it.group == PermissionGroup.ON || it.group == PermissionGroup.PAUSED }) {
        val on = row.mandate in chosen
        Tile("choose-${row.mandate}", { actions.choose(if (on) chosen - row.mandate else chosen + row.mandate) }) {
            Row(horizontalArrangement = Arrangement.spacedBy(12.dp), verticalAlignment = Alignment.CenterVertically) {
                Checkbox(on, null)
                Column {
                    Text(row.terms.merchantName, style = MaterialTheme.typography.titleLarge)
                    Body(row.terms.service, quiet = true)
                }
            }
        }
    }
    Body(words("app.several.chosen", "count" to count(chosen.size)), quiet = true)
    Primary("stop-chosen", words("app.action.stop"), chosen.isNotEmpty() && !state.working) { actions.stop(chosen.toList()) }
    Quiet("keep", words("app.action.keep"), !state.working) { actions.choose(null) }
}

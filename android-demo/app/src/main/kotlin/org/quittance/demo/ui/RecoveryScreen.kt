package org.quittance.demo.ui

import androidx.compose.foundation.layout.PaddingValues
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import org.quittance.NeedKind
import org.quittance.WayBack
import org.quittance.demo.R
import org.quittance.demo.model.Shown
import org.quittance.demo.model.UiState
import org.quittance.demo.words.moment
import org.quittance.demo.words.say

/** The ways back to a forgotten PIN, to be looked at before they are needed. */
@Composable
fun RecoveryScreen(shown: Shown.Recovery, state: UiState, actions: Actions, inside: PaddingValues) =
    Scrolled(inside) {
        BigTitle(words("app.recovery.title"))
        Body(words("app.recovery.body"))
        Standing(state, actions)
        shown.readiness.ways.forEach { Way(it, state, actions) }
        val told = shown.readiness.asOf
        Body(
            if (told == null) words("app.recovery.never_heard") else words("app.recovery.as_of", "at" to moment(told)),
            quiet = true,
        )
        TextAction("refresh", words("app.action.refresh"), !state.working, onClick = actions::refresh)
    }

/** One way: ready, or what it still needs. */
@Composable
private fun Way(way: WayBack, state: UiState, actions: Actions) {
    Tile("recovery-${way.definition}", { actions.begin(way.definition, emptyList()) }, way.mayBegin && !state.working) {
        Text(words(way.name.say()), style = MaterialTheme.typography.titleMedium)
        Body(words(way.about.say()))
        if (way.ready) Line(R.drawable.sign_check, words("app.recovery.ready"))
        else if (!way.mayBegin) Line(R.drawable.sign_alert, words("app.recovery.not_ready"))
        way.needs.forEach { Body(words(it.says.say()), quiet = true) }
        if (way.mayBegin) Line(R.drawable.sign_next, words("app.recovery.needs_network"))
    }
    if (way.needs.any { it.kind is NeedKind.Contacts }) {
        TextAction("choose-contacts", words("app.action.choose_contacts"), !state.working) {
            actions.begin("contacts.set", emptyList())
        }
    }
}

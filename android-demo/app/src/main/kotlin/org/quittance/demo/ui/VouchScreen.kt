package org.quittance.demo.ui

import androidx.compose.runtime.Composable
import org.quittance.demo.model.Shown
import org.quittance.demo.model.UiState

/** Somebody asks this payer to say that it is them; about this very account, to say that it is not. */
@Composable
fun VouchScreen(shown: Shown.Vouch, state: UiState, actions: Actions) {
    val (yes, no) =
        if (shown.own) "app.action.it_is_me" to "app.action.object" else "app.action.vouch" to "app.action.do_not_vouch"
    Page(
        "",
        actions::back,
        bottom = {
            Primary("vouch", words(yes), !state.working) { actions.vouch(true) }
            Quiet("object", words(no), !state.working) { actions.vouch(false) }
        },
    ) {
        BigTitle(words(if (shown.own) "app.vouch.own.title" else "app.vouch.title"))
        Standing(state, actions)
        Body(words(if (shown.own) "app.vouch.own.body" else "app.vouch.body"))
        val purpose =
            when {
                shown.purpose.startsWith("recovery.") -> "app.vouch.pin"
                shown.purpose.startsWith("teen.") -> "app.vouch.teen"
                else -> "app.vouch.other"
            }
        Body(words(purpose))
    }
}

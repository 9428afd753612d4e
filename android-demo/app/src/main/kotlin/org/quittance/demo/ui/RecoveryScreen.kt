package org.quittance.demo.ui

import androidx.compose.foundation.layout.PaddingValues
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import org.quittance.demo.R
import org.quittance.demo.model.Shown
import org.quittance.demo.model.UiState

/** The ways back to a forgotten PIN, to be looked at before they are needed. */
@Composable
fun RecoveryScreen(shown: Shown.Recovery, state: UiState, actions: Actions, inside: PaddingValues) =
    Scrolled(inside) {
        BigTitle(words("app.recovery.title"))
        Body(words("app.recovery.body"))
        Standing(state, actions)
        for (method in shown.methods) {
            val begin = { actions.begin(method.definition, emptyList()) }
            Tile("recovery-${method.definition}", begin, method.ready && !state.working) {
                Text(words(method.name), style = MaterialTheme.typography.titleMedium)
                Body(words(method.about))
                Line(if (method.ready) R.drawable.sign_next else R.drawable.sign_alert, words(method.state))
            }
        }
    }

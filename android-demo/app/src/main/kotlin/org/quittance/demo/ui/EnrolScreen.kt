package org.quittance.demo.ui

import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.size
import androidx.compose.material3.LinearProgressIndicator
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Scaffold
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.ui.Modifier
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.res.stringResource
import androidx.compose.ui.semantics.heading
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.unit.dp
import org.quittance.demo.R
import org.quittance.demo.model.EnrolStep
import org.quittance.demo.model.Shown
import org.quittance.demo.model.UiState
import org.quittance.demo.words.count

/** What the app is for, then a PIN, then the same PIN. */
@Composable
fun EnrolScreen(shown: Shown.Enrol, state: UiState, actions: Actions) =
    if (shown.step == EnrolStep.WELCOME) Welcome(state, actions)
    else
        Page("", actions::back) {
            BigTitle(words(title(shown)))
            Standing(state, actions)
            if (shown.differs) Notice(R.drawable.sign_alert, words("app.enrol.pin.differs"), Modifier.testTag("differs"))
            if (shown.anew) Body(words("app.recovery.new_pin.body"))
            Body(words("app.enrol.pin.body", "digits" to count(PIN_DIGITS)))
            Digits(shown.entered, PIN_DIGITS)
            if (state.working && !shown.anew) Working() else PadCentred(!state.working, actions)
        }

private fun title(shown: Shown.Enrol): String =
    when {
        shown.step != EnrolStep.PIN -> "app.enrol.pin.again"
        shown.anew -> "app.recovery.new_pin.title"
        else -> "app.enrol.pin.title"
    }

@Composable
private fun Working() {
    LinearProgressIndicator()
    Text(words("app.enrol.working"), style = MaterialTheme.typography.titleMedium)
    Body(words("app.enrol.working.body"), quiet = true)
}

@Composable
private fun Welcome(state: UiState, actions: Actions) =
    Scaffold { inside ->
        Scrolled(inside) {
            Sign(R.drawable.sign_receipt, Modifier.padding(top = 48.dp).size(72.dp), MaterialTheme.colorScheme.primary)
            Body(stringResource(R.string.app_name), quiet = true)
            Text(
                words("app.enrol.title"),
                Modifier.semantics { heading() },
                style = MaterialTheme.typography.displaySmall,
            )
            Standing(state, actions)
            Column(Modifier.padding(vertical = 16.dp), Arrangement.spacedBy(16.dp)) {
                Promise(R.drawable.sign_eye, words("app.enrol.see"))
                Promise(R.drawable.sign_pause, words("app.enrol.stop"))
                Promise(R.drawable.sign_receipt, words("app.enrol.proof"))
            }
            Primary("start", words("app.action.start"), !state.working, actions::startEnrolment)
        }
    }

@Composable
private fun Promise(sign: Int, text: String) =
    androidx.compose.foundation.layout.Row(horizontalArrangement = Arrangement.spacedBy(16.dp)) {
        Sign(sign, Modifier.padding(top = 2.dp).size(24.dp), MaterialTheme.colorScheme.primary)
        Body(text)
    }

/** As the policy has it; the core refuses another number and says so. */
private const val PIN_DIGITS = 6

package org.quittance.demo.ui

import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.size
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Scaffold
import androidx.compose.runtime.Composable
import androidx.compose.ui.Modifier
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.unit.dp
import org.quittance.demo.R
import org.quittance.demo.model.ProblemRemedy
import org.quittance.demo.model.Shown
import org.quittance.demo.model.UiState

/** No wallet to go on with: what happened, whether anything changed, and each way forward. */
@Composable
fun StuckScreen(shown: Shown.Stuck, state: UiState, actions: Actions) =
    Scaffold { inside ->
        Scrolled(inside) {
            Sign(R.drawable.sign_alert, Modifier.padding(top = 48.dp).size(72.dp), MaterialTheme.colorScheme.primary)
            BigTitle(words(shown.problem.title?.key ?: "app.error.retry.title"))
            Standing(state, actions)
            Body(words(shown.problem.body), Modifier.testTag("stuck"))
            when (val remedy = shown.problem.remedy) {
                null, ProblemRemedy.TRY_AGAIN, ProblemRemedy.BEGIN_ANEW -> Unit
                ProblemRemedy.SET_UP_AGAIN -> {
                    Body(words("app.set_up_again.lost"))
                    Primary("set-up-again", words("app.action.set_up_again"), !state.working, actions::setUpAgain)
                }
                else -> Primary("problem-remedy", words(label(remedy)), !state.working) { actions.remedy(remedy) }
            }
            Quiet("try-again", words("app.action.try_again"), !state.working, actions::openAgain)
        }
    }

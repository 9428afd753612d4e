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
import org.quittance.demo.model.Parting
import org.quittance.demo.model.ProblemRemedy
import org.quittance.demo.model.Shown
import org.quittance.demo.model.UiState
import org.quittance.demo.words.count

/** No wallet to go on with: what happened, whether anything changed, and each way forward. */
@Composable
fun StuckScreen(shown: Shown.Stuck, state: UiState, actions: Actions) =
    Scaffold { inside ->
        Scrolled(inside) {
            Sign(R.drawable.sign_alert, Modifier.padding(top = 48.dp).size(72.dp), MaterialTheme.colorScheme.primary)
            BigTitle(words(shown.problem.title?.key ?: untitled(shown.problem.remedy)))
            Standing(state, actions)
            Body(words(shown.problem.body), Modifier.testTag("stuck"))
            when (val remedy = shown.problem.remedy) {
                null, ProblemRemedy.TRY_AGAIN, ProblemRemedy.BEGIN_ANEW -> Unit
                ProblemRemedy.SET_UP_AGAIN -> {
                    Body(words("app.set_up_again.lost"))
                    shown.parting?.let { Left(it, state, actions) }
                    Primary("set-up-again", words("app.action.set_up_again"), !state.working, actions::setUpAgain)
                }
                else -> Primary("problem-remedy", words(label(remedy)), !state.working) { actions.remedy(remedy) }
            }
            val back = if (shown.parting == null) "app.action.try_again" else "app.action.cancel"
            Quiet("try-again", words(back), !state.working, actions::openAgain)
        }
    }

/** The title of a problem that has none of its own. */
private fun untitled(remedy: ProblemRemedy?): String =
    if (remedy == ProblemRemedy.SET_UP_AGAIN) "app.error.reenrol.title" else "app.error.retry.title"

/** What the wallet left that is to be erased, and what can be done about it before. */
@Composable
private fun Left(parting: Parting, state: UiState, actions: Actions) {
    if (parting.told) {
        Notice(R.drawable.sign_check, words("app.set_up_again.stopped"), Modifier.testTag("stopped"))
    } else {
        Notice(R.drawable.sign_alert, words("app.set_up_again.not_stopped"), Modifier.testTag("not-stopped"), grave = true)
        Quiet("stop-again", words("app.action.try_again"), !state.working, actions::partAgain)
    }
    if (parting.receipts.isNotEmpty()) {
        Body(words("app.set_up_again.receipts", "receipts" to count(parting.receipts.size)))
        Quiet("share-receipts", words("app.action.share_receipts"), !state.working, actions::shareReceipts)
    }
}

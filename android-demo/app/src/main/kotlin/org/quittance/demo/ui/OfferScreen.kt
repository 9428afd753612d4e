package org.quittance.demo.ui

import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.text.KeyboardOptions
import androidx.compose.material3.OutlinedTextField
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.rememberCoroutineScope
import androidx.compose.ui.Modifier
import androidx.compose.ui.platform.LocalClipboard
import androidx.compose.ui.platform.LocalConfiguration
import androidx.compose.ui.platform.testTag
import kotlinx.coroutines.launch
import org.quittance.demo.model.Shown
import org.quittance.demo.model.UiState

/** The text of a merchant's code; nothing is allowed by reading it. */
@Composable
fun OfferScreen(shown: Shown.ReadOffer, state: UiState, actions: Actions) {
    val clipboard = LocalClipboard.current
    val scope = rememberCoroutineScope()
    val chinese = LocalConfiguration.current.locales[0].language == "zh"
    Page(
        "",
        actions::back,
        bottom = {
            val ready = shown.typed.isNotBlank() && !state.working
            Primary("read", words("app.action.continue"), ready) { actions.readOffer(shown.typed, if (chinese) "zh-Hans" else "en") }
        },
    ) {
        BigTitle(words("app.offer.title"))
        Body(words("app.offer.body"))
        Body(words("app.offer.vouch"), quiet = true)
        Standing(state, actions)
        OutlinedTextField(
            shown.typed,
            actions::typeOffer,
            Modifier.fillMaxWidth().testTag("offer-text"),
            label = { Text(words("app.offer.field")) },
            minLines = 3,
            maxLines = 8,
            keyboardOptions = KeyboardOptions(autoCorrectEnabled = false),
        )
        TextAction("paste", words("app.action.paste"), !state.working) {
            scope.launch {
                val pasted = clipboard.getClipEntry()?.clipData?.getItemAt(0)?.text
                pasted?.let { actions.typeOffer(it.toString()) }
            }
        }
    }
}

package org.quittance.demo.ui

import androidx.annotation.DrawableRes
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.ColumnScope
import androidx.compose.foundation.layout.PaddingValues
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.heightIn
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.size
import androidx.compose.material3.Button
import androidx.compose.material3.Card
import androidx.compose.material3.CardDefaults
import androidx.compose.material3.HorizontalDivider
import androidx.compose.material3.Icon
import androidx.compose.material3.LinearProgressIndicator
import androidx.compose.material3.LocalContentColor
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.OutlinedButton
import androidx.compose.material3.Text
import androidx.compose.material3.TextButton
import androidx.compose.runtime.Composable
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.graphics.Color
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.res.painterResource
import androidx.compose.ui.semantics.contentDescription
import androidx.compose.ui.semantics.heading
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.text.style.TextAlign
import androidx.compose.ui.unit.dp
import org.quittance.demo.R
import org.quittance.demo.model.Problem
import org.quittance.demo.model.ProblemRemedy
import org.quittance.demo.model.UiState
import org.quittance.demo.words.Say
import org.quittance.demo.words.Value

/** A text of the catalogue, in the phone's language. */
@Composable
fun words(key: String, vararg arguments: Pair<String, Value>): String = LocalWords.current.of(key, *arguments)

@Composable
fun words(say: Say): String = LocalWords.current.of(say)

/** A sign that says nothing by itself: words stand beside it. */
@Composable
fun Sign(@DrawableRes id: Int, modifier: Modifier = Modifier, tint: Color = LocalContentColor.current) =
    Icon(painterResource(id), null, modifier.size(20.dp), tint)

@Composable
fun Heading(text: String, modifier: Modifier = Modifier) =
    Text(
        text,
        modifier.padding(top = 8.dp).semantics { heading() },
        style = MaterialTheme.typography.titleMedium,
        color = MaterialTheme.colorScheme.primary,
    )

@Composable
fun Body(text: String, modifier: Modifier = Modifier, quiet: Boolean = false) =
    Text(
        text,
        modifier,
        style = if (quiet) MaterialTheme.typography.bodyMedium else MaterialTheme.typography.bodyLarge,
        color = if (quiet) MaterialTheme.colorScheme.onSurfaceVariant else MaterialTheme.colorScheme.onSurface,
    )

/** A quiet line with a sign. */
@Composable
fun Line(@DrawableRes sign: Int, text: String, modifier: Modifier = Modifier, tint: Color = MaterialTheme.colorScheme.onSurfaceVariant) =
    Row(modifier, Arrangement.spacedBy(8.dp), Alignment.Top) {
        Sign(sign, Modifier.padding(top = 2.dp), tint)
        Text(text, style = MaterialTheme.typography.bodyMedium, color = tint)
    }

/** Facts under a heading; nothing in it can be tapped as a whole, so it is no card. */
@Composable
fun Section(title: String, content: @Composable ColumnScope.() -> Unit) =
    Column(Modifier.fillMaxWidth(), Arrangement.spacedBy(8.dp)) {
        HorizontalDivider(color = MaterialTheme.colorScheme.outlineVariant)
        Heading(title)
        content()
    }

/** What can be tapped as a whole. */
@Composable
fun Tile(tag: String, onClick: () -> Unit, enabled: Boolean = true, content: @Composable ColumnScope.() -> Unit) =
    Card(
        onClick,
        Modifier.fillMaxWidth().testTag(tag),
        enabled = enabled,
        colors = CardDefaults.cardColors(containerColor = MaterialTheme.colorScheme.surfaceBright),
        elevation = CardDefaults.cardElevation(defaultElevation = 1.dp),
    ) {
        Column(Modifier.padding(16.dp), Arrangement.spacedBy(4.dp), content = content)
    }

/** What has to be noticed: an amber or a red field with words, never the colour alone. */
@Composable
fun Notice(@DrawableRes sign: Int, text: String, modifier: Modifier = Modifier, title: String? = null, grave: Boolean = false) {
    val colours = MaterialTheme.colorScheme
    val (field, ink) =
        if (grave) colours.errorContainer to colours.onErrorContainer
        else colours.secondaryContainer to colours.onSecondaryContainer
    Card(modifier.fillMaxWidth(), colors = CardDefaults.cardColors(field, ink)) {
        Row(Modifier.padding(16.dp), Arrangement.spacedBy(12.dp)) {
            Sign(sign, Modifier.padding(top = 2.dp), ink)
            Column(verticalArrangement = Arrangement.spacedBy(4.dp)) {
                title?.let { Text(it, style = MaterialTheme.typography.titleMedium) }
                Text(text, style = MaterialTheme.typography.bodyMedium)
            }
        }
    }
}

@Composable
fun ProblemNotice(problem: Problem, actions: Actions) {
    Notice(R.drawable.sign_alert, words(problem.body), Modifier.testTag("problem"), problem.title?.let { words(it) }, true)
    val remedy = problem.remedy ?: return
    Quiet("problem-remedy", words(label(remedy))) { actions.remedy(remedy) }
}

/** What the button of a remedy says. */
fun label(remedy: ProblemRemedy): String =
    when (remedy) {
        ProblemRemedy.TRY_AGAIN -> "app.action.try_again"
        ProblemRemedy.BEGIN_ANEW -> "app.action.begin_anew"
        ProblemRemedy.OPEN_SETTINGS -> "app.action.open_settings"
        ProblemRemedy.SET_UP_AGAIN -> "app.action.set_up_again"
        ProblemRemedy.UPDATE -> "app.action.update"
        ProblemRemedy.SUPPORT -> "app.action.support"
    }

/** What stands above a page: what went wrong, what was done, what is under way, the network. */
@Composable
fun Standing(state: UiState, actions: Actions) {
    val working = words("app.progress.working")
    if (state.working) LinearProgressIndicator(Modifier.fillMaxWidth().semantics { contentDescription = working })
    state.problem?.let { ProblemNotice(it, actions) }
    state.told?.let { Notice(R.drawable.sign_on, words(it), Modifier.testTag("told")) }
    if (state.offline) Line(R.drawable.sign_offline, words("app.permissions.offline"), Modifier.testTag("offline"))
}

@Composable
fun Primary(tag: String, text: String, enabled: Boolean = true, onClick: () -> Unit) =
    Button(onClick, Modifier.fillMaxWidth().heightIn(min = 56.dp).testTag(tag), enabled) {
        Text(text, textAlign = TextAlign.Center, style = MaterialTheme.typography.labelLarge)
    }

/** The way out: of the same size as the main action. */
@Composable
fun Quiet(tag: String, text: String, enabled: Boolean = true, onClick: () -> Unit) =
    OutlinedButton(onClick, Modifier.fillMaxWidth().heightIn(min = 56.dp).testTag(tag), enabled) {
        Text(text, textAlign = TextAlign.Center, style = MaterialTheme.typography.labelLarge)
    }

/** A small action in the text's own line of letters. */
@Composable
fun TextAction(tag: String, text: String, enabled: Boolean = true, onClick: () -> Unit) =
    TextButton(onClick, Modifier.testTag(tag), enabled, contentPadding = PaddingValues(vertical = 12.dp)) { Text(text) }

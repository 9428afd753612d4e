package org.quittance.demo.ui

import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.PaddingValues
import androidx.compose.foundation.layout.fillMaxSize
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.imePadding
import androidx.compose.foundation.layout.navigationBarsPadding
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.rememberScrollState
import androidx.compose.foundation.verticalScroll
import androidx.compose.material3.ExperimentalMaterial3Api
import androidx.compose.material3.Icon
import androidx.compose.material3.IconButton
import androidx.compose.material3.LinearProgressIndicator
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Scaffold
import androidx.compose.material3.Surface
import androidx.compose.material3.Text
import androidx.compose.material3.TopAppBar
import androidx.compose.runtime.Composable
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.saveable.rememberSaveable
import androidx.compose.runtime.setValue
import androidx.compose.ui.Modifier
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.res.painterResource
import androidx.compose.ui.semantics.heading
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.unit.dp
import org.quittance.ItemOutcome
import org.quittance.Prompt
import org.quittance.PromptKind
import org.quittance.asksPayer
import org.quittance.demo.R
import org.quittance.demo.model.Place
import org.quittance.demo.model.Shown
import org.quittance.demo.model.UiState
import org.quittance.demo.words.Say
import org.quittance.demo.words.count
import org.quittance.demo.words.moment
import org.quittance.demo.words.plain
import org.quittance.demo.words.say

/** A page with a bar above and actions below; what stands between scrolls. */
@OptIn(ExperimentalMaterial3Api::class)
@Composable
fun Page(
    title: String,
    onBack: () -> Unit,
    bottom: (@Composable () -> Unit)? = null,
    progress: (@Composable () -> Unit)? = null,
    content: @Composable () -> Unit,
) = Scaffold(
    topBar = {
        Column {
            TopAppBar(
                title = { Text(title, style = MaterialTheme.typography.titleMedium) },
                navigationIcon = {
                    IconButton(onBack, Modifier.testTag("back")) {
                        Icon(painterResource(R.drawable.sign_back), words("app.action.back"))
                    }
                },
            )
            progress?.invoke()
        }
    },
    bottomBar = { bottom?.let { Bottom(it) } },
) { inside -> Scrolled(inside, content) }

/** The actions, within reach of a thumb, above the keyboard and the system's bar. */
@Composable
private fun Bottom(content: @Composable () -> Unit) =
    Surface(color = MaterialTheme.colorScheme.surfaceContainer) {
        Column(
            Modifier.fillMaxWidth().navigationBarsPadding().imePadding().padding(16.dp),
            Arrangement.spacedBy(8.dp),
        ) { content() }
    }

@Composable
fun Scrolled(inside: PaddingValues, content: @Composable () -> Unit) =
    Column(
        Modifier.fillMaxSize().padding(inside).verticalScroll(rememberScrollState()).padding(16.dp),
        Arrangement.spacedBy(16.dp),
    ) { content() }

/** One step of a flow, or how it came out. */
@Composable
fun FlowScreen(shown: Shown.Flow, state: UiState, actions: Actions) {
    val prompt = shown.prompt
    val asks = asksPayer(prompt)
    val steps = arrayOf("number" to count(prompt.stepNumber), "steps" to count(prompt.stepCount))
    Page(
        title = if (asks) words("app.prompt.progress", *steps) else "",
        onBack = actions::back,
        bottom = { FlowActions(shown, state, actions) },
        progress = { if (asks) Progress(prompt) },
    ) {
        Standing(state, actions)
        if (shown.resumed) Notice(R.drawable.sign_next, words("app.prompt.resumed"))
        if (prompt.offline) Line(R.drawable.sign_offline, words("app.prompt.offline"))
        EndSign(prompt.kind)
        Text(
            words(prompt.title.say()),
            Modifier.testTag("title").semantics { heading() },
            style = MaterialTheme.typography.headlineMedium,
        )
        Body(words(prompt.body.say()))
        // What went wrong says it already.
        prompt.attemptsLeft?.takeIf { state.problem == null }?.let { left ->
            val said = words("app.prompt.attempts_left", "attempts" to count(left))
            Line(R.drawable.sign_alert, said, tint = MaterialTheme.colorScheme.error)
        }
        PromptContent(shown, state, actions)
        if (asks) {
            prompt.deadline?.let { Line(R.drawable.sign_clock, words("app.prompt.deadline", "deadline" to moment(it))) }
            Why(prompt)
        } else {
            prompt.because.forEach { Body(words(it.say()), quiet = true) }
            Next(prompt)
            Results(shown, actions)
        }
    }
}

/** What became of each, where several were stopped together. */
@Composable
private fun Results(shown: Shown.Flow, actions: Actions) {
    if (shown.results.isEmpty()) return
    Section(words("app.batch.title")) {
        for ((name, outcome) in shown.results) {
            val said = @Composable {
                Body(name)
                Body(words(result(outcome)), quiet = true)
            }
            // What a bank has to confirm goes on in a run of its own.
            if (outcome is ItemOutcome.WaitsForBank) Tile("follow", { actions.go(Place.Flow(outcome.flow)) }) { said() } else said()
        }
    }
}

private fun result(outcome: ItemOutcome): Say =
    when (outcome) {
        is ItemOutcome.Unfinished -> Say("app.batch.unfinished")
        is ItemOutcome.Asked -> Say("app.batch.asked")
        is ItemOutcome.Ending -> stage(outcome.stage)
        is ItemOutcome.EndedHere -> Say("app.batch.ended_here")
        is ItemOutcome.WaitsForBank -> Say("app.batch.waits_for_bank")
        is ItemOutcome.Refused -> Say("app.batch.refused")
    }

/** What happens next, and when. */
@Composable
private fun Next(prompt: Prompt) {
    if (prompt.next.isEmpty()) return
    Section(words("app.prompt.consequences")) {
        prompt.next.forEach { Line(R.drawable.sign_next, words(it.say())) }
    }
}

@Composable
private fun Progress(prompt: Prompt) {
    val steps = prompt.stepCount.toInt().coerceAtLeast(1)
    val done = (prompt.stepNumber.toInt() - 1).coerceAtLeast(0).toFloat() / steps
    LinearProgressIndicator({ done }, Modifier.fillMaxWidth(), drawStopIndicator = {})
}

/** The reason, one tap away: the step's, then what made it necessary, then the rules. */
@Composable
private fun Why(prompt: Prompt) {
    var open by rememberSaveable(prompt.flow, prompt.step) { mutableStateOf(false) }
    TextAction("why", words("app.prompt.why"), onClick = { open = !open })
    if (!open) return
    Column(verticalArrangement = Arrangement.spacedBy(8.dp)) {
        Body(words(prompt.why.say()))
        prompt.because.forEach { Body(words(it.say()), quiet = true) }
        Next(prompt)
        if (prompt.rules.isNotEmpty()) {
            Body(words("app.details.rules", "rules" to plain(prompt.rules.joinToString())), quiet = true)
        }
    }
}

/** Typed digits answer by themselves once the last one is there; everything else has a button. */
@Composable
private fun FlowActions(shown: Shown.Flow, state: UiState, actions: Actions) {
    val prompt = shown.prompt
    when (val kind = prompt.kind) {
        is PromptKind.PaymentPin, is PromptKind.LockPassword, is PromptKind.Code -> Unit
        is PromptKind.Waiting, is PromptKind.InReview -> {
            Primary("refresh", words("app.action.refresh"), !state.working, actions::refresh)
            // Nothing is asked of the payer: whoever leaves the screen leaves the run to those who have the turn.
            return Quiet("quiet", words("app.action.close"), !state.working, actions::close)
        }
        is PromptKind.Scheduled -> {
            Primary("close", words("app.action.done"), !state.working, actions::close)
            val undo = { actions.begin("mandate.undo", emptyList(), org.quittance.Wish.UndoOrder(kind.order)) }
            return Quiet("undo", words("app.action.take_back"), !state.working, undo)
        }
        is PromptKind.Done -> {
            // A recovery ends with the way open to another PIN, once.
            if (prompt.definition.startsWith("recovery.")) {
                Primary("new-pin", words("app.recovery.new_pin.title"), !state.working) { actions.go(Place.NewPin) }
                return Quiet("close", words("app.action.done"), !state.working, actions::close)
            }
            Primary("close", words("app.action.done"), !state.working, actions::close)
            val receipt = prompt.definition.startsWith("mandate.cancel.") && !kind.underWay
            if (!receipt) return
            return Quiet("see-receipt", words("app.action.see_receipt"), !state.working) { actions.go(Place.Receipts) }
        }
        is PromptKind.Refused -> return Primary("close", words("app.action.done"), !state.working, actions::close)
        else ->
            prompt.primary?.let {
                Primary("primary", words(it.say()), !state.working && ready(shown), actions::primary)
            }
    }
    prompt.quiet?.let { Quiet("quiet", words(it.say()), !state.working, actions::quiet) }
}

/** Whether nothing is missing for the main action. */
private fun ready(shown: Shown.Flow): Boolean =
    when (val kind = shown.prompt.kind) {
        is PromptKind.People -> shown.entry.chosen.size >= kind.atLeast.toInt()
        is PromptKind.Photos -> shown.entry.images.size >= kind.images.toInt()
        is PromptKind.Recording -> shown.entry.images.isNotEmpty()
        is PromptKind.Facts, is PromptKind.Fields, is PromptKind.Quiz -> shown.entry.entries.none { it.isBlank() }
        else -> true
    }

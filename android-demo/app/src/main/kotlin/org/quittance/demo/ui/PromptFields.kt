package org.quittance.demo.ui

import androidx.compose.foundation.BorderStroke
import androidx.compose.foundation.border
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.ColumnScope
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.aspectRatio
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.heightIn
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.size
import androidx.compose.foundation.selection.selectable
import androidx.compose.foundation.selection.selectableGroup
import androidx.compose.foundation.selection.toggleable
import androidx.compose.foundation.shape.RoundedCornerShape
import androidx.compose.foundation.text.KeyboardOptions
import androidx.compose.material3.Checkbox
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.OutlinedTextField
import androidx.compose.material3.RadioButton
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.semantics.Role
import androidx.compose.ui.semantics.contentDescription
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.text.input.KeyboardType
import androidx.compose.ui.unit.dp
import org.quittance.DocumentKind
import org.quittance.PromptKind
import org.quittance.PromptText
import org.quittance.QuizTopic
import org.quittance.RecordingKind
import org.quittance.demo.R
import org.quittance.demo.model.Entry
import org.quittance.demo.model.UiState
import org.quittance.demo.words.count
import org.quittance.demo.words.say

/** Questions that are answered in the payer's own words. */
@Composable
fun Questions(questions: List<PromptText>, entry: Entry, actions: Actions, lines: Int) {
    questions.forEachIndexed { number, question ->
        Field(number, words(question.say()), entry, actions, lines)
    }
}

/** A field whose words every keyboard is asked to neither learn nor complete. */
@Composable
private fun Field(number: Int, label: String, entry: Entry, actions: Actions, lines: Int, type: KeyboardType = KeyboardType.Text) =
    Unlearned {
        OutlinedTextField(
            entry.entries.getOrElse(number) { "" },
            { actions.enter(number, it) },
            Modifier.fillMaxWidth().testTag("field-$number"),
            label = { Text(label) },
            placeholder = if (lines > 1) { { Text(words("app.facts.field")) } } else null,
            minLines = lines,
            singleLine = lines == 1,
            keyboardOptions = KeyboardOptions(autoCorrectEnabled = false, keyboardType = type),
        )
    }

@Composable
fun People(kind: PromptKind.People, entry: Entry, actions: Actions) {
    Column(verticalArrangement = Arrangement.spacedBy(4.dp)) {
        for (person in kind.people) {
            val chosen = person.account in entry.chosen
            Row(
                Modifier
                    .fillMaxWidth()
                    .heightIn(min = 56.dp)
                    .toggleable(chosen, role = Role.Checkbox) { actions.choosePerson(person.account) }
                    .testTag("person-${person.account}"),
                Arrangement.spacedBy(12.dp),
                Alignment.CenterVertically,
            ) {
                Checkbox(chosen, null)
                Sign(R.drawable.sign_person)
                Body(person.name)
            }
        }
    }
    val number = arrayOf("count" to count(entry.chosen.size), "at_least" to count(kind.atLeast))
    Body(words("app.people.chosen", *number), quiet = true)
}

@Composable
fun Quiz(kind: PromptKind.Quiz, entry: Entry, actions: Actions) {
    val label =
        words(
            when (kind.about) {
                QuizTopic.AMOUNTS, QuizTopic.AMOUNTS_AGAIN -> "app.quiz.amount"
                QuizTopic.MERCHANTS -> "app.quiz.merchant"
                QuizTopic.DATES -> "app.quiz.date"
            },
        )
    kind.questions.forEachIndexed { number, question ->
        val place = arrayOf("number" to count(number + 1), "charges" to count(kind.questions.size))
        Section(words("app.quiz.number", *place)) {
            Body(question.about)
            if (question.choices.isEmpty()) {
                val type = if (kind.about == QuizTopic.AMOUNTS) KeyboardType.Decimal else KeyboardType.Text
                Field(number, label, entry, actions, 1, type)
            } else {
                Choices(question.choices, entry.entries.getOrElse(number) { "" }) { actions.enter(number, it) }
            }
        }
    }
}

@Composable
private fun Choices(choices: List<String>, chosen: String, onChoice: (String) -> Unit) =
    Column(Modifier.selectableGroup()) {
        for (choice in choices) {
            Row(
                Modifier
                    .fillMaxWidth()
                    .heightIn(min = 48.dp)
                    .selectable(choice == chosen, role = Role.RadioButton) { onChoice(choice) }
                    .testTag("choice-$choice"),
                Arrangement.spacedBy(12.dp),
                Alignment.CenterVertically,
            ) {
                RadioButton(choice == chosen, null)
                Text(choice, style = MaterialTheme.typography.bodyLarge.tabular)
            }
        }
    }

@Composable
fun Photos(kind: PromptKind.Photos, entry: Entry, state: UiState, actions: Actions) {
    val frame = words("app.photo.frame")
    val (card, page) = CARD to PAGE
    val shape = if (kind.document == DocumentKind.PROOF_OF_ADDRESS) page else card
    Frame(frame, shape) {
        val taken = entry.images.size
        val images = kind.images.toInt()
        if (taken >= images) Taken()
        else {
            if (images == 2 && kind.document == DocumentKind.ID_DOCUMENT) {
                Text(words(if (taken == 0) "app.photo.front" else "app.photo.back"), style = MaterialTheme.typography.titleLarge)
            }
            Body(words("app.photo.count", "number" to count(taken + 1), "photos" to count(images)), quiet = true)
        }
    }
    Line(R.drawable.sign_check, words("app.photo.corners"))
    Line(R.drawable.sign_check, words("app.photo.glare"))
    Taking(entry.images.size < kind.images.toInt(), entry, state, actions)
}

@Composable
fun Recording(kind: PromptKind.Recording, entry: Entry, state: UiState, actions: Actions) {
    val (frame, guide) =
        when (kind.what) {
            is RecordingKind.Face -> words("app.record.oval") to words("app.record.face")
            is RecordingKind.Gestures -> words("app.record.oval") to words("app.record.face")
            is RecordingKind.Video -> words("app.record.oval") to words("app.record.video")
        }
    Box(Modifier.fillMaxWidth(), Alignment.Center) {
        Box(
            Modifier
                .size(width = 208.dp, height = 264.dp)
                .border(BorderStroke(3.dp, MaterialTheme.colorScheme.primary), RoundedCornerShape(percent = 50))
                .semantics { contentDescription = frame },
            Alignment.Center,
        ) {
            if (entry.images.isEmpty()) Sign(R.drawable.sign_person, Modifier.size(96.dp), MaterialTheme.colorScheme.outline)
            else Taken()
        }
    }
    val gestures = (kind.what as? RecordingKind.Gestures)?.gestures.orEmpty()
    gestures.forEach { Line(R.drawable.sign_next, words(it.say())) }
    Line(R.drawable.sign_check, guide)
    Taking(entry.images.isEmpty(), entry, state, actions)
}

@Composable
private fun Taking(missing: Boolean, entry: Entry, state: UiState, actions: Actions) {
    if (missing) Quiet("take", words("app.action.take"), !state.working, actions::takePicture)
    else if (entry.images.isNotEmpty()) Quiet("retake", words("app.action.retake"), !state.working, actions::retakePictures)
}

@Composable
private fun Taken() = Sign(R.drawable.sign_on, Modifier.size(56.dp), MaterialTheme.colorScheme.primary)

/** A frame for the document, said aloud as one. */
@Composable
private fun Frame(said: String, shape: Float, content: @Composable ColumnScope.() -> Unit) =
    Column(
        Modifier
            .fillMaxWidth()
            .aspectRatio(shape)
            .border(BorderStroke(3.dp, MaterialTheme.colorScheme.primary), RoundedCornerShape(16.dp))
            .padding(16.dp)
            .semantics { contentDescription = said },
        Arrangement.spacedBy(4.dp, Alignment.CenterVertically),
        Alignment.CenterHorizontally,
        content,
    )

/** Width by height of a card, and of a page. */
private const val CARD = 1.586f
private const val PAGE = 0.9f

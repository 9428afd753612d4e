package org.quittance.demo

import android.text.InputType
import android.view.View
import android.view.ViewGroup
import android.view.inputmethod.EditorInfo
import androidx.activity.compose.setContent
import androidx.compose.material3.OutlinedTextField
import androidx.compose.runtime.Composable
import androidx.compose.ui.Modifier
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.test.junit4.v2.createEmptyComposeRule
import androidx.compose.ui.test.onNodeWithTag
import androidx.compose.ui.test.requestFocus
import androidx.test.core.app.ActivityScenario
import java.time.ZoneOffset
import org.junit.Assert.assertEquals
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.quittance.PromptKind
import org.quittance.QuizQuestion
import org.quittance.QuizTopic
import org.quittance.demo.model.Entry
import org.quittance.demo.model.Shown
import org.quittance.demo.model.UiState
import org.quittance.demo.ui.Actions
import org.quittance.demo.ui.Content
import org.quittance.demo.ui.QuittanceTheme
import org.quittance.demo.words.Words
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode

/** What a keyboard is told of the fields for the payer's own words. */
@RunWith(Runner::class)
@Config(application = StillApplication::class)
@GraphicsMode(GraphicsMode.Mode.NATIVE)
class UnlearnedTest {
    @get:Rule val rule = createEmptyComposeRule()

    @Test
    fun `the keyboard is asked to learn nothing of what is answered, and to suggest nothing`() {
        for (name in listOf("facts", "fields")) {
            val told = told { Content(Samples.prompts.getValue(name), Actions.NONE) }
            assertEquals(name, listOf("learns nothing", "suggests nothing"), requests(told))
        }
    }

    @Test
    fun `a keyboard of digits is asked to learn nothing, and stays one of digits`() {
        val quiz = PromptKind.Quiz(QuizTopic.AMOUNTS, listOf(QuizQuestion("Bluebird Rides", emptyList())))
        val prompt = (Samples.prompts.getValue("quiz").shown as Shown.Flow).prompt.copy(kind = quiz)
        val told = told { Content(UiState(shown = Shown.Flow(prompt, Entry())), Actions.NONE) }
        assertEquals(listOf("learns nothing"), requests(told))
        assertEquals(InputType.TYPE_CLASS_NUMBER or InputType.TYPE_NUMBER_FLAG_DECIMAL, told.inputType)
    }

    @Test
    fun `what is asserted of a field is seen where it is missing`() {
        val told = told { OutlinedTextField("", {}, Modifier.testTag("field-0")) }
        assertEquals(emptyList<String>(), requests(told))
    }

    /** What a keyboard is told that opens for the first field. */
    private fun told(content: @Composable () -> Unit): EditorInfo {
        val told = EditorInfo()
        ActivityScenario.launch(MainActivity::class.java).use { scenario ->
            scenario.onActivity { activity ->
                val words = Words(activity.resources, ZoneOffset.UTC) { Samples.NOW }
                activity.setContent { QuittanceTheme(words) { content() } }
            }
            rule.onNodeWithTag("field-0").requestFocus()
            rule.waitForIdle()
            scenario.onActivity { activity ->
                val connected = views(activity.window.decorView).mapNotNull { it.onCreateInputConnection(told) }
                connected.single().closeConnection()
            }
        }
        return told
    }

    private fun requests(told: EditorInfo): List<String> =
        buildList {
            if (told.imeOptions and EditorInfo.IME_FLAG_NO_PERSONALIZED_LEARNING != 0) add("learns nothing")
            val text = told.inputType and InputType.TYPE_MASK_CLASS == InputType.TYPE_CLASS_TEXT
            if (text && told.inputType and InputType.TYPE_TEXT_FLAG_NO_SUGGESTIONS != 0) add("suggests nothing")
        }

    private fun views(view: View): List<View> =
        listOf(view) + (view as? ViewGroup)?.let { group -> List(group.childCount, group::getChildAt) }.orEmpty().flatMap(::views)
}

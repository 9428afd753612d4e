package org.quittance.demo

import android.graphics.Insets
import android.view.WindowInsets
import androidx.activity.compose.setContent
import androidx.compose.foundation.clickable
import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.size
import androidx.compose.material3.Text
import androidx.compose.runtime.getValue
import androidx.compose.runtime.key
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.setValue
import androidx.compose.ui.Modifier
import androidx.compose.ui.geometry.Rect
import androidx.compose.ui.graphics.asAndroidBitmap
import androidx.compose.ui.semantics.SemanticsActions
import androidx.compose.ui.semantics.SemanticsNode
import androidx.compose.ui.semantics.SemanticsProperties
import androidx.compose.ui.semantics.getOrNull
import androidx.compose.ui.test.captureToImage
import androidx.compose.ui.test.hasClickAction
import androidx.compose.ui.test.isRoot
import androidx.compose.ui.test.junit4.v2.createEmptyComposeRule
import androidx.compose.ui.test.onRoot
import androidx.compose.ui.text.TextLayoutResult
import androidx.compose.ui.unit.dp
import androidx.test.core.app.ActivityScenario
import java.io.File
import java.time.ZoneOffset
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.quittance.demo.model.UiState
import org.quittance.demo.ui.Actions
import org.quittance.demo.ui.Content
import org.quittance.demo.ui.QuittanceTheme
import org.quittance.demo.words.Words
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode

/** Every screen, looked at: nothing is cut, every word is there, whatever can be tapped is large enough. */
@RunWith(Runner::class)
@Config(application = StillApplication::class, qualifiers = "w393dp-h786dp-hdpi")
@GraphicsMode(GraphicsMode.Mode.NATIVE)
class ScreensTest {
    @get:Rule val rule = createEmptyComposeRule()

    @Test fun `in English by day`() = look("en", "en-rUS")

    @Test fun `in English by night`() = look("en-dark", "en-rUS-night")

    @Test fun `in Chinese by day`() = look("zh", "b+zh+Hans+CN")

    @Test fun `in Chinese by night`() = look("zh-dark", "b+zh+Hans+CN-night")

    @Test fun `with letters of twice the size`() = look(null, "en-rUS", letters = 2f)

    @Test fun `in Chinese with letters of twice the size`() = look(null, "b+zh+Hans+CN", letters = 2f)

    @Test fun `on a narrow phone`() = look(null, "en-rUS-w320dp-h568dp")

    @Test fun `on its side`() = look(null, "en-rUS-w786dp-h393dp-land")

    @Test
    fun `every kind of prompt has its picture`() {
        val kinds = org.quittance.PromptKind::class.java.declaredClasses.map { it.simpleName }.filter { it != "Companion" }
        val shown = Samples.prompts.values.map { (it.shown as org.quittance.demo.model.Shown.Flow).prompt.kind.javaClass.simpleName }
        assertEquals(kinds.toSet(), shown.toSet())
        assertTrue(kinds.size >= 20)
    }

    @Test
    fun `what is cut or too near to another is noticed`() {
        ActivityScenario.launch(MainActivity::class.java).use { scenario ->
            scenario.onActivity { activity ->
                activity.setContent {
                    Column {
                        repeat(2) {
                            Box(Modifier.size(60.dp, 10.dp).clickable {}) { Text("Words that need more", softWrap = false) }
                        }
                    }
                }
            }
            rule.waitForIdle()
            val seen = faults().map { it.substringBefore(':') }.toSet()
            assertEquals(setOf("is cut", "is too near to another"), seen)
        }
    }

    @Test
    fun `nothing stands behind the system's bars`() {
        ActivityScenario.launch(MainActivity::class.java).use { scenario ->
            var state by mutableStateOf<UiState?>(null)
            scenario.onActivity { activity ->
                val words = Words(activity.resources, ZoneOffset.UTC) { Samples.NOW }
                activity.setContent {
                    val shown = state
                    if (shown == null) Text("A text that knows of no bars")
                    else QuittanceTheme(words) { key(shown) { Content(shown, Actions.NONE) } }
                }
            }
            assertEquals("the control", listOf("A text that knows of no bars"), behindBars(scenario))
            for ((name, sample) in Samples.all) {
                state = sample
                rule.waitForIdle()
                assertEquals(name, emptyList<String>(), behindBars(scenario))
            }
        }
    }

    /** The words that are drawn where the bars of a phone are. */
    private fun behindBars(scenario: ActivityScenario<MainActivity>): List<String> {
        val bars = Insets.of(0, BAR, 0, BAR)
        scenario.onActivity { activity ->
            val insets = WindowInsets.Builder().setInsets(WindowInsets.Type.systemBars(), bars).build()
            activity.window.decorView.dispatchApplyWindowInsets(insets)
        }
        rule.waitForIdle()
        val root = rule.onRoot(useUnmergedTree = true).fetchSemanticsNode()
        val seen = nodes(root).filter { it.boundsInRoot.height > 0 && words(it).isNotEmpty() }
        val bottom = root.size.height - BAR
        return seen.filter { it.boundsInRoot.top < BAR || it.boundsInRoot.bottom > bottom + 1 }.map(::words)
    }

    private fun look(pictures: String?, qualifiers: String, letters: Float = 1f) {
        RuntimeEnvironment.setQualifiers("+$qualifiers")
        RuntimeEnvironment.setFontScale(letters)
        val faults = mutableListOf<String>()
        ActivityScenario.launch(MainActivity::class.java).use { scenario ->
            var state by mutableStateOf(UiState())
            scenario.onActivity { activity ->
                val words = Words(activity.resources, ZoneOffset.UTC) { Samples.NOW }
                activity.setContent { QuittanceTheme(words) { key(state) { Content(state, Actions.NONE) } } }
            }
            for ((name, sample) in Samples.all) {
                state = sample
                rule.waitForIdle()
                faults += faults().map { "$name: $it" }
                if (pictures != null) picture(pictures, name)
            }
        }
        assertEquals("", faults.joinToString("\n"))
    }

    private fun faults(): List<String> {
        val nodes = nodes(rule.onRoot(useUnmergedTree = true).fetchSemanticsNode())
        val cut = nodes.filter(::isCut).map { "is cut: ${words(it)}" }
        val said = nodes.flatMap { it.config.getOrNull(SemanticsProperties.Text).orEmpty() }.map { it.text }
        return cut + said.filter { KEY.matches(it) || '{' in it }.map { "has no words: $it" } + crowded()
    }

    /**
     * What is tapped by mistake: Compose gives everything that can be tapped 48 dp, as long as nothing else claims them.
     *
     * A switch in a row that can be tapped as a whole is inside of it, not beside it.
     */
    private fun crowded(): List<String> {
        val tapped = rule.onAllNodes(hasClickAction()).fetchSemanticsNodes().filter(::isWhole)
        return tapped.flatMapIndexed { place, one ->
            tapped.drop(place + 1).filter { other -> isNear(one.touchBoundsInRoot, other.touchBoundsInRoot) }.map { words(one) }
        }.map { "is too near to another: $it" }
    }

    private fun isNear(one: Rect, other: Rect): Boolean {
        val common = one.intersect(other)
        val inside = common == one || common == other
        return !inside && common.width > 1 && common.height > 1
    }

    private fun isCut(node: SemanticsNode): Boolean {
        val layouts = mutableListOf<TextLayoutResult>()
        node.config.getOrNull(SemanticsActions.GetTextLayoutResult)?.action?.invoke(layouts)
        return layouts.any { layout ->
            val lines = 0 until layout.lineCount
            val wide = lines.any { layout.getLineRight(it) - layout.getLineLeft(it) > node.size.width + 1 }
            val high = layout.getLineBottom(layout.lineCount - 1) > node.size.height + 1
            wide || high || lines.any(layout::isLineEllipsized)
        }
    }

    /** What a scrolled page shows in part only is as large as it is when it is shown whole. */
    private fun isWhole(node: SemanticsNode) =
        node.boundsInRoot.height >= node.size.height - 1 && node.boundsInRoot.width >= node.size.width - 1

    private fun words(node: SemanticsNode) = node.config.getOrNull(SemanticsProperties.Text).orEmpty().joinToString { it.text }

    private fun nodes(node: SemanticsNode): List<SemanticsNode> = listOf(node) + node.children.flatMap(::nodes)

    private fun picture(folder: String, name: String) {
        val target = System.getProperty("quittance.screens").orEmpty().ifEmpty { return }
        val bitmap = rule.onAllNodes(isRoot())[0].captureToImage().asAndroidBitmap()
        val file = File(target, "$folder/$name.png")
        file.parentFile?.mkdirs()
        file.writeBytes(SmallPng.of(bitmap))
    }

    private companion object {
        const val BAR = 60
        val KEY = Regex("(app|ask|end|flow|cancel|sign|wait|hold|then|action|checkup|evidence|recovery|receipt)\\.[a-z_.]+")
    }
}

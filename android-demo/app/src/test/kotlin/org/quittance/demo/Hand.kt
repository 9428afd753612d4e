package org.quittance.demo

import androidx.compose.ui.semantics.SemanticsNode
import androidx.compose.ui.semantics.SemanticsProperties
import androidx.compose.ui.semantics.getOrNull
import androidx.compose.ui.test.ComposeTimeoutException
import androidx.compose.ui.test.SemanticsMatcher
import androidx.compose.ui.test.assertIsDisplayed
import androidx.compose.ui.test.hasAnyAncestor
import androidx.compose.ui.test.hasScrollAction
import androidx.compose.ui.test.hasTestTag
import androidx.compose.ui.test.isEnabled
import androidx.compose.ui.test.isRoot
import androidx.compose.ui.test.junit4.ComposeTestRule
import androidx.compose.ui.test.onAllNodesWithText
import androidx.compose.ui.test.onFirst
import androidx.compose.ui.test.performClick
import androidx.compose.ui.test.performScrollTo
import androidx.compose.ui.test.performTextInput
import java.time.Duration
import org.quittance.testing.Stage

/** A payer's hand: it knows the app by its buttons alone, and waits so long for each. */
class Hand(private val rule: ComposeTestRule, private val within: Duration = Duration.ofSeconds(30)) {
    fun sees(tag: String): Boolean = rule.onAllNodes(hasTestTag(tag)).fetchSemanticsNodes().isNotEmpty()

    private fun can(tag: String): Boolean = rule.onAllNodes(hasTestTag(tag) and isEnabled()).fetchSemanticsNodes().isNotEmpty()

    fun awaits(what: String, condition: () -> Boolean) =
        try {
            rule.waitUntil(what, within.toMillis()) {
                // What is looked for may need the app to go on.
                rule.waitForIdle()
                condition()
            }
        } catch (late: ComposeTimeoutException) {
            throw AssertionError("${late.message}; the screen says: ${reads().joinToString(" | ")}", late)
        }

    /** All that stands on the screen. */
    fun reads(): List<String> = rule.onAllNodes(isRoot(), useUnmergedTree = true).fetchSemanticsNodes().flatMap(::texts)

    private fun texts(node: SemanticsNode): List<String> =
        node.config.getOrNull(SemanticsProperties.Text).orEmpty().map { it.text } + node.children.flatMap(::texts)

    /** Waits until nothing is under way. */
    fun rests() = awaits("rest") { can("refresh") }

    fun awaits(tag: String) = awaits(tag) { sees(tag) }

    fun says(text: String): Boolean = rule.onAllNodesWithText(text, substring = true).fetchSemanticsNodes().isNotEmpty()

    /** Whether some place on the screen says this and nothing else. */
    fun saysAlone(text: String): Boolean = rule.onAllNodesWithText(text).fetchSemanticsNodes().isNotEmpty()

    fun awaitsText(text: String) = awaits(text) { says(text) }

    fun taps(tag: String) = awaits("$tag to be tapped") { tapped(tag) }

    /** Whether it could be tapped; what the app draws anew meanwhile has no button for a finger either. */
    private fun tapped(tag: String): Boolean = can(tag) && there {
        val node = rule.onAllNodes(hasTestTag(tag) and isEnabled()).onFirst()
        if (scrolls(tag)) node.performScrollTo()
        node.performClick()
        rule.waitForIdle()
    }

    /** Whether what is looked for stayed in its place, while the app may go on by itself. */
    private fun there(look: () -> Unit): Boolean =
        try {
            look()
            true
        } catch (_: AssertionError) {
            false
        }

    /** Taps until it shows: a tap on what is just being drawn anew goes nowhere, for a finger as well. */
    fun tapsUntil(tag: String, condition: () -> Boolean) = awaits("what $tag does") {
        if (!condition()) tapped(tag)
        condition()
    }

    /** Asks again until a text is there. */
    fun refreshesUntil(text: String) = awaits(text) {
        tapped("refresh")
        says(text)
    }

    /** Leaves a screen by one of its buttons, and waits until it is gone. */
    fun leaves(tag: String) {
        taps(tag)
        awaits("$tag to be gone") { !sees(tag) }
    }

    fun types(tag: String, text: String) = awaits("$tag to be typed into") {
        there { rule.onAllNodes(hasTestTag(tag)).onFirst().performTextInput(text) }
    }

    fun types(digits: ByteArray) = digits.forEach { taps("digit-${it - ZERO}") }

    fun reads(tag: String) = awaits("$tag to be read") {
        there {
            val node = rule.onAllNodes(hasTestTag(tag)).onFirst()
            if (scrolls(tag)) node.performScrollTo()
            node.assertIsDisplayed()
        }
    }

    private fun scrolls(tag: String): Boolean {
        val inside: SemanticsMatcher = hasTestTag(tag) and hasAnyAncestor(hasScrollAction())
        return rule.onAllNodes(inside).fetchSemanticsNodes().isNotEmpty()
    }

    /** Answers whatever a flow asks by its buttons, until it says how it came out; lets time pass while others have the turn. */
    fun walks(stage: Stage, code: () -> ByteArray, most: Int = MOST_STEPS) {
        repeat(most) {
            awaits("something to do") { listOf("close", "primary", "digit-1", "take", "refresh").any(::can) }
            when {
                sees("close") -> return
                can("digit-1") -> types(if (sees("send-again")) code() else Stage.pin())
                // The page of before may have gone meanwhile, since the app speaks with the gateway by itself: look again.
                sees("take") -> tapped("take")
                sees("primary") -> tapped("primary")
                sees("refresh") -> {
                    stage.sandbox.advance("PT1S")
                    tapped("refresh")
                }
            }
        }
        error("the flow does not end")
    }

    private companion object {
        const val MOST_STEPS = 60
        const val ZERO = '0'.code
    }
}

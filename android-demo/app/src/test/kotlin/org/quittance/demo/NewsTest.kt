package org.quittance.demo

import androidx.compose.ui.test.SemanticsMatcher
import androidx.compose.ui.test.hasAnyAncestor
import androidx.compose.ui.test.hasTestTag
import androidx.compose.ui.test.hasText
import androidx.compose.ui.test.junit4.v2.createEmptyComposeRule
import androidx.compose.ui.test.performScrollTo
import androidx.test.core.app.ActivityScenario
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.test.UnconfinedTestDispatcher
import kotlinx.coroutines.test.runTest
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.quittance.WalletEvent
import org.quittance.demo.model.DemoModel
import org.quittance.demo.model.Shown
import org.quittance.demo.model.setUpAgain
import org.quittance.testing.Stage.Companion.cny
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode

/** What happened is told until the payer has seen it, by whichever process. */
@OptIn(ExperimentalCoroutinesApi::class)
@RunWith(Runner::class)
@Config(application = KeepingApplication::class, qualifiers = "w360dp-h640dp")
@GraphicsMode(GraphicsMode.Mode.NATIVE)
class NewsTest {
    @get:Rule val rule = createEmptyComposeRule()

    private val hand by lazy { Hand(rule) }
    private val application by lazy { RuntimeEnvironment.getApplication() as KeepingApplication }
    private val wallet get() = application.wallets.first()

    @Test
    fun `what is grave stands first on the first screen, with the way that helps`() {
        wallet.happens(WalletEvent.NotStopped(listOf("a"), "external_refused"))
        wallet.happens(WalletEvent.ChargedAfterEnd("d", "7dcQ2mVbq9LtWxA1", cny(12_00)))
        wallet.happens(5)
        process {
            hand.awaitsText("the payment service refused to end it")
            val (refused, proves, charged) = listOf("refused to end it", "Your receipt proves", "charged CNY 30.00").map(::top)
            assertTrue("$refused $proves $charged", maxOf(refused, proves) < charged)
            assertTrue("above all that can charge", charged < top("pause-everything", hasTestTag("pause-everything")))

            hand.taps("news-way-0")
            hand.awaits("way-mandate.cancel.quick")
            hand.leaves("back")
            hand.taps("news-way-1")
            hand.awaits("share")
            hand.leaves("back")
            hand.awaits("news")
            assertEquals("both were followed", listOf(false, false), listOf("refused to end it", "Your receipt proves").map(hand::says))
        }
    }

    @Test
    fun `a phone in quarantine is told first, and led by the check-up to the page that sets it up again`() {
        wallet.quarantined = true
        wallet.happens(WalletEvent.Quarantined)
        wallet.happens(1)
        process {
            val (quarantine, charged) = listOf("takes no payment from it any more", "charged CNY 30.00").map(::top)
            assertTrue("$quarantine $charged", quarantine < charged)
            hand.taps("news-way-0")
            hand.taps("remedy")
            hand.awaits("set-up-again")
            hand.awaitsText("Another phone may be using")
            assertFalse("its secrets are there", hand.says("secrets are gone"))
        }
    }

    @Test
    fun `news that was on no screen is told by the next process, once, and what was on one is not told again`() {
        wallet.happens(9)
        process {
            hears()
            assertEquals("the last stand below what the page shows", listOf(9, 9), listOf(told(), wallet.kept.size))
        }
        process {
            assertEquals(9, told())
            readsAll()
            hears()
            assertEquals("it stands until it is put away", listOf(9, 0), listOf(told(), wallet.kept.size))
            hand.taps("news-close-3")
            hand.awaits("one less") { told() == 8 }
            wallet.happens(1)
            hears()
            assertEquals(9, told())
        }
        process { assertEquals("nobody knows whether the last was seen", 1, told()) }
    }

    @Test
    fun `one that is before the eyes is forgotten, and one that is put away at once too`() {
        wallet.happens(2)
        process {
            hand.awaits("news")
            hand.taps("news-close-1")
            hand.awaits("one less") { told() == 1 }
            hears()
            assertEquals(0, wallet.kept.size)
        }
    }

    @Test
    fun `other pages show none of it`() {
        process {
            hand.taps("tab-security")
            hand.awaits("group")
            wallet.happens(1)
            repeat(2) { hears() }
            assertEquals(listOf(0, 1), listOf(told(), wallet.kept.size))
            hand.taps("tab-home")
            hand.awaits("news")
            hears()
            assertEquals("the control: it is on the screen", 0, wallet.kept.size)
        }
    }

    @Test
    fun `all that is new is told at once, and the oldest leave the screen once they were on it`() {
        wallet.happens(25)
        process {
            assertEquals(25, told())
            readsAll()
            hears()
            assertEquals(20, told())
        }
    }

    @Test
    fun `a phone that is set up again hears the news of its new wallet, whose numbers are small again`() =
        runTest(UnconfinedTestDispatcher()) {
            application.wallets += KeepingWallet().apply { happens(1) }
            wallet.happens(3)
            val model = DemoModel(application.phone, backgroundScope)
            assertEquals(3, (model.state.value.shown as Shown.Home).news.size)
            model.setUpAgain()
            assertEquals(1, (model.state.value.shown as Shown.Home).news.size)
        }

    /** The app as a process has it: what it knows ends with it. */
    private fun process(work: () -> Unit) = ActivityScenario.launch(MainActivity::class.java).use {
        hand.awaits("title")
        work()
    }

    private fun told(): Int {
        rule.waitForIdle()
        return rule.onAllNodes(hasTestTag("news")).fetchSemanticsNodes().size
    }

    /** The app asks the wallet for news once more. */
    private fun hears() {
        val before = wallet.asked
        application.networkComes()
        hand.awaits("another look") { wallet.asked > before }
        rule.waitForIdle()
    }

    /** The payer goes through all of it, the first to the last. */
    private fun readsAll() = repeat(told()) {
        rule.onAllNodes(hasTestTag("news"))[it].performScrollTo()
        rule.waitForIdle()
    }

    private fun of(words: String) = hasText(words, substring = true) and hasAnyAncestor(hasTestTag("news"))

    private fun top(words: String): Float = top(words, of(words))

    private fun top(what: String, of: SemanticsMatcher): Float {
        hand.awaits(what) { rule.onAllNodes(of).fetchSemanticsNodes().isNotEmpty() }
        return rule.onAllNodes(of).fetchSemanticsNodes().first().positionInRoot.y
    }
}

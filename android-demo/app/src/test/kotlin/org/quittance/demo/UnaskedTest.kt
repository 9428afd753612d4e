package org.quittance.demo

import androidx.compose.ui.test.junit4.v2.createEmptyComposeRule
import androidx.test.core.app.ActivityScenario
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.launch
import kotlinx.coroutines.test.UnconfinedTestDispatcher
import kotlinx.coroutines.test.runTest
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.quittance.ErrorKind
import org.quittance.WalletException
import org.quittance.demo.model.DemoModel
import org.quittance.demo.model.Shown
import org.quittance.demo.model.contact
import org.quittance.demo.model.setUpAgain
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode

/** A contact that nobody asked for disturbs nobody, unless it shows that somebody cheats. */
@OptIn(ExperimentalCoroutinesApi::class)
@RunWith(Runner::class)
@Config(application = KeepingApplication::class)
@GraphicsMode(GraphicsMode.Mode.NATIVE)
class UnaskedTest {
    @get:Rule val rule = createEmptyComposeRule()

    private val hand by lazy { Hand(rule) }
    private val application by lazy { RuntimeEnvironment.getApplication() as KeepingApplication }
    private val wallet get() = application.wallets.first()

    @Test
    fun `a record or a policy that is not believed is told, and leads to customer service`() {
        for (reason in listOf("log_proof", "policy")) {
            wallet.failure = null
            ActivityScenario.launch(MainActivity::class.java).use {
                hand.awaits("refresh")
                contact(WalletException.Distrusted(reason))
                hand.awaitsText("Something does not add up")
                hand.awaits("problem-remedy")
            }
        }
    }

    @Test
    fun `what else fails is no banner`() {
        ActivityScenario.launch(MainActivity::class.java).use {
            hand.awaits("refresh")
            for (failure in listOf(WalletException.Refused("internal", ErrorKind.Support), WalletException.TooOld("policy"))) {
                contact(failure)
                assertFalse(hand.sees("problem"))
            }
            contact(WalletException.Distrusted("log_proof"))
            hand.awaits("problem")
        }
    }

    @Test
    fun `an alarm keeps nobody from setting the phone up again meanwhile`() = runTest(UnconfinedTestDispatcher()) {
        application.wallets += KeepingWallet().apply { happens(1) }
        val reached = CompletableDeferred<Unit>()
        wallet.reached = reached
        wallet.failure = WalletException.Distrusted("log_proof")
        val model = DemoModel(application.phone, backgroundScope)
        val contact = launch { model.contact() }
        model.setUpAgain()
        assertEquals("it waits for the contact", 0, news(model))
        reached.complete(Unit)
        contact.join()
        assertEquals(1, news(model))
    }

    private fun news(model: DemoModel): Int = (model.state.value.shown as Shown.Home).news.size

    private fun contact(failure: WalletException) {
        wallet.failure = failure
        val before = wallet.contacts
        application.networkComes()
        hand.awaits("another contact") { wallet.contacts > before }
        rule.waitForIdle()
    }
}

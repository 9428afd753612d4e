package org.quittance.demo

import androidx.compose.ui.test.junit4.v2.createEmptyComposeRule
import androidx.test.core.app.ActivityScenario
import kotlinx.coroutines.runBlocking
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertSame
import org.junit.Assert.assertTrue
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.quittance.PermissionGroup
import org.quittance.WalletException
import org.quittance.testing.Stage
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode

/** The system ends the app in the middle of a flow: another activity, model and wallet go on, on the same files. */
@RunWith(Runner::class)
@Config(application = StagedApplication::class)
@GraphicsMode(GraphicsMode.Mode.NATIVE)
class LostProcessTest {
    @get:Rule val rule = createEmptyComposeRule()

    private val phone by lazy { (RuntimeEnvironment.getApplication() as StagedApplication).staged }
    private val hand by lazy { Hand(rule) }

    @After
    fun close() = phone.close()

    //
    @Test
    fun `what a process began that was killed waits on the first screen of the next one, at its step`() {
        allowedBefore()
        AppProcess.start(HalfwayProcess::class, phone.stage).use { app ->
            app.awaitsArrival()
            app.killed()
        }
        phone.looksKeysUp()
        goesOn()
    }

    //
    @Test
    fun `what was begun waits on the first screen, at its step`() {
        allowedBefore()
        ActivityScenario.launch(MainActivity::class.java).use {
            val mandate = mandate()
            hand.taps("permission-$mandate")
            hand.taps("way-mandate.cancel.quick")
            hand.taps("primary")
            hand.awaitsText("Stop for good?")
        }
        phone.endsProcess()
        goesOn()
    }

    /** A wallet with one permission, closed again. */
    private fun allowedBefore() = runBlocking {
        val wallet = phone.openWallet()
        wallet.enrol(Stage.pin())
        phone.stage.sign(wallet)
        phone.endsProcess()
    }

    //
    @Test
    fun `an activity that ends alone leaves the wallet to the next one of its process`() {
        allowedBefore()
        lateinit var mandate: String
        ActivityScenario.launch(MainActivity::class.java).use { mandate = mandate() }
        val first = phone.wallet
        ActivityScenario.launch(MainActivity::class.java).use {
            hand.taps("permission-$mandate")
            hand.awaits("way-mandate.cancel.quick")
        }
        assertSame(first, phone.wallet)
        // The control: a second one beside it does not open.
        runBlocking {
            assertTrue(runCatching { phone.stage.open() }.exceptionOrNull() is WalletException.Storage)
        }
    }

    private fun goesOn() = ActivityScenario.launch(MainActivity::class.java).use {
        hand.taps("flow")
        hand.awaitsText("Stop for good?")
        hand.taps("primary")
        hand.types(Stage.pin())
        hand.leaves("close")
        val mandate = mandate()
        assertEquals(PermissionGroup.ENDED, runBlocking { phone.wallet.permission(mandate).permission.group })
    }

    private fun mandate(): String {
        hand.awaits("title")
        return runBlocking { phone.wallet.mandates().single().mandate }
    }
}

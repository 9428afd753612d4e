package org.quittance.demo

import androidx.compose.ui.test.junit4.v2.createEmptyComposeRule
import androidx.test.core.app.ActivityScenario
import java.time.Duration
import kotlinx.coroutines.runBlocking
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode

/** Begins to stop the phone's one permission, comes as far as its consequences, and stays: [LostProcessTest] runs and ends it. */
@RunWith(Runner::class)
@Config(application = StagedElsewhere::class)
@GraphicsMode(GraphicsMode.Mode.NATIVE)
class HalfwayProcess {
    @get:Rule val rule = createEmptyComposeRule()

    private val phone by lazy { (RuntimeEnvironment.getApplication() as StagedElsewhere).staged }

    // A process that has loaded nothing yet is slow.
    private val hand by lazy { Hand(rule, Duration.ofMinutes(2)) }

    @Test
    fun `comes as far as the consequences`() {
        ActivityScenario.launch(MainActivity::class.java).use {
            hand.awaits("title")
            val mandate = runBlocking { phone.wallet.mandates().single().mandate }
            hand.taps("permission-$mandate")
            hand.taps("way-mandate.cancel.quick")
            hand.taps("primary")
            hand.awaitsText("Stop for good?")
            AppProcess.arrived()
        }
    }
}

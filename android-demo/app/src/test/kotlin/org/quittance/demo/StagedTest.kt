package org.quittance.demo

import androidx.compose.ui.test.junit4.v2.createAndroidComposeRule
import org.junit.After
import org.junit.Rule
import org.junit.runner.RunWith
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode

/** The app's own activity and buttons, the real core, a real gateway in a process of its own. */
@RunWith(Runner::class)
@Config(application = StagedApplication::class)
@GraphicsMode(GraphicsMode.Mode.NATIVE)
abstract class StagedTest {
    @get:Rule val rule = createAndroidComposeRule<MainActivity>()

    protected val phone by lazy { (rule.activity.application as StagedApplication).staged }
    protected val payer by lazy { Payer(rule, phone) }
    protected val hand by lazy { payer.hand }

    private val outside = lazy { World(phone.stage) }
    protected val world by outside

    @After
    fun close() {
        // Before the wallet, which the app may be asking something.
        rule.activityRule.scenario.close()
        if (outside.isInitialized()) world.close()
        phone.close()
    }
}

package org.quittance.demo

import androidx.compose.ui.test.junit4.v2.createEmptyComposeRule
import androidx.lifecycle.Lifecycle
import androidx.test.core.app.ActivityScenario
import java.time.Duration
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.quittance.PermissionGroup
import org.quittance.testing.Stage.Companion.cny
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode

/** What was stopped without a network reaches the gateway by itself, as soon as it can. */
@RunWith(Runner::class)
@Config(application = StagedApplication::class)
@GraphicsMode(GraphicsMode.Mode.NATIVE)
class ContactTest {
    @get:Rule val rule = createEmptyComposeRule()

    private val phone by lazy { (RuntimeEnvironment.getApplication() as StagedApplication).staged }
    private val payer by lazy { Payer(rule, phone) }
    private val hand by lazy { payer.hand }
    private val relay by lazy { Relay(phone.config.gatewayUrl) }

    @After
    fun close() {
        relay.close()
        phone.close()
    }

    //
    @Test
    fun `it is told when a network comes`() = pausedOffline { mandate, _ ->
        unheard(mandate)
        phone.networkComes()
        told(mandate)
    }

    //
    @Test
    fun `it is told when the app comes to the front again`() = pausedOffline { mandate, scenario ->
        scenario.moveToState(Lifecycle.State.CREATED)
        unheard(mandate)
        scenario.moveToState(Lifecycle.State.RESUMED)
        told(mandate)
    }

    //
    @Test
    fun `it is told at the moment that the wallet names`() = pausedOffline { mandate, _ ->
        unheard(mandate)
        hand.awaits("the next try") { phone.waitsUntil != null }
        val wait = Duration.between(phone.waitsSince, phone.waitsUntil)
        assertTrue("$wait", wait > Duration.ZERO && wait < Duration.ofHours(1))
        phone.timePasses()
        told(mandate)
    }

    @Test
    fun `a try that fails says so by the sign alone, and is not the last one`() = pausedOffline { mandate, _ ->
        hand.awaits("the next try") { phone.waitsUntil != null }
        val first = phone.waitsUntil
        phone.timePasses()
        hand.awaits("a later try") { phone.waitsUntil?.isAfter(first) == true }
        assertTrue(hand.sees("offline"))
        assertFalse(hand.sees("problem"))
        assertEquals(PermissionGroup.PAUSED, payer.group(mandate))
    }

    @Test
    fun `behind other apps nothing is asked`() = pausedOffline { _, scenario ->
        hand.awaits("the next try") { phone.waitsUntil != null && phone.listeners == 1 }
        scenario.moveToState(Lifecycle.State.CREATED)
        assertEquals(null, phone.waitsUntil)
        assertEquals(0, phone.listeners)
    }

    /** A permission that was paused while no word got through; the app says so, and no more. */
    private fun pausedOffline(then: (String, ActivityScenario<MainActivity>) -> Unit) {
        phone.config = phone.config.copy(gatewayUrl = relay.url)
        ActivityScenario.launch(MainActivity::class.java).use { scenario ->
            payer.enrols()
            val mandate = payer.allows()
            relay.cut()
            hand.taps("switch-$mandate")
            hand.awaits("offline")
            assertFalse(hand.sees("problem"))
            assertEquals(PermissionGroup.PAUSED, payer.group(mandate))
            then(mandate, scenario)
        }
    }

    /** The control: the way is there again, and nobody has told the app. */
    private fun unheard(mandate: String) {
        relay.mend()
        rule.waitForIdle()
        assertTrue(phone.stage.merchant.charge(mandate, cny(30_00), "unheard").contains("\"approved\""))
    }

    private fun told(mandate: String) {
        hand.awaits("word with the gateway") { hand.sees("tab-home") && !hand.sees("offline") }
        assertTrue(phone.stage.merchant.charge(mandate, cny(30_00), "told").contains("mandate_held"))
    }
}

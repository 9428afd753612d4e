package org.quittance.demo

import androidx.compose.ui.test.assertIsNotEnabled
import androidx.compose.ui.test.onNodeWithTag
import androidx.compose.ui.test.performTextClearance
import org.junit.Assert.assertTrue
import org.junit.Test
import org.quittance.testing.Stage.Companion.cny

/** What a charge may be: the payer's own limits, and those of a guardian. */
class LimitsTest : StagedTest() {
    //
    @Test
    fun `lower limits are typed, agreed to and kept, and what is no amount is not taken`() {
        payer.enrols()
        val mandate = payer.allows()
        hand.taps("permission-$mandate")
        hand.taps("change-limits")
        for (typed in listOf("much", "-1", "12.345")) {
            hand.types("per-charge", typed)
            rule.onNodeWithTag("change").assertIsNotEnabled()
            rule.onNodeWithTag("per-charge").performTextClearance()
        }
        hand.types("per-charge", "20")
        rule.activityRule.scenario.recreate()
        hand.taps("change")
        hand.awaitsText("Change these limits?")
        hand.walks(phone.stage, payer::code)
        hand.leaves("close")
        hand.taps("refresh")
        hand.awaitsText("Up to CNY 20.00 a charge")
        hand.rests()
        assertTrue(phone.stage.merchant.charge(mandate, cny(30_00), "more").contains("limit_exceeded"))
        assertTrue(phone.stage.merchant.charge(mandate, cny(20_00), "less").contains("\"approved\""))
    }

    //
    @Test
    fun `a teen's charge is declined by what the guardian allows, and the screen says why`() {
        payer.enrols()
        val mandate = payer.allows(phone.stage.merchant.offer(cny(100_00), cny(500_00)))
        val guardian = world.person()
        val teen = World.account(phone.wallet)
        world.tell(teen, """{"born":"2012-06-01","teen":{"guardian":"${World.account(guardian)}"}}""")
        hand.taps("permission-$mandate")
        hand.taps("refresh")
        hand.awaitsText("Teen mode allows no charges like this.")
        assertTrue(phone.stage.merchant.charge(mandate, cny(1), "first").contains("mandate_held"))

        world.grants(guardian, teen, cny(50_00)) { checkNotNull(phone.takePicture(Long.MAX_VALUE)) }
        assertTrue(phone.stage.merchant.charge(mandate, cny(50_00), "within").contains("\"approved\""))
        assertTrue(phone.stage.merchant.charge(mandate, cny(50_01), "above").contains("teen_limit"))
        hand.taps("refresh")
        hand.awaitsText("Charged CNY 50.00")
        hand.rests()
        hand.leaves("back")
        hand.awaitsText("asked for CNY 50.01; it was declined. It was above what teen mode allows.")
    }
}

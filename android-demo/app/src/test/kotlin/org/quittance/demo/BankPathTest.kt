package org.quittance.demo

import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.quittance.PermissionGroup
import org.quittance.testing.Stage

/** The way through a bank's own app, and back by a link that anybody could send. */
class BankPathTest : StagedTest() {
    // R-019
    @Test
    fun `a direct debit ends once its payer is back from the bank app and the bank says the same itself`() {
        payer.enrols()
        world.script("bank_app", """[{"latency":"PT5M"}]""")
        val debit = payer.allows(world.bankOffer())
        val link = jumps(debit)
        brings(Links.to("quittance://back?state=${"A".repeat(43)}&outcome=approved"))
        hand.awaitsText("This link belongs to nothing on this phone")
        hand.awaitsText("Go on in your bank’s app")
        assertEquals(PermissionGroup.PAUSED, payer.group(debit))

        rule.activityRule.scenario.recreate()
        brings(Links.back(link))
        hand.awaitsText("Waiting for your bank")
        assertEquals(PermissionGroup.PAUSED, payer.group(debit))
        phone.stage.sandbox.advance("PT5M")
        hand.taps("refresh")
        hand.awaits("how it came out") { hand.sees("close") }
        ends(debit)
    }

    // R-019, R-301
    @Test
    fun `a bank that never answers leaves the debit paused, and it is ended by another try`() {
        payer.enrols()
        world.script("bank_app", """[{"latency":"never"}]""")
        val debit = payer.allows(world.bankOffer())
        brings(Links.back(jumps(debit)))
        hand.awaitsText("Waiting for your bank")
        phone.stage.sandbox.advance("PT10M")
        hand.taps("refresh")
        hand.awaitsText("The moment for it has passed. Start again.")
        hand.leaves("close")
        assertEquals(PermissionGroup.PAUSED, payer.group(debit))

        brings(Links.back(jumps(debit)))
        hand.walks(phone.stage, payer::code)
        ends(debit)
    }

    // R-018, R-020
    @Test
    fun `of several that are stopped together the one at a bank goes on by itself, and each is told how it came out`() {
        payer.enrols()
        world.script("bank_app", """[{"latency":"PT5M"}]""")
        val rides = List(2) { payer.allows() }
        val debit = payer.allows(world.bankOffer())
        hand.taps("stop-several")
        (rides + debit).forEach { hand.taps("choose-$it") }
        hand.taps("stop-chosen")
        hand.walks(phone.stage, payer::code)
        hand.awaitsText("How each of them came out")
        hand.awaitsText("Paused. Your bank has to confirm it.")
        rides.forEach { assertEquals(PermissionGroup.ENDED, payer.group(it)) }
        assertEquals(PermissionGroup.PAUSED, payer.group(debit))

        hand.taps("follow")
        hand.awaitsText("Go on in your bank’s app")
        hand.taps("primary")
        brings(Links.back(phone.links.last()))
        hand.awaitsText("Waiting for your bank")
        phone.stage.sandbox.advance("PT5M")
        hand.taps("refresh")
        hand.taps("close")
        hand.awaitsText("How each of them came out")
        hand.leaves("close")
        hand.taps("refresh")
        hand.awaits("its end") { payer.group(debit) == PermissionGroup.ENDED }
        hand.rests()
    }

    /** The run is left, and home shows its end. */
    private fun ends(mandate: String) {
        hand.leaves("close")
        hand.leaves("back")
        hand.taps("refresh")
        hand.awaits("its end") { payer.group(mandate) == PermissionGroup.ENDED }
        hand.rests()
    }

    /** Stops a permission as far as the bank app: the link that opened it. */
    private fun jumps(mandate: String): String {
        if (!hand.sees("way-mandate.cancel.quick")) hand.taps("permission-$mandate")
        hand.taps("way-mandate.cancel.quick")
        hand.taps("primary")
        hand.awaitsText("Stop for good?")
        hand.taps("primary")
        hand.types(Stage.pin())
        hand.awaitsText("Go on in your bank’s app")
        val before = phone.links.size
        hand.taps("primary")
        assertTrue(phone.links.size == before + 1)
        return phone.links.last()
    }

    private fun brings(intent: android.content.Intent) = Links.bring(rule.activityRule.scenario, intent)
}

package org.quittance.demo

import androidx.compose.ui.test.assertContentDescriptionEquals
import androidx.compose.ui.test.assertIsNotEnabled
import androidx.compose.ui.test.assertIsOff
import androidx.compose.ui.test.onNodeWithTag
import kotlinx.coroutines.runBlocking
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Test
import org.quittance.PermissionGroup
import org.quittance.testing.Stage
import org.quittance.testing.Stage.Companion.cny

/** The ways that every payer goes: setting up, signing, stopping, pausing. */
class JourneyTest : StagedTest() {
    //
    @Test
    fun `a permission is signed, charged and stopped at once, and the phone may be turned meanwhile`() {
        payer.enrols()
        val mandate = payer.allows()
        charged(mandate)

        hand.taps("way-mandate.cancel.quick")
        hand.taps("primary")
        hand.awaitsText("Stop for good?")
        turn()
        hand.awaitsText("Stop for good?")
        hand.taps("primary")
        hand.types(Stage.pin().copyOf(3))
        turn()
        rule.onNodeWithTag("digits").assertContentDescriptionEquals("3 of 6 digits entered")
        hand.types(Stage.pin().copyOfRange(3, 6))
        hand.leaves("close")

        assertTrue(phone.stage.merchant.charge(mandate, cny(30_00), "dead").contains("token_destroyed"))
        receipt()
    }

    //
    @Test
    fun `a permission that is stopped through the settings ends when its time is over`() {
        payer.enrols()
        val mandate = payer.allows()
        hand.taps("permission-$mandate")
        hand.taps("way-mandate.cancel.service")
        hand.walks(phone.stage, payer::code)
        hand.reads("undo")
        hand.leaves("close")
        assertEquals(PermissionGroup.ENDING, payer.group(mandate))
        assertTrue(phone.stage.merchant.charge(mandate, cny(30_00), "held").contains("mandate_held"))

        phone.stage.sandbox.advance("PT25H")
        hand.leaves("back")
        hand.taps("refresh")
        hand.awaits("its end") { payer.group(mandate) == PermissionGroup.ENDED }
        receipt()
    }

    //
    @Test
    fun `several are stopped together after a wrong PIN, and each is told how it came out`() {
        payer.enrols()
        val both = List(2) { payer.allows() }
        hand.taps("stop-several")
        both.forEach { hand.taps("choose-$it") }
        hand.taps("stop-chosen")
        hand.taps("primary")
        hand.taps("primary")
        hand.types("000000".toByteArray())
        hand.awaitsText("4 tries left")
        both.forEach { assertEquals(PermissionGroup.PAUSED, payer.group(it)) }
        hand.walks(phone.stage, payer::code)
        hand.awaitsText("How each of them came out")
        hand.leaves("close")
        both.forEach { assertEquals(PermissionGroup.ENDED, payer.group(it)) }
    }

    //
    @Test
    fun `everything is paused without a network, and the app says that nobody else knows yet`() {
        payer.enrols()
        val mandate = payer.allows()
        phone.stage.goOffline()
        hand.taps("pause-everything")
        hand.taps("lock")
        hand.awaits("lock-on")
        hand.awaitsText("as soon as you are online")
        // There is no password to end it with.
        assertFalse(hand.sees("end-lock"))
        assertEquals(PermissionGroup.PAUSED, payer.group(mandate))
        hand.taps("tab-home")
        hand.awaitsText("Paused (1)")
        rule.onNodeWithTag("switch-$mandate").assertIsOff().assertIsNotEnabled()
    }

    //
    @Test
    fun `stopping a merchant says first how far it goes, and then whom it stopped, by name`() {
        payer.enrols()
        val mandate = payer.allows()
        assertTrue(phone.stage.merchant.charge(mandate, cny(30_00), "before").contains("\"approved\""))
        hand.taps("permission-$mandate")
        hand.awaits("stop-body")
        assertTrue(hand.says("These stay stopped for services you allow later, too."))
        hand.taps("stop-merchant")
        hand.awaitsText("You stopped charges of this kind.")
        hand.rests()
        assertTrue(phone.stage.merchant.charge(mandate, cny(30_00), "after").contains("stopped_by_payer"))
        hand.leaves("back")
        hand.taps("tab-security")
        hand.awaitsText("Everything of Bluebird Rides")
        val ids = hand.reads().filter { "mer_" in it }
        assertEquals(emptyList<String>(), ids)
    }

    //
    @Test
    fun `the check-up names what is worth a look, and the forgotten PIN what its ways still need`() {
        payer.enrols()
        hand.taps("tab-security")
        hand.awaitsText("This phone’s secrets are kept in software only.")
        hand.awaitsText("brought no certificate")
        hand.taps("tab-recovery")
        hand.awaitsText("Whether it is open is asked when it begins.")
        hand.taps("refresh")
        hand.awaitsText("This way needs 20 charges of this account; there are 0.")
        rule.onNodeWithTag("recovery-recovery.trusted_contacts").assertIsNotEnabled()
    }

    @Test
    fun `two PINs that differ are not taken, and nothing is enrolled`() {
        hand.taps("start")
        hand.types(Stage.pin())
        hand.types("111111".toByteArray())
        hand.awaits("differs")
        assertEquals(null, runBlocking { phone.wallet.enrolment() })
    }

    private fun charged(mandate: String) {
        assertTrue(phone.stage.merchant.charge(mandate, cny(30_00), "ride-1").contains("\"approved\""))
        hand.taps("permission-$mandate")
        hand.taps("refresh")
        hand.awaits("charge")
        hand.reads("signed")
        hand.awaitsText("Charged CNY 30.00")
    }

    private fun receipt() {
        if (!hand.sees("tab-receipts")) hand.leaves("back")
        hand.taps("tab-receipts")
        val order = runBlocking { phone.wallet.receipts().single().order }
        hand.taps("receipt-$order")
        for (stop in listOf("held", "agreed", "phone_destroyed", "service_destroyed", "on_record", "checked")) {
            hand.awaits("app.receipt.$stop")
        }
        hand.taps("check-again")
        hand.awaits("holds")
        hand.taps("share")
        assertTrue(phone.shared.single().startsWith("c2sp.org/tlog-proof@v1\n"))
    }

    private fun turn() {
        rule.activityRule.scenario.recreate()
        rule.waitForIdle()
    }
}

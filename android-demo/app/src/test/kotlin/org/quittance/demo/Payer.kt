package org.quittance.demo

import androidx.compose.ui.test.junit4.ComposeTestRule
import kotlinx.coroutines.runBlocking
import org.junit.Assert.assertEquals
import org.quittance.PermissionGroup
import org.quittance.testing.Stage

/** What every payer does first, by the app's buttons: set up, allow. */
class Payer(rule: ComposeTestRule, private val phone: StagedPhone) {
    val hand = Hand(rule)

    fun enrols() {
        hand.taps("start")
        hand.types(Stage.pin())
        hand.types(Stage.pin())
        hand.awaits("offer")
    }

    /** Agrees to an offer, up to a permission that is on. */
    fun allows(offer: String = phone.stage.offer()): String {
        val known = runBlocking { phone.wallet.mandates().map { it.mandate } }
        hand.taps("offer")
        hand.types("offer-text", offer)
        hand.taps("read")
        hand.awaits("primary")
        hand.walks(phone.stage, ::code)
        hand.leaves("close")
        val mandate = runBlocking { phone.wallet.mandates().map { it.mandate }.single { it !in known } }
        hand.awaits("permission-$mandate")
        assertEquals(PermissionGroup.ON, group(mandate))
        return mandate
    }

    fun group(mandate: String): PermissionGroup = runBlocking { phone.wallet.permission(mandate).permission.group }

    /** The code in the last text that came to the payer's phones. */
    fun code(): ByteArray = phone.stage.sandbox.lastCode(World.account(phone.wallet)).toByteArray()
}

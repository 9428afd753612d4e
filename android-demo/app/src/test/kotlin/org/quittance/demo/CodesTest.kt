package org.quittance.demo

import kotlinx.coroutines.runBlocking
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Test

/** One-time codes that are not taken: each is told as what it is, and the right one still goes on. */
class CodesTest : StagedTest() {
    //
    @Test
    fun `a wrong code is told with the tries that are left, and the right one goes on`() {
        comesToTheCode()
        for (left in listOf("4 tries left.", "3 tries left.")) {
            hand.types(wrong())
            hand.awaitsText("That was not the code. Nothing was changed. $left")
        }
        hand.types(payer.code())
        hand.awaitsText("Is it you?")
        assertFalse("control: what was told is gone", hand.says("That was not the code."))
        ends()
    }

    @Test
    fun `the screen says to which number the code went, in words alone`() {
        comesToTheCode()
        hand.awaitsText("It was sent by text message to your number.")
        assertEquals(emptyList<String>(), listOf("own", "OWN", "bound", "foreign").filter(hand::saysAlone))
    }

    //
    @Test
    fun `a code that expired is told as one, costs no try, and another one goes on`() {
        comesToTheCode()
        phone.stage.sandbox.advance("PT5M")
        val expired = payer.code()
        hand.types(expired)
        hand.awaitsText("That code has expired. Nothing was changed. Send a new one?")
        hand.taps("send-again")
        hand.awaits("another code") { !payer.code().contentEquals(expired) }
        hand.types(wrong())
        hand.awaitsText("That was not the code. Nothing was changed. 4 tries left.")
        ends()
    }

    //
    @Test
    fun `after the last wrong code the run is over, and says so`() {
        comesToTheCode()
        for (left in listOf("4 tries", "3 tries", "2 tries", "1 try")) {
            hand.types(wrong())
            hand.awaitsText("$left left.")
        }
        hand.types(wrong())
        hand.awaits("close")
        assertFalse("it is told once, by the screen of its end", hand.sees("problem"))
        hand.leaves("close")
    }

    @Test
    fun `the quiet button at a code says that it leaves the run, and leaves it`() {
        comesToTheCode()
        val open = { runBlocking { phone.wallet.openFlows() } }
        assertEquals("control: the run is open", 1, open().size)
        assertTrue("Not now, not Send again: ${hand.reads()}", hand.saysAlone("Not now"))
        hand.leaves("quiet")
        assertEquals(emptyList<String>(), open())
    }

    /** Begins to change limits, up to the code that this takes. */
    private fun comesToTheCode() {
        payer.enrols()
        hand.taps("permission-${payer.allows()}")
        hand.taps("change-limits")
        hand.types("per-charge", "20")
        hand.taps("change")
        hand.awaitsText("Change these limits?")
        hand.taps("primary")
        hand.awaits("send-again")
    }

    private fun wrong(): ByteArray = payer.code().also { it[0] = if (it[0] == ZERO) ONE else ZERO }

    private fun ends() {
        hand.walks(phone.stage, payer::code)
        hand.leaves("close")
    }

    private companion object {
        const val ZERO = '0'.code.toByte()
        const val ONE = '1'.code.toByte()
    }
}

package org.quittance.demo

import java.util.Locale
import org.junit.Assert.assertEquals
import org.junit.Test
import org.junit.runner.RunWith
import org.quittance.Limits
import org.quittance.demo.model.Shown
import org.quittance.demo.model.wanted
import org.quittance.testing.Stage.Companion.cny

/** What the payer types as an amount. */
@RunWith(Runner::class)
class AmountsTest {
    @Test
    fun `amounts are read as the payer's language writes them`() {
        val now = Limits(cny(50_00), cny(500_00), 30u, null, null, null, false)
        fun read(typed: String, locale: Locale) = Shown.ChangeLimits("m", now, perCharge = typed).wanted(locale)?.perCharge?.minor
        assertEquals(20_50L, read("20.5", Locale.US))
        assertEquals(20_50L, read("20,5", Locale.GERMANY))
        assertEquals(1_234_00L, read("1,234", Locale.CHINA))
        assertEquals(1_234_567_50L, read("1,234,567.5", Locale.US))
        assertEquals(1_234_50L, read("1.234,5", Locale.GERMANY))
        assertEquals("an empty field keeps what is", 50_00L, read(" ", Locale.US))
        for (none in listOf("0", "-1", "1.005", "1x", "99999999999999999999") + groups) assertEquals(none, null, read(none, Locale.US))
        assertEquals("1.00", null, read("1.00", Locale.GERMANY))
    }

    private companion object {
        /** Of sizes that nobody writes: whoever types so thinks of another language. */
        val groups = listOf("1,00", "1,0000", "1234,567", "1,23,456", ",500", "1,,000", "1,")
    }
}

package org.quittance

import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test
import org.quittance.testing.Stage

/** News across the boundary: it ends when it was shown, and not with the process that asked for it. */
class NewsTest {
    @Test
    fun `what was given is given again by the next process, until the payer was shown it`() = runBlocking<Unit> {
        Stage().use { stage ->
            val given = stage.open().use { wallet ->
                wallet.enrol(Stage.pin())
                val mandate = stage.sign(wallet)
                wallet.pause(listOf(mandate))
                val news = wallet.news(null)
                val happened = listOf(WalletEvent.MandateActive(mandate), WalletEvent.Held(mandate, HoldOwner.PAYER))
                assertEquals(happened, news.map { it.event })
                news
            }
            stage.open().use { wallet ->
                assertEquals(given, wallet.news(null))
                repeat(2) { assertEquals(given.drop(1), wallet.news(given.first().number)) }
            }
            stage.open().use { wallet ->
                assertEquals(given.drop(1), wallet.news(given.first().number), "a number of before forgets nothing newer")
                assertEquals(emptyList<WalletNews>(), wallet.news(given.last().number))
            }
            stage.open().use { wallet -> assertEquals(emptyList<WalletNews>(), wallet.news(null)) }
        }
    }
}

package org.quittance.demo.model

import org.quittance.Wallet
import org.quittance.WalletEvent
import org.quittance.WalletNews

/** What this process has heard of, newest first. The wallet keeps what the payer was not shown: a process that ends loses nothing. */
internal class Heard {
    private val news = ArrayDeque<WalletNews>()

    /** The last number that was on the screen. */
    private var shown: ULong? = null

    val events: List<WalletEvent> get() = news.map { it.event }

    /** Hears what is new. Now the screen has had its time: the wallet may forget what stood on it. */
    suspend fun hear(wallet: Wallet) {
        val newest = news.firstOrNull()?.number
        wallet.news(shown).filter { newest == null || it.number > newest }.forEach(news::addFirst)
        while (news.size > MOST && news.last().wasShown()) news.removeLast()
    }

    /** All of it is being put on the screen. */
    fun isShown() {
        shown = news.firstOrNull()?.number
    }

    private fun WalletNews.wasShown() = shown?.let { number <= it } == true

    private companion object {
        /** So many stay on the screen; of what was not shown, all. */
        const val MOST = 20
    }
}

package org.quittance.demo.model

import java.util.TreeSet
import kotlinx.coroutines.flow.update
import org.quittance.Wallet
import org.quittance.WalletEvent
import org.quittance.WalletNews

/** What this process has heard of, newest first. The wallet keeps what the payer was not shown: a process that ends loses nothing. */
internal class Heard {
    private val kept = ArrayDeque<WalletNews>()
    private var newest: ULong? = null

    /** Numbers of what was on no screen yet. */
    private val unseen = TreeSet<ULong>()

    val news: List<WalletNews> get() = kept

    /** Hears what is new. Now the screen has had its time: the wallet may forget what stood on it, up to the first that did not. */
    suspend fun hear(wallet: Wallet) {
        for (told in wallet.news(shown())) {
            if (newest?.let { told.number <= it } == true) continue
            newest = told.number
            unseen += told.number
            kept.addFirst(told)
        }
        while (kept.size > MOST && kept.last().number !in unseen) kept.removeLast()
    }

    private fun shown(): ULong? {
        val first = if (unseen.isEmpty()) return newest else unseen.first()
        return if (first > 0u) first - 1u else null
    }

    /** It is before the payer's eyes. */
    fun isShown(number: ULong) {
        unseen -= number
    }

    /** The payer puts it away. */
    fun isRead(number: ULong) {
        unseen -= number
        kept.removeAll { it.number == number }
    }

    /** What it asked for is done. */
    fun isDone(done: (WalletEvent) -> Boolean) = kept.filter { done(it.event) }.forEach { isRead(it.number) }

    private companion object {
        /** So many stay on the screen; of what was not shown, all. */
        const val MOST = 20
    }
}

/** A piece of news is before the payer's eyes. */
fun DemoModel.isShown(number: ULong) = heard.isShown(number)

/** The payer puts a piece of news away. */
fun DemoModel.isRead(number: ULong) {
    heard.isRead(number)
    states.update { state ->
        val home = state.shown as? Shown.Home ?: return@update state
        state.copy(shown = home.copy(news = home.news.filter { it.number != number }))
    }
}

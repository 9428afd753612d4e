package org.quittance.demo

import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock
import kotlinx.coroutines.withContext
import org.quittance.Wallet

/**
 * The one wallet of a process, which outlives every activity: its folder is open once at a time.
 *
 * The system ends an activity and keeps its process as it likes; the next activity gets the wallet that is there.
 */
class OneWallet(private val open: suspend () -> Wallet) {
    private val turn = Mutex()
    private var wallet: Wallet? = null

    /** The wallet, opened where none is. */
    suspend fun get(): Wallet = alone { wallet ?: open().also { wallet = it } }

    /** Closes the wallet for [work] that needs it closed; the next one who asks gets another. */
    suspend fun closed(work: suspend () -> Unit) = alone {
        wallet?.close()
        wallet = null
        work()
    }

    /** To its end, whether the activity that asked is still there or not: what was opened is kept. */
    private suspend fun <T> alone(work: suspend () -> T): T =
        withContext(NonCancellable + Dispatchers.IO) { turn.withLock { work() } }
}

package org.quittance.demo.model

import kotlinx.coroutines.flow.update
import kotlinx.coroutines.launch
import org.quittance.DeviceKeyException
import org.quittance.ErrorKind
import org.quittance.StopScope
import org.quittance.Wallet
import org.quittance.WalletException

/** What a wallet left that is to be erased, as far as it still could. */
data class Parting(
    /** Whether the gateway knows that everything which the wallet allowed is stopped. */
    val told: Boolean,
    /** The proofs of what ended, each with its annex, which alone says whose end it is: they are on this phone alone. */
    val receipts: List<String>,
    /** Whether one of them could not be read. */
    val unread: Boolean = false,
) {
    /** Whether the payer has to know of it before the wallet goes. */
    val isNews: Boolean get() = !told || unread || receipts.isNotEmpty()
}

/**
 * Begins with an empty wallet. The old one, where it still opens, stops first what it allowed and gives its receipts; the
 * payer is told what came of that, and only the next call erases it.
 */
fun DemoModel.setUpAgain() = act {
    val stuck = states.value.shown as? Shown.Stuck
    val parting = if (stuck != null && stuck.parting == null) parting()?.takeIf { it.isNews } else null
    if (stuck == null || parting == null) return@act eraseWallet()
    states.update { it.copy(shown = stuck.copy(parting = parting)) }
}

/** Tries once more to tell the gateway, before anything is erased. */
fun DemoModel.partAgain() = act {
    val stuck = states.value.shown as? Shown.Stuck ?: return@act
    val parting = parting() ?: return@act
    states.update { it.copy(shown = stuck.copy(parting = parting)) }
}

/** Hands all receipts of the old wallet to another app. */
fun DemoModel.shareReceipts() {
    val parting = (states.value.shown as? Shown.Stuck)?.parting ?: return
    scope.launch { handOver("", parting.receipts.joinToString("\n")) }
}

/** Hands a text to another app, and says so where the phone has no room for that. */
internal suspend fun DemoModel.handOver(title: String, text: String) {
    if (phone.share(title, text)) return
    states.update { it.copy(problem = problem(WalletException.Storage("", ErrorKind.PhoneSettings))) }
}

/** Does what asks for no finger; nothing where the wallet does not open, or was never set up. */
private suspend fun DemoModel.parting(): Parting? =
    try {
        wallet().takeIf { it.enrolment() != null }?.let { left(it, stopped(it)) }
    } catch (_: WalletException) {
        null
    } catch (_: DeviceKeyException) {
        null
    } catch (_: DemoModel.Told) {
        null
    }

private suspend fun stopped(wallet: Wallet): Boolean =
    try {
        wallet.stop(StopScope.Everything)
        wallet.sync().run { online && waiting == 0u }
    } catch (_: WalletException) {
        false
    }

/** As many receipts as can be read: one that cannot keeps no other back, nor what became of the stop. */
private suspend fun left(wallet: Wallet, told: Boolean): Parting {
    val orders = read { wallet.receipts() } ?: return Parting(told, emptyList(), unread = true)
    val exported = orders.mapNotNull { read { wallet.exportReceipt(it.order) } }
    // Once the keys are erased, these alone show that the phone signed its part.
    val receipts = exported.map { listOf(it.receipt, it.annexJson, it.jwks).joinToString("\n") }
    return Parting(told, receipts, unread = receipts.size < orders.size)
}

private suspend fun <T : Any> read(call: suspend () -> T): T? =
    try {
        call()
    } catch (_: WalletException) {
        null
    }

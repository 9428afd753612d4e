package org.quittance.demo.model

import org.quittance.ItemOutcome
import org.quittance.PhoneFacts
import org.quittance.Wallet
import org.quittance.WalletException
import org.quittance.WalletNews
import org.quittance.demo.words.say

/** The views, each from the wallet's own records. */
internal object Views {
    suspend fun home(wallet: Wallet, news: List<WalletNews>, chosen: Set<String>?): Shown.Home {
        val flows = wallet.openFlows().mapNotNull { flow -> wallet.nextPrompt(flow)?.let { OpenFlow(flow, it.title.say()) } }
        val permissions = wallet.permissions()
        val said = news.map { News(it.number, it.event, saying(it.event, permissions)) }
        return Shown.Home(permissions, said.sortedByDescending { it.grave }, flows, chosen)
    }

    suspend fun permission(wallet: Wallet, mandate: String): Shown.OnePermission =
        Shown.OnePermission(wallet.permission(mandate), wallet.mandate(mandate), wallet.cancellationRoutes(mandate))

    /** What became of each, where several were stopped together. */
    suspend fun results(wallet: Wallet, flow: String): List<Pair<String, ItemOutcome>> {
        val results =
            try {
                wallet.batchResults(flow)
            } catch (_: WalletException) {
                // A flow of another kind stops nothing.
                return emptyList()
            }
        if (results.size < 2) return emptyList()
        val names = names(wallet)
        return results.map { names[it.mandate].orEmpty() to it.outcome }
    }

    suspend fun receipts(wallet: Wallet): Shown.Receipts {
        val names = names(wallet)
        return Shown.Receipts(wallet.receipts().asReversed().map { Slip(it, it.mandates.mapNotNull(names::get)) })
    }

    suspend fun receipt(wallet: Wallet, order: String): Shown {
        val receipt = wallet.receipts().firstOrNull { it.order == order } ?: return receipts(wallet)
        val names = names(wallet)
        return Shown.Receipt(Slip(receipt, receipt.mandates.mapNotNull(names::get)), wallet.exportReceipt(order))
    }

    private suspend fun names(wallet: Wallet): Map<String, String> =
        wallet.mandates().associate { it.mandate to it.terms.merchantName }

    suspend fun security(
        wallet: Wallet,
        locks: PhoneFacts,
        asksForLock: Boolean,
        password: PasswordEntry?,
    ): Shown.Security {
        val merchants = wallet.permissions().permissions.associate { it.merchant to it.terms.merchantName }
        return Shown.Security(wallet.security(locks), merchants, asksForLock, password)
    }

    suspend fun recovery(wallet: Wallet): Shown.Recovery = Shown.Recovery(wallet.recoveryReadiness())
}

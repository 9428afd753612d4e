package org.quittance.demo.model

import org.quittance.Enrolment
import org.quittance.ItemOutcome
import org.quittance.KeyStoreKind
import org.quittance.Wallet
import org.quittance.WalletEvent
import org.quittance.WalletException
import org.quittance.demo.PhoneLocks
import org.quittance.demo.words.Say
import org.quittance.demo.words.count
import org.quittance.demo.words.say

/** The views, each from the wallet's own records. */
internal object Views {
    suspend fun home(wallet: Wallet, chosen: Set<String>?, news: Collection<WalletEvent>): Shown.Home {
        val flows = wallet.openFlows().mapNotNull { flow -> wallet.nextPrompt(flow)?.let { OpenFlow(flow, it.title.say()) } }
        val permissions = wallet.permissions()
        return Shown.Home(permissions, flows, chosen, news.map { News(it, saying(it, permissions)) })
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
        locks: PhoneLocks,
        enrolment: Enrolment,
        news: Collection<WalletEvent>,
        asksForLock: Boolean,
        password: PasswordEntry?,
    ): Shown.Security {
        val (stopping, permissions) = wallet.lockState() to wallet.permissions()
        val findings = buildList {
            if (!stopping.lockPasswordSet) add(Finding(Say("app.checkup.no_lock_password"), Remedy.SET_LOCK_PASSWORD))
            if (!locks.screenLock) add(Finding(Say("app.checkup.no_screen_lock"), Remedy.OPEN_SETTINGS))
            else if (!locks.biometrics) add(Finding(Say("app.checkup.no_biometrics"), Remedy.OPEN_SETTINGS))
            if (enrolment.keyStore == KeyStoreKind.SOFTWARE) add(Finding(Say("app.checkup.software_keys"), null))
            val unasked = permissions.permissions.count { it.systemDefault }
            if (unasked > 0) {
                val say = Say("app.checkup.switched_on_without_you", "count" to count(unasked))
                add(Finding(say, Remedy.SEE_PERMISSIONS))
            }
            if (permissions.permissions.any { it.stale }) add(Finding(Say("app.checkup.stale"), Remedy.SYNC))
            if (wallet.logEvidence().isNotEmpty()) add(Finding(Say("app.checkup.contradiction"), null))
        }
        val said = news.map { News(it, saying(it, permissions)) }
        return Shown.Security(stopping, enrolment, findings, said, asksForLock, password)
    }

    /**
     * The ways back to a forgotten PIN.
     *
     * The facade has no record yet of what each still needs: until then both are said to need a connection, which is true of
     * both, and what is missing is asked when one begins.
     */
    fun recovery(): Shown.Recovery {
        fun method(name: String, definition: String) =
            RecoveryMethod(
                name = Say("flow.$name.name"),
                about = Say("app.recovery.$name"),
                definition = definition,
                state = Say("app.recovery.needs_network"),
                ready = true,
            )
        val quiz = method("quiz", "recovery.transaction_quiz")
        return Shown.Recovery(listOf(quiz, method("contacts", "recovery.trusted_contacts")))
    }
}

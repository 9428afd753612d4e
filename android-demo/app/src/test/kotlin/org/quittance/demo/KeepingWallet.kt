package org.quittance.demo

import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.flow.MutableSharedFlow
import org.quittance.Enrolment
import org.quittance.EvidenceLevel
import org.quittance.KeyStoreKind
import org.quittance.NoHandle
import org.quittance.PhoneFacts
import org.quittance.StopScope
import org.quittance.SyncReport
import org.quittance.Wallet
import org.quittance.WalletEvent
import org.quittance.WalletException
import org.quittance.WalletNews
import org.quittance.demo.model.Shown
import org.quittance.testing.Stage.Companion.cny

/** A wallet that does nothing but to keep news, with the records of the pictures. */
class KeepingWallet : Wallet(NoHandle) {
    private var numbers = 0uL
    private val one = Samples.views.getValue("one_permission").shown as Shown.OnePermission
    private val ended = Samples.views.getValue("receipt").shown as Shown.Receipt
    val kept = mutableListOf<WalletNews>()

    /** How often it was asked for news. */
    var asked = 0
        private set

    /** How often the gateway was spoken with. */
    var contacts = 0
        private set

    /** Until when a contact takes. */
    var reached: CompletableDeferred<Unit>? = null

    /** Why a contact fails. */
    var failure: WalletException? = null

    /** Whether the gateway put it in quarantine, which its check-up alone says then. */
    var quarantined = false

    /** Why its receipts cannot be read. */
    var unread: WalletException? = null

    fun happens(vararg events: WalletEvent) = events.forEach { kept += WalletNews(numbers++, it) }

    fun happens(times: Int) = repeat(times) { happens(WalletEvent.Charged("a", cny(30_00))) }

    override suspend fun news(shown: ULong?): List<WalletNews> {
        asked++
        if (shown != null) kept.removeAll { it.number <= shown }
        return kept.toList()
    }

    override suspend fun sync(): SyncReport {
        contacts++
        reached?.await()
        return failure?.let { throw it } ?: SyncReport(true, 0u, 0u, null, emptyList())
    }

    override suspend fun nextAttempt() = null

    override suspend fun enrolment() = Enrolment("acc", "dev", EvidenceLevel.E0, KeyStoreKind.SOFTWARE)

    override suspend fun openFlows() = emptyList<String>()

    override suspend fun permissions() = (Samples.views.getValue("permissions").shown as Shown.Home).permissions

    override suspend fun security(phone: PhoneFacts) =
        (Samples.views.getValue("security").shown as Shown.Security).centre.let {
            if (quarantined) it.copy(checkup = listOf(Samples.quarantine)) else it
        }

    override suspend fun permission(mandate: String) = one.detail

    override suspend fun mandate(mandate: String) = one.mandate

    override suspend fun mandates() = listOf(one.mandate)

    override suspend fun cancellationRoutes(mandate: String) = one.routes

    override suspend fun stop(scope: StopScope) = Unit

    override suspend fun receipts() = unread?.let { throw it } ?: listOf(ended.slip.receipt)

    override suspend fun exportReceipt(order: String) = ended.exported
}

/** The app on a phone whose wallet is of the test; each time that it is opened, the next one. */
class KeepingApplication : StillApplication() {
    val wallets = mutableListOf(KeepingWallet())

    /** Whether a long text can be handed to another app. */
    var hasRoom = true
    private val networks = MutableSharedFlow<Unit>(extraBufferCapacity = 1)

    override fun newPhone(): Phone =
        object : StillPhone() {
            override suspend fun share(title: String, text: String) = hasRoom

            override suspend fun openWallet() = wallets.first()

            override suspend fun eraseWallet() {
                wallets.removeFirst()
            }

            override fun networks() = networks
        }

    /** The app has an occasion to speak with the gateway. */
    fun networkComes() = check(networks.tryEmit(Unit))
}

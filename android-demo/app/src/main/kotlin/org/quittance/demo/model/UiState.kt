package org.quittance.demo.model

import org.quittance.CancellationRoute
import org.quittance.ExportedReceipt
import org.quittance.ItemOutcome
import org.quittance.Limits
import org.quittance.Mandate
import org.quittance.PermissionDetail
import org.quittance.Permissions
import org.quittance.Prompt
import org.quittance.ReceiptSummary
import org.quittance.ReceiptVerdict
import org.quittance.RecoveryReadiness
import org.quittance.SecurityCentre
import org.quittance.WalletEvent
import org.quittance.demo.words.Say

/** What the app shows. */
data class UiState(
    val place: Place = Place.Home,
    val shown: Shown = Shown.Loading,
    /** Something is under way: buttons rest. */
    val working: Boolean = false,
    /** What went wrong last. */
    val problem: Problem? = null,
    /** What was done, in a word; gone with the next step. */
    val told: Say? = null,
    /** Whether this build speaks with a sandbox. */
    val sandbox: Boolean = false,
    /** Whether the gateway was out of reach when it was last asked. */
    val offline: Boolean = false,
)

/** What went wrong, and what the payer can do. */
data class Problem(val title: Say?, val body: Say, val remedy: ProblemRemedy? = null)

/** What helps after a failed call, as a button. */
enum class ProblemRemedy { TRY_AGAIN, BEGIN_ANEW, OPEN_SETTINGS, SET_UP_AGAIN, UPDATE, SUPPORT }

/** Where the payer is; written down, it survives the process. */
sealed interface Place {
    data object Home : Place

    data object Security : Place

    data object Recovery : Place

    data object Receipts : Place

    data object Offer : Place

    data class OnePermission(val mandate: String) : Place

    /** Other limits for a permission. */
    data class Limits(val mandate: String) : Place

    /** A new payment PIN, once a recovery has opened the way. */
    data object NewPin : Place

    data class Receipt(val order: String) : Place

    data class Flow(val flow: String) : Place

    /** Somebody asks this payer to vouch: the members of the event. */
    data class Vouch(val flow: String, val requester: String, val purpose: String) : Place

    fun written(): String =
        when (this) {
            Home -> "home"
            Security -> "security"
            Recovery -> "recovery"
            Receipts -> "receipts"
            Offer -> "offer"
            is OnePermission -> "permission/$mandate"
            is Limits -> "limits/$mandate"
            NewPin -> "new-pin"
            is Receipt -> "receipt/$order"
            is Flow -> "flow/$flow"
            is Vouch -> "vouch/$flow/$requester/$purpose"
        }

    companion object {
        /** The tabs. */
        val TABS = listOf(Home, Security, Recovery, Receipts)
        private const val PARTS_OF_VOUCH = 3

        fun read(written: String): Place {
            val id = written.substringAfter('/', "")
            return when (written.substringBefore('/')) {
                "security" -> Security
                "recovery" -> Recovery
                "receipts" -> Receipts
                "offer" -> Offer
                "permission" -> OnePermission(id)
                "limits" -> Limits(id)
                "new-pin" -> NewPin
                "receipt" -> Receipt(id)
                "flow" -> Flow(id)
                "vouch" -> id.split('/').let { if (it.size == PARTS_OF_VOUCH) Vouch(it[0], it[1], it[2]) else Home }
                else -> Home
            }
        }
    }
}

/** What stands in the place. */
sealed interface Shown {
    data object Loading : Shown

    /** There is no wallet to go on with: what happened, with the way forward. */
    data class Stuck(
        val problem: Problem,
        /** What the wallet left that is to be erased; null until it was asked. */
        val parting: Parting? = null,
    ) : Shown

    /** The phone is not enrolled: what it is for, then a PIN, then the same PIN; [anew], it is another PIN after a recovery. */
    data class Enrol(val step: EnrolStep, val entered: Int, val differs: Boolean, val anew: Boolean = false) : Shown

    data class Home(
        val permissions: Permissions,
        /** What the payer has not put away yet, the grave first. */
        val news: List<News>,
        val openFlows: List<OpenFlow>,
        /** Chosen to be stopped together; null while nothing is chosen. */
        val chosen: Set<String>?,
    ) : Shown

    data class OnePermission(val detail: PermissionDetail, val mandate: Mandate, val routes: List<CancellationRoute>) : Shown

    /** Other limits, as the payer types them; an empty field keeps what is. */
    data class ChangeLimits(val mandate: String, val now: Limits, val perCharge: String = "", val perPeriod: String = "") : Shown

    data class Security(
        val centre: SecurityCentre,
        /** The names of merchants that the payer knows. */
        val merchants: Map<String, String>,
        /** The lock is about to be put on: what it does is shown first. */
        val asksForLock: Boolean,
        val password: PasswordEntry?,
    ) : Shown

    data class Recovery(val readiness: RecoveryReadiness) : Shown

    data class Receipts(val slips: List<Slip>) : Shown

    data class Receipt(
        val slip: Slip,
        val exported: ExportedReceipt,
        /** What checking it once more came to; null until the payer asks for it. */
        val verdict: ReceiptVerdict? = null,
    ) : Shown

    data class ReadOffer(val typed: String) : Shown

    data class Flow(
        val prompt: Prompt,
        val entry: Entry,
        /** What became of each, where several were stopped together. */
        val results: List<Pair<String, ItemOutcome>> = emptyList(),
        /** The payer was in the middle of it when the app went away. */
        val resumed: Boolean = false,
    ) : Shown

    data class Vouch(val purpose: String, val own: Boolean) : Shown
}

enum class EnrolStep { WELCOME, PIN, AGAIN }

/** A run that waits for the payer. */
data class OpenFlow(val flow: String, val title: Say)

/** Something that happened, under the number by which the wallet keeps it, ready to be said. */
data class News(val number: ULong, val event: WalletEvent, val say: Say) {
    /** Whether money or proofs are not as they should be. */
    val grave: Boolean
        get() =
            when (event) {
                is WalletEvent.NotStopped,
                is WalletEvent.ChargedAfterEnd,
                is WalletEvent.Disputed,
                is WalletEvent.LogContradiction,
                is WalletEvent.Quarantined,
                -> true
                else -> false
            }

    /** Whether it stays although the payer followed it: what it leads to can be left, and is done once alone. */
    val stays: Boolean get() = event is WalletEvent.Told || event is WalletEvent.AskedToVouch

    /** What can be done about it: the button's words, where it leads. */
    val way: Pair<String, Place>?
        get() =
            when {
                event is WalletEvent.NotStopped ->
                    event.mandates.firstOrNull()?.let { "app.action.ways_to_stop" to Place.OnePermission(it) }
                event is WalletEvent.ChargedAfterEnd -> "app.action.see_receipt" to Place.Receipt(event.order)
                event is WalletEvent.Closed -> "app.action.see_receipt" to Place.Receipt(event.order)
                event is WalletEvent.Quarantined -> "app.tab.security" to Place.Security
                event is WalletEvent.AskedToVouch ->
                    "app.action.continue" to Place.Vouch(event.flow, event.requester, event.purpose)
                event is WalletEvent.Told && event.text == PIN_OPENED -> "app.recovery.new_pin.title" to Place.NewPin
                else -> null
            }
}

/** The text of the news that a new PIN can be chosen. */
internal const val PIN_OPENED = "recovery.opened"

/** An ended permission as a slip. */
data class Slip(val receipt: ReceiptSummary, val names: List<String>)

/** Which digits are typed to set the lock's password. */
data class PasswordEntry(val step: Step, val entered: Int, val digits: Int, val differs: Boolean) {
    enum class Step { PAYMENT_PIN, PASSWORD, AGAIN }
}

/** What is typed, chosen or taken for the open step; in memory, so that turning the phone loses nothing. */
data class Entry(
    val typedDigits: Int = 0,
    /** A code as it is typed; a PIN is never shown. */
    val shownDigits: String = "",
    val entries: List<String> = emptyList(),
    val chosen: Set<String> = emptySet(),
    val images: List<ByteArray> = emptyList(),
) {
    override fun toString() = "Entry(…)"
}

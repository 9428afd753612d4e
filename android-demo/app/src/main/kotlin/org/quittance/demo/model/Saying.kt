package org.quittance.demo.model

import org.quittance.DisputeReason
import org.quittance.HoldOwner
import org.quittance.Missing
import org.quittance.Permissions
import org.quittance.WalletEvent
import org.quittance.demo.words.Say
import org.quittance.demo.words.Value
import org.quittance.demo.words.amount
import org.quittance.demo.words.moment
import org.quittance.demo.words.plain
import org.quittance.demo.words.text

/** What happened, as it is told to the payer. */
internal fun saying(event: WalletEvent, permissions: Permissions): Say {
    fun service(mandate: String): Pair<String, Value> {
        val known = permissions.permissions.firstOrNull { it.mandate == mandate }
        return "service" to plain(known?.terms?.merchantName ?: "…")
    }
    fun service(mandates: List<String>) = service(mandates.firstOrNull().orEmpty())
    fun ofOrder(order: String) =
        service(permissions.permissions.filter { it.ending?.order == order }.map { it.mandate })
    return when (event) {
        is WalletEvent.MandateActive -> Say("app.event.mandate_active", service(event.mandate))
        is WalletEvent.MandateRejected -> Say("app.event.mandate_rejected", service(event.mandate))
        is WalletEvent.Held -> Say("app.event.held", service(event.mandate), "reason" to text(reason(event.by)))
        is WalletEvent.Closing -> Say("app.event.closing", ofOrder(event.order), "missing" to text(missing(event.missing)))
        is WalletEvent.Closed -> Say("app.event.closed", service(event.mandates))
        is WalletEvent.Undone -> Say("app.event.undone", service(event.mandate))
        is WalletEvent.Disputed -> Say("app.event.disputed", ofOrder(event.order), "reason" to text(dispute(event.reason)))
        is WalletEvent.DeadTokenUsed ->
            Say("app.event.dead_token_used", service(event.mandate), "uses" to Value.Count(event.uses.toLong()))
        is WalletEvent.Charged -> Say("app.event.charged", service(event.mandate), "amount" to amount(event.amount))
        is WalletEvent.ChargedAfterEnd ->
            Say("app.event.charged_after_end", service(event.mandate), "amount" to amount(event.amount))
        is WalletEvent.NotStopped -> Say("app.event.not_stopped", service(event.mandates))
        is WalletEvent.Told -> Say(event.text)
        is WalletEvent.Locked ->
            Say("app.event.locked", "until" to moment(event.until), "trigger" to text(trigger(event.trigger)))
        is WalletEvent.LockEnds -> Say("app.event.lock_ends", "at" to moment(event.at))
        is WalletEvent.Unlocked -> Say("app.event.unlocked")
        is WalletEvent.Declined ->
            Say(
                "app.event.declined",
                service(event.mandate),
                "amount" to amount(event.amount),
                "reason" to text(declined(event.code)),
            )
        is WalletEvent.MerchantObjected -> Say("app.event.merchant_objected", service(event.mandate))
        is WalletEvent.AskedToVouch -> Say("app.event.asked_to_vouch")
        is WalletEvent.LogContradiction -> Say(if (event.provesFork) "app.event.log_fork" else "app.event.log_contradiction")
        is WalletEvent.Quarantined -> Say("app.event.quarantined")
        is WalletEvent.Refused -> Say("app.event.refused")
    }
}

/** Why a charge was declined; a code that has no words of its own is said in general ones. */
fun declined(code: String): Say = Say(if (code in DECLINED) "app.decline.$code" else "app.decline.other")

/** What put the lock on. */
fun trigger(trigger: String): Say =
    Say(if (trigger in TRIGGERS) "app.lock.trigger.$trigger" else "app.lock.trigger.other")

/** Why a dispute: in the words of the check that failed. */
fun dispute(reason: DisputeReason): Say = Say("app.dispute.${reason.name.lowercase()}")

private fun missing(missing: Missing): Say = Say("app.missing.${missing.name.lowercase()}")

private fun reason(owner: HoldOwner): Say = Say("hold.${owner.name.lowercase()}.reason")

private val TRIGGERS = setOf("payer", "remote_login", "abnormal_spending")

private val DECLINED =
    setOf(
        "limit_exceeded", "limit_total", "limit_count", "mandate_held", "mandate_ended", "mandate_expired",
        "token_destroyed", "permit_missing", "permit_window", "permit_amount", "permit_payee", "permit_challenge",
        "currency_mismatch", "safety_locked", "stopped_by_payer", "teen_limit", "risk_denied", "device_quarantined",
        "bank_not_authorized", "external_refused", "external_unavailable",
    )

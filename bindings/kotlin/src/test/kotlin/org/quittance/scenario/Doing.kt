package org.quittance.scenario

import java.time.Instant
import kotlinx.serialization.json.JsonObject
import org.quittance.ItemOutcome
import org.quittance.Limits
import org.quittance.PhoneFacts
import org.quittance.StopScope
import org.quittance.WalletEvent
import org.quittance.WalletException
import org.quittance.Wish
import org.quittance.testing.Stage

/** What the payer does, verb by verb. */
class Doing(private val payer: Payer, private val answering: Answering, private val looking: Looking) {
    private val wallet get() = payer.wallet

    /** Carries out a verb; false where there is no such verb. */
    suspend fun act(verb: String, told: JsonObject): Boolean {
        val fails = told.text("fails")
        when (verb) {
            "sync" -> payer.outcome(fails) { wallet.sync() }
            "restart" -> payer.outcome(fails) { payer.restart() }
            "lose_keys" -> payer.loseKeys()
            "back_up" -> payer.backUp(told.need("as"))
            "put_back" -> payer.putBack(told.need("files"))
            "set_up" -> payer.outcome(fails) { payer.setUp() }
            "locks" -> payer.locks.facts = PhoneFacts(told.truth("screen_lock")!!, told.truth("biometrics")!!)
            "clock" -> payer.ahead = told.long("ahead")!!
            "forget_events" -> looking.forgetEvents()
            "sign" -> payer.outcome(fails) { sign(told.need("offer")) }
            "begin" -> payer.outcome(fails) { begin(told) }
            "answer" -> answering.answer(told)
            "link" -> answering.link(told)
            "follow" -> follow(told)
            "leave" -> wallet.cancelFlow(told.need("flow"))
            "pause" -> wallet.pause(told.texts("mandates")!!)
            "resume" -> payer.outcome(fails) { wallet.resume(told.texts("mandates")!!) }
            "lock" -> wallet.lockNow()
            "set_lock_password" -> {
                val password = told.text("password") ?: LOCK_PASSWORD
                payer.outcome(fails) { wallet.setLockPassword(Stage.pin(), password.toByteArray()) }
            }
            "stop" -> wallet.stop(scope(told.inner("scope")!!))
            "count_rotations" -> looking.countRotations()
            "permit" -> permit(told)
            "vouch" ->
                payer.outcome(fails) {
                    wallet.vouch(told.need("flow"), told.need("requester"), told.need("purpose"), told.truth("approves")!!)
                }
            "show_code" -> payer.stage.ask("shown", json(wallet.vouchCode(told.need("flow"))))
            else -> return false
        }
        return true
    }

    private suspend fun sign(offer: String) {
        val flow = wallet.startSign(offer, "en")
        while (true) {
            val prompt = wallet.nextPrompt(flow) ?: break
            wallet.submit(flow, Stage.agree(prompt))
        }
        val mandate = wallet.mandateOf(flow)
        if (wallet.mandate(mandate).activeSince == null) throw WalletException.NotPayable()
        payer.stage.ask("signed", json(mandate))
    }

    private suspend fun begin(told: JsonObject) {
        val flow = wallet.begin(told.need("definition"), told.texts("mandates")!!, told.inner("wish")?.let { wish(it) })
        payer.stage.ask("begun", json(flow))
    }

    private suspend fun wish(told: JsonObject): Wish {
        val (kind, value) = told.entries.single()
        return when (kind) {
            "undo_order_of" -> Wish.UndoOrder(wallet.orderOf(told.need(kind)) ?: throw Wrong("an order of this run", "none"))
            "change_limits" -> {
                val limits = value as JsonObject
                val days = limits.int("days")!!.toUShort()
                Wish.ChangeLimits(Limits(limits.money("per_charge"), limits.money("per_period"), days, null, null, null, false))
            }
            "teen_limit" -> (value as JsonObject).let { Wish.TeenLimit(it.need("teen"), it.money("per_charge")) }
            "teen_exit" -> Wish.TeenExit(told.need(kind))
            "lift_stop" -> Wish.LiftStop(scope(value as JsonObject))
            "extend_lock" -> Wish.ExtendLock(Instant.ofEpochSecond(told.long(kind)!!))
            else -> throw Wrong("a wish", told)
        }
    }

    private fun scope(told: JsonObject): StopScope {
        told.text("merchant")?.let { return StopScope.Merchant(it) }
        told.text("category")?.let { return StopScope.Category(it) }
        return StopScope.Everything
    }

    private suspend fun follow(told: JsonObject) {
        val item = wallet.batchResults(told.need("flow")).firstOrNull { it.mandate == told.need("mandate") }?.outcome
        val waits = item as? ItemOutcome.WaitsForBank ?: throw Wrong("an item that waits for its bank", item)
        payer.stage.ask("begun", json(waits.flow))
    }

    private suspend fun permit(told: JsonObject) {
        val permit =
            try {
                wallet.payerPresentPermit(told.need("mandate"), told.money("amount"), told.need("challenge"))
            } catch (refusal: WalletException) {
                return same("a charge that gives", told.need("gives"), payer.refused(refusal))
            }
        payer.stage.ask("permit", json(permit))
    }
}

package org.quittance.demo.ui

import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.PaddingValues
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.size
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.ui.Modifier
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.unit.dp
import org.quittance.AccountDevice
import org.quittance.CheckupPart
import org.quittance.CheckupRemedy
import org.quittance.StopScope
import org.quittance.Stopping
import org.quittance.Wish
import org.quittance.demo.R
import org.quittance.demo.model.PasswordEntry
import org.quittance.demo.model.Place
import org.quittance.demo.model.ProblemRemedy
import org.quittance.demo.model.Shown
import org.quittance.demo.model.UiState
import org.quittance.demo.model.trigger
import org.quittance.demo.words.Say
import org.quittance.demo.words.moment
import org.quittance.demo.words.plain
import org.quittance.demo.words.say

/** The lock, what is stopped, the check-up, the account's devices. */
@Composable
fun SecurityScreen(shown: Shown.Security, state: UiState, actions: Actions, inside: PaddingValues) =
    Scrolled(inside) {
        BigTitle(words("app.security.title"))
        Standing(state, actions)
        Lock(shown.centre.stopping, state, actions)
        Section(words("app.checkup.title")) { shown.centre.checkup.forEach { Part(it, state, actions) } }
        Stops(shown, state, actions)
        shown.centre.devices.forEach { Device(it, shown.centre.account, alone = shown.centre.devices.size == 1) }
        TextAction("refresh", words("app.action.refresh"), !state.working, onClick = actions::refresh)
    }

/** How a device keeps its secrets, and why that is not believed to be stronger. */
@Composable
private fun Device(device: AccountDevice, account: String, alone: Boolean) =
    Section(words("app.device.title")) {
        if (alone) Body(words("app.device.only_one"))
        Body(words("app.device.${device.keyStore.name.lowercase()}"))
        Body(words("app.evidence.${device.evidenceLevel.name.lowercase()}"), quiet = true)
        device.enrolledSince?.let { Body(words("app.device.since", "since" to moment(it)), quiet = true) }
        device.lastSeen?.let { Body(words("app.device.seen", "seen" to moment(it)), quiet = true) }
        if (device.reasons.isNotEmpty()) Body(words("app.device.why"))
        for ((key, reasons) in device.reasons.groupBy { it.key }) {
            Column(Modifier.testTag("reason")) {
                Body(words("app.device.key.${key.name.lowercase()}"), quiet = true)
                reasons.forEach { Line(R.drawable.sign_next, words(it.says.say())) }
            }
        }
        Hash(words("app.details.device"), device.device)
        Hash(words("app.details.account"), account)
    }

@Composable
private fun Lock(stopping: Stopping, state: UiState, actions: Actions) =
    Section(words("app.lock.title")) {
        val lock = stopping.lock
        if (lock == null) {
            Body(words("app.lock.off"))
            Primary("pause-everything", words("app.action.pause_everything"), !state.working, actions::askForLock)
        } else {
            Notice(R.drawable.sign_lock, words("app.lock.on", "until" to moment(lock.until)), Modifier.testTag("lock-on"))
            Body(words("app.lock.since", "since" to moment(lock.since)), quiet = true)
            Body(words(trigger(lock.trigger)), quiet = true)
            Body(words(if (lock.told) "app.lock.told" else "app.lock.not_told"), Modifier.testTag("lock-told"), quiet = true)
            if (stopping.lockPasswordSet) {
                Quiet("end-lock", words("app.action.end_lock"), !state.working) { actions.begin("lock.release", emptyList()) }
            }
            if (lock.longer.isNotEmpty()) {
                Heading(words("app.action.extend_lock"))
                Body(words("app.lock.extend.title"), quiet = true)
            }
            for (until in lock.longer) {
                val extend = { actions.begin("lock.extend", emptyList(), Wish.ExtendLock(until)) }
                TextAction("extend", LocalWords.current.moment(until), !state.working, onClick = extend)
            }
        }
        val password = if (stopping.lockPasswordSet) "app.lock_password.set" else "app.lock_password.not_set"
        Column {
            Body(words("app.lock_password.title"))
            Body(words(password), quiet = true)
        }
    }

/** One group of the check-up, with its remedies as buttons. */
@Composable
private fun Part(part: CheckupPart, state: UiState, actions: Actions) {
    Column(Modifier.fillMaxWidth().testTag("group"), Arrangement.spacedBy(4.dp)) {
        Text(words(part.name.say()), style = MaterialTheme.typography.titleSmall)
        if (part.findings.isEmpty()) Line(R.drawable.sign_check, words("app.checkup.fine"))
        for (finding in part.findings) {
            Column(Modifier.fillMaxWidth().testTag("finding")) {
                Line(R.drawable.sign_alert, words(finding.says.say()), tint = MaterialTheme.colorScheme.onSurface)
                val (label, act) =
                    when (finding.remedy) {
                        CheckupRemedy.SET_LOCK_PASSWORD -> "app.action.set_password" to actions::choosePassword
                        CheckupRemedy.SEE_PERMISSIONS -> "app.tab.permissions" to { actions.go(Place.Home) }
                        CheckupRemedy.SEE_RECOVERY -> "app.tab.recovery" to { actions.go(Place.Recovery) }
                        CheckupRemedy.SYNC -> "app.action.refresh" to actions::refresh
                        CheckupRemedy.OPEN_PHONE_SETTINGS ->
                            "app.action.open_settings" to { actions.remedy(ProblemRemedy.OPEN_SETTINGS) }
                        CheckupRemedy.SET_UP_AGAIN ->
                            "app.action.set_up_again" to { actions.remedy(ProblemRemedy.SET_UP_AGAIN) }
                        CheckupRemedy.CONTACT_SUPPORT ->
                            "app.action.support" to { actions.remedy(ProblemRemedy.SUPPORT) }
                        null -> return@Column
                    }
                TextAction("remedy", words(label), !state.working, onClick = act)
            }
        }
    }
}

@Composable
private fun Stops(shown: Shown.Security, state: UiState, actions: Actions) =
    Section(words("app.stop.title")) {
        val stops = shown.centre.stopping.stops
        if (stops.isNotEmpty()) Body(words("app.stop.body"), quiet = true)
        if (stops.isEmpty()) Body(words("app.stop.empty"), quiet = true)
        for (stop in stops) {
            Body(words(scope(stop, shown.merchants)))
            TextAction("lift", words("app.action.lift"), !state.working) {
                actions.begin("stop.lift", emptyList(), Wish.LiftStop(stop))
            }
        }
    }

/** What is stopped; a merchant by the name that the payer knows. */
private fun scope(stop: StopScope, merchants: Map<String, String>): Say =
    when (stop) {
        is StopScope.Merchant ->
            Say("app.stop.merchant", "merchant" to plain(merchants[stop.merchant] ?: shortened(stop.merchant)))
        is StopScope.Category -> Say("app.stop.category", "category" to plain(stop.category))
        is StopScope.Everything -> Say("app.stop.everything")
    }

/** What the lock does, before it is put on. */
@Composable
fun LockScreen(state: UiState, actions: Actions) {
    Page(
        "",
        actions::leaveSheet,
        bottom = {
            Primary("lock", words("app.action.pause_everything"), !state.working, actions::lock)
            Quiet("keep", words("action.keep"), !state.working, actions::leaveSheet)
        },
    ) {
        Sign(R.drawable.sign_lock, Modifier.size(56.dp), MaterialTheme.colorScheme.primary)
        BigTitle(words("app.lock.now.title"))
        Standing(state, actions)
        Body(words("app.lock.now.body"))
    }
}

/** Choosing the lock's own password: the payment PIN first, because the two must differ. */
@Composable
fun PasswordScreen(password: PasswordEntry, state: UiState, actions: Actions) =
    Page(words("app.lock_password.title"), actions::leaveSheet) {
        val title =
            when (password.step) {
                PasswordEntry.Step.PAYMENT_PIN -> "ask.payment_pin.title"
                PasswordEntry.Step.PASSWORD -> "app.lock_password.choose"
                PasswordEntry.Step.AGAIN -> "app.lock_password.again"
            }
        BigTitle(words(title))
        Standing(state, actions)
        if (password.differs) Notice(R.drawable.sign_alert, words("app.enrol.pin.differs"))
        if (password.step == PasswordEntry.Step.PASSWORD) Body(words("app.lock_password.body"))
        Digits(password.entered, password.digits)
        PadCentred(!state.working, actions)
    }

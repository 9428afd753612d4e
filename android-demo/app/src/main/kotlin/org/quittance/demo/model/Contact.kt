package org.quittance.demo.model

import java.time.Instant
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.flow.collectLatest
import kotlinx.coroutines.flow.conflate
import kotlinx.coroutines.flow.onStart
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.launch
import kotlinx.coroutines.sync.withLock
import org.quittance.ErrorKind
import org.quittance.WalletException
import org.quittance.errorKind

// What the app says to the gateway by itself. The payer asked for none of it: a failure is no banner, and no button waits. But
// for what says that somebody cheats.

/** Speaks with the gateway at once, when a network comes, when what waits is due: while the app is in front, until cancelled. */
suspend fun DemoModel.keepInTouch() = coroutineScope {
    openLater()
    launch { phone.networks().onStart { emit(Unit) }.conflate().collect { contact() } }
    acted.collectLatest {
        val due = due() ?: return@collectLatest
        phone.waitUntil(maxOf(due, phone.now().plusSeconds(LEAST_PAUSE_SECONDS)))
        contact()
    }
}

/** One contact; it goes on where its caller does not wait for the end. */
internal suspend fun DemoModel.contact() = scope.launch {
    // What the payer does goes first; at the start, that is opening the wallet.
    turn.withLock {}
    val heard = contacting.withLock { hear() }
    // Between what the payer does, which takes an earlier problem away.
    heard.alarm?.let { alarm -> turn.withLock { states.update { it.copy(problem = alarm) } } }
    if (heard.online != null) {
        states.update { it.copy(offline = !heard.online) }
        turn.withLock { showQuietly() }
    }
    acted.update { it + 1 }
}.join()

/** What a contact came to. */
private class Contact(
    /** Whether the gateway answered; nothing where there is nobody to speak for, or what it said is told to whoever asks. */
    val online: Boolean?,
    /** What says that somebody cheats. */
    val alarm: Problem? = null,
)

private suspend fun DemoModel.hear(): Contact =
    try {
        Contact(opened?.takeIf { it.enrolment() != null }?.sync()?.online)
    } catch (error: WalletException) {
        Contact(null, problem(error).takeIf { errorKind(error) is ErrorKind.Alarm })
    }

private suspend fun DemoModel.due(): Instant? =
    try {
        opened?.nextAttempt()
    } catch (_: WalletException) {
        null
    }

private suspend fun DemoModel.showQuietly() {
    val shown = states.value.shown
    // A page that offers to begin anew is left by the payer alone; a receipt changes no more.
    if (opened == null || shown is Shown.Stuck || shown is Shown.Receipt) return
    try {
        show()
    } catch (_: WalletException) {
        // What stands on the screen stays.
    }
}

/** No clock, and no gateway, makes the app ask faster than this. */
private const val LEAST_PAUSE_SECONDS = 5L

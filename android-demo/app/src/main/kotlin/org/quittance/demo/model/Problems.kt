package org.quittance.demo.model

import org.quittance.BiometricException
import org.quittance.DeviceKeyException
import org.quittance.ErrorKind
import org.quittance.WalletException
import org.quittance.android.textResource
import org.quittance.demo.words.Say
import org.quittance.demo.words.count
import org.quittance.demo.words.plain
import org.quittance.demo.words.text
import org.quittance.demo.words.wait
import org.quittance.errorKind

/** What the payer is told after a failed call: the particular where it helps, else what the app owes by the error's kind. */
fun problem(error: WalletException): Problem =
    when (error) {
        is WalletException.Offline -> Problem(null, Say("app.error.offline"))
        is WalletException.WrongPin -> Problem(null, Say("app.pin.wrong", "attempts" to count(error.attemptsLeft)))
        is WalletException.PinLocked -> Problem(null, locked(error.retryAfterSeconds))
        is WalletException.Biometric ->
            Problem(null, biometric(error.reason), remedy(error))
        is WalletException.Keystore -> keystore(error)
        is WalletException.Storage -> storage(error)
        is WalletException.FlowEnded -> ended(error)
        is WalletException.ForeignLink -> Problem(null, Say("app.error.foreign_link"))
        is WalletException.NotAnImage -> Problem(null, Say("app.error.not_an_image"))
        is WalletException.TooLarge -> Problem(null, Say("app.error.image_too_large"))
        is WalletException.SameSecret -> Problem(null, Say("app.error.same_secret"))
        is WalletException.NotPayable -> Problem(null, Say("app.error.not_payable"))
        is WalletException.Refused -> if (error.code in QUARANTINES) QUARANTINED else owed(error)
        is WalletException.RouteClosed ->
            Problem(null, Say("app.error.route_closed", "reason" to text(Say(error.reason))))
        is WalletException.InvalidInput,
        is WalletException.Configuration,
        is WalletException.NotEnrolled,
        is WalletException.ProofInvalid,
        is WalletException.SignatureInvalid,
        is WalletException.WrongAnswer,
        is WalletException.Unknown,
        is WalletException.Distrusted,
        is WalletException.TooOld,
        is WalletException.Internal,
        -> owed(error)
    }

/** The gateway takes no payment from this phone: its keys are all there, and another phone speaks with them. */
internal val QUARANTINED =
    Problem(Say("app.error.reenrol.title"), Say("app.error.quarantined"), ProblemRemedy.SET_UP_AGAIN)

private val QUARANTINES = setOf("device_quarantined", "sequence_fork")

/** What the app owes its user by the kind of an error, whatever the error. */
private fun owed(error: WalletException): Problem =
    when (val kind = errorKind(error)) {
        is ErrorKind.Retry -> both("retry", ProblemRemedy.TRY_AGAIN)
        is ErrorKind.Wait -> Problem(Say("app.error.wait.title"), pause(kind.seconds))
        is ErrorKind.AskAgain -> both("ask_again")
        is ErrorKind.FixInput -> both("fix_input")
        is ErrorKind.StartOver -> both("start_over", ProblemRemedy.BEGIN_ANEW)
        is ErrorKind.PhoneSettings -> both("phone_settings", ProblemRemedy.OPEN_SETTINGS)
        is ErrorKind.Reenrol -> both("reenrol", ProblemRemedy.SET_UP_AGAIN)
        is ErrorKind.UpdateApp -> both("update_app", ProblemRemedy.UPDATE)
        is ErrorKind.Alarm -> both("alarm", ProblemRemedy.SUPPORT)
        is ErrorKind.Support ->
            Problem(
                Say("app.error.support.title"),
                Say("app.error.support.body", "place" to plain(place(error))),
                ProblemRemedy.SUPPORT,
            )
    }

private fun both(kind: String, remedy: ProblemRemedy? = null) =
    Problem(Say("app.error.$kind.title"), Say("app.error.$kind.body"), remedy)

private fun pause(seconds: UInt?): Say =
    if (seconds == null) Say("app.error.wait.later")
    else Say("app.error.wait.body", "wait" to wait(seconds))

private fun locked(seconds: UInt?): Say =
    if (seconds == null) Say("app.pin.locked_for_now") else Say("app.pin.locked", "wait" to wait(seconds))

private fun biometric(reason: BiometricException): Say =
    Say(
        "app.error.biometric." +
            when (reason) {
                is BiometricException.UserCancelled -> "cancelled"
                is BiometricException.TimedOut -> "timed_out"
                is BiometricException.NotRecognised -> "not_recognised"
                is BiometricException.LockedOut -> if (reason.permanent) "locked_for_good" else "locked"
                is BiometricException.NotEnrolled -> "not_enrolled"
                is BiometricException.HardwareUnavailable -> "unavailable"
                is BiometricException.KeyInvalidated, is BiometricException.KeyMissing -> "changed"
                is BiometricException.Unexpected -> "unavailable"
            },
    )

/** What helps after a sheet without a signature. */
private fun remedy(error: WalletException.Biometric): ProblemRemedy? {
    val kind = errorKind(error)
    val settings = ProblemRemedy.OPEN_SETTINGS.takeIf { kind is ErrorKind.PhoneSettings }
    return settings ?: ProblemRemedy.SET_UP_AGAIN.takeIf { kind is ErrorKind.Reenrol }
}

/** A file that does not belong to this phone's keys, a phone that is full, a file that is busy. */
private fun storage(error: WalletException.Storage): Problem {
    val owed = owed(error)
    return when (owed.remedy) {
        ProblemRemedy.SET_UP_AGAIN -> owed.copy(body = Say("app.error.restored"))
        ProblemRemedy.OPEN_SETTINGS -> owed.copy(body = Say("app.error.storage_full"))
        null, ProblemRemedy.TRY_AGAIN, ProblemRemedy.BEGIN_ANEW, ProblemRemedy.UPDATE, ProblemRemedy.SUPPORT -> owed
    }
}

/** The reason in its own words, where there is one. */
private fun ended(error: WalletException.FlowEnded): Problem {
    val reason = error.code?.let { "refused.$it" }?.takeIf { textResource(it) != null } ?: return owed(error)
    return owed(error).copy(body = Say(reason))
}

private fun keystore(error: WalletException.Keystore): Problem =
    if (error.reason is DeviceKeyException.Locked) Problem(null, Say("app.error.phone_locked")) else owed(error)

/** Where to look, for customer service: a name of this app, never a person's datum. */
private fun place(error: WalletException): String =
    when (error) {
        is WalletException.Internal -> error.place
        is WalletException.Configuration -> error.member
        is WalletException.Refused -> error.code
        else -> error.javaClass.simpleName
    }

/** A wrong code, with the tries that are left. */
fun wrongCode(attemptsLeft: UInt): Problem = Problem(null, Say("app.code.wrong", "attempts" to count(attemptsLeft)))

/** A code that came too late, which costs no try. */
val expiredCode = Problem(null, Say("app.code.expired"))

/** A text that is no merchant's offer. */
val unreadableOffer = Problem(null, Say("app.offer.unreadable"))

/** A phone without a screen lock has no keys. */
val noScreenLock =
    Problem(Say("app.error.no_screen_lock.title"), Say("app.error.no_screen_lock.body"), ProblemRemedy.OPEN_SETTINGS)

/** A phone on which no finger or face is known cannot be set up. */
val noBiometrics =
    Problem(Say("app.error.no_biometrics.title"), Say("app.error.no_biometrics.body"), ProblemRemedy.OPEN_SETTINGS)

/** No camera, or none for this app. */
val noCamera = Problem(Say("app.camera.denied.title"), Say("app.camera.denied.body"), ProblemRemedy.OPEN_SETTINGS)

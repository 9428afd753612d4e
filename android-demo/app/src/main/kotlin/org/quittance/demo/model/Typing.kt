package org.quittance.demo.model

import org.quittance.Answer
import org.quittance.PromptKind

/** Overwrites the digits of an answer that was given, whatever became of it. */
internal fun Answer.overwrite() =
    when (this) {
        is Answer.PaymentPin -> pin.fill(0)
        is Answer.LockPassword -> password.fill(0)
        is Answer.Code -> code.fill(0)
        is Answer.Agree,
        is Answer.Confirm,
        is Answer.UseBiometric,
        is Answer.UsePasscode,
        is Answer.SendAgain,
        is Answer.Entered,
        is Answer.Images,
        -> Unit
    }

/** What the payer types, chooses and takes, until it becomes an answer. */
internal class Typing {
    private var pin: PinEntry? = null
    private var first: ByteArray? = null
    private var second: ByteArray? = null
    private var differs = false
    private var entry = Entry()

    var enrolling = false
    var step = EnrolStep.WELCOME
        private set
    var password: PasswordEntry.Step? = null
        private set

    val complete: Boolean get() = pin?.complete == true

    fun start() {
        clear()
        step = EnrolStep.PIN
        pin = PinEntry(PIN_DIGITS)
    }

    fun startPassword() {
        clear()
        password = PasswordEntry.Step.PAYMENT_PIN
        pin = PinEntry(PIN_DIGITS)
    }

    /** Back to where nothing was typed. */
    fun leave() {
        clear()
        step = EnrolStep.WELCOME
    }

    fun clear() {
        forgetDigits()
        pin = null
        first = first.wiped()
        second = second.wiped()
        differs = false
        password = null
        step = EnrolStep.WELCOME
        entry = Entry()
    }

    fun forgetDigits() {
        pin?.clear()
        entry = entry.copy(typedDigits = 0, shownDigits = "")
    }

    fun type(digit: Int) {
        differs = false
        pin?.type(digit)
    }

    fun erase() {
        pin?.erase()
    }

    fun enter(number: Int, words: String) {
        entry = entry.copy(entries = entry.entries.mapIndexed { at, old -> if (at == number) words else old })
    }

    fun choose(account: String) {
        val chosen = entry.chosen
        entry = entry.copy(chosen = if (account in chosen) chosen - account else chosen + account)
    }

    fun take(image: ByteArray) {
        entry = entry.copy(images = entry.images + image)
    }

    fun retake() {
        entry = entry.copy(images = emptyList())
    }

    /** The next step of choosing the payment PIN; twice the same is the choice. */
    suspend fun nextPin(enrol: suspend (ByteArray) -> Unit) {
        val typed = taken()
        if (step == EnrolStep.PIN) {
            first = typed
            step = EnrolStep.AGAIN
            return
        }
        val same = first.contentEquals(typed)
        try {
            if (same) enrol(typed)
        } finally {
            typed.fill(0)
            clear()
        }
        if (!same) {
            start()
            differs = true
        }
    }

    /** The next step of choosing the lock's password: the payment PIN, the password, the password again. */
    suspend fun nextPassword(set: suspend (ByteArray, ByteArray) -> Unit) {
        val typed = taken()
        when (password) {
            PasswordEntry.Step.PAYMENT_PIN -> {
                first = typed
                password = PasswordEntry.Step.PASSWORD
            }
            PasswordEntry.Step.PASSWORD -> {
                second = typed
                password = PasswordEntry.Step.AGAIN
            }
            else -> {
                val (payment, wanted) = (first ?: typed) to second
                val same = wanted.contentEquals(typed)
                try {
                    if (same) set(payment, typed)
                } finally {
                    typed.fill(0)
                    clear()
                }
                if (!same) {
                    startPassword()
                    differs = true
                }
            }
        }
    }

    private fun taken(): ByteArray {
        val typed = pin?.copy() ?: ByteArray(0)
        pin?.clear()
        return typed
    }

    /** The digits of another PIN, from the first one on. */
    fun newPin(): Shown.Enrol {
        if (step == EnrolStep.WELCOME) start()
        return enrol().copy(anew = true)
    }

    fun enrol(): Shown.Enrol = Shown.Enrol(step, pin?.count ?: 0, differs)

    fun password(): PasswordEntry? = password?.let { PasswordEntry(it, pin?.count ?: 0, PIN_DIGITS, differs) }

    /** What is typed so far for a step. */
    fun entry(kind: PromptKind): Entry {
        val digits =
            when (kind) {
                is PromptKind.PaymentPin -> kind.digits.toInt()
                is PromptKind.LockPassword -> kind.digits.toInt()
                is PromptKind.Code -> kind.digits.toInt()
                else -> null
            }
        if (digits == null) pin = null else if (pin?.digits != digits) pin = PinEntry(digits)
        val questions =
            when (kind) {
                is PromptKind.Facts -> kind.questions.size
                is PromptKind.Fields -> kind.questions.size
                is PromptKind.Quiz -> kind.questions.size
                else -> 0
            }
        if (entry.entries.size != questions) entry = entry.copy(entries = List(questions) { "" })
        val typed = pin
        val shown = if (kind is PromptKind.Code) typed?.shown().orEmpty() else ""
        entry = entry.copy(typedDigits = typed?.count ?: 0, shownDigits = shown)
        return entry
    }

    /** The same screen with what is typed by now. */
    fun shown(shown: Shown): Shown =
        when (shown) {
            is Shown.Enrol -> enrol().copy(anew = shown.anew)
            is Shown.Security -> shown.copy(password = password())
            is Shown.Flow -> shown.copy(entry = entry(shown.prompt.kind))
            else -> shown
        }

    /** What is typed, as the answer that a step takes; nothing while something is missing. */
    fun answer(kind: PromptKind): Answer? =
        when (kind) {
            is PromptKind.Consent -> Answer.Agree
            is PromptKind.Confirm, is PromptKind.Choose -> Answer.Confirm
            is PromptKind.Biometric -> Answer.UseBiometric
            is PromptKind.DevicePasscode -> Answer.UsePasscode
            is PromptKind.PaymentPin -> digits()?.let { Answer.PaymentPin(it) }
            is PromptKind.LockPassword -> digits()?.let { Answer.LockPassword(it) }
            is PromptKind.Code -> digits()?.let { Answer.Code(it) }
            is PromptKind.Facts, is PromptKind.Fields, is PromptKind.Quiz ->
                entry.entries.takeIf { all -> all.none(String::isBlank) }?.let { Answer.Entered(it) }
            is PromptKind.People ->
                entry.chosen.takeIf { it.size >= kind.atLeast.toInt() }?.let { Answer.Entered(it.toList()) }
            is PromptKind.Photos -> pictures(kind.images.toInt())
            is PromptKind.Recording -> pictures(1)
            is PromptKind.Jump,
            is PromptKind.Waiting,
            is PromptKind.InReview,
            is PromptKind.Scheduled,
            is PromptKind.Done,
            is PromptKind.Refused,
            -> null
        }

    private fun digits(): ByteArray? = if (complete) taken() else null

    private fun pictures(atLeast: Int): Answer? =
        entry.images.takeIf { it.size >= atLeast }?.let { Answer.Images(it) }

    private fun ByteArray?.wiped(): ByteArray? {
        this?.fill(0)
        return null
    }

    private companion object {
        /** As the policy has it; the core refuses another number and says so. */
        const val PIN_DIGITS = 6
    }
}

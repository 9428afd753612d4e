package org.quittance.demo.model

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.launch
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock
import org.quittance.Answer
import org.quittance.BiometricException
import org.quittance.DeviceKeyException
import org.quittance.Prompt
import org.quittance.PromptKind
import org.quittance.StopScope
import org.quittance.Wallet
import org.quittance.WalletEvent
import org.quittance.WalletException
import org.quittance.Wish
import org.quittance.demo.NoCamera
import org.quittance.demo.Phone
import org.quittance.demo.words.Say

/**
 * Turns what the wallet says into what is shown, and what the payer does into calls of the wallet. It decides nothing.
 *
 * @param places where the payer was, as written down before the process ended
 */
class DemoModel(internal val phone: Phone, internal val scope: CoroutineScope, places: List<String> = emptyList()) {
    internal val states = MutableStateFlow(UiState())
    internal val stack = ArrayDeque(places.map(Place::read).ifEmpty { listOf(Place.Home) })
    internal var heard = Heard()
        private set
    internal val typing = Typing()
    internal val turn = Mutex()

    /** What the payer asked for and what is not done. */
    private var waiting = 0

    /** Held while the app speaks with the gateway by itself: the wallet stays open meanwhile. */
    internal val contacting = Mutex()

    /** Counts what was done, after which something else may wait to be sent. */
    internal val acted = MutableStateFlow(0)
    internal var opened: Wallet? = null
        private set
    private var chosen: Set<String>? = null
    private var asksForLock = false

    /** The flow in which the payer was when the process ended. */
    private var resumed = (stack.last() as? Place.Flow)?.flow

    val state: StateFlow<UiState> = states.asStateFlow()

    /** Where the payer is, to be written down. */
    val written: List<String> get() = stack.map(Place::written)

    init {
        // A device that turns makes a new activity and keeps this model: the wallet is opened once.
        act { show() }
    }

    // Going somewhere.

    fun go(place: Place) {
        if (place in Place.TABS) stack.clear()
        stack.addLast(place)
        arrive()
    }

    fun back(): Boolean {
        if (typing.enrolling && typing.step != EnrolStep.WELCOME) return true.also { act { typing.leave(); show() } }
        // Without a wallet there is nothing to go back to.
        if (states.value.shown is Shown.Stuck) return if (opened == null) false else true.also { openAgain() }
        if (asksForLock || typing.password != null) return true.also { leaveSheet() }
        if (chosen != null) return true.also { choose(null) }
        if (stack.size == 1) return if (stack.last() == Place.Home) false else true.also { go(Place.Home) }
        stack.removeLast()
        arrive()
        return true
    }

    private fun arrive() {
        resumed = null
        typing.clear()
        chosen = null
        asksForLock = false
        act {
            (stack.last() as? Place.Flow)?.let { look(it.flow) }
            show()
        }
    }

    /** A run's screen asks how far the run is when it opens; it shows what this phone knows where nobody answers. */
    private suspend fun look(flow: String) {
        try {
            wallet().refreshFlow(flow)
        } catch (_: WalletException.Offline) {
            states.update { it.copy(offline = true) }
        } catch (_: WalletException.FlowEnded) {
            // How it came out is shown.
        } catch (_: WalletException.Unknown) {
            // The gateway has not heard of it: it was begun without a network.
        }
    }

    /** Speaks with the gateway, then shows what is new. */
    fun refresh() = act {
        val place = stack.last()
        val online = wallet().sync().online
        if (online && place is Place.Flow) look(place.flow)
        if (online && place is Place.OnePermission) wallet().refreshHistory(place.mandate)
        states.update { it.copy(offline = !online) }
        show()
    }

    // Without a wallet.

    /** Tries once more to open the wallet, or leaves the page that offers to set the phone up again. */
    fun openAgain() = act { show() }

    /** Opens the wallet once the app is in front again: what kept it from opening may have passed, as a locked phone does. */
    internal fun openLater() {
        val problem = (states.value.shown as? Shown.Stuck)?.problem ?: return
        if (opened == null && problem.remedy != ProblemRemedy.SET_UP_AGAIN) openAgain()
    }

    /** Without its keys the old wallet opens nothing any more. */
    internal suspend fun eraseWallet() {
        contacting.withLock {
            opened = null
            phone.eraseWallet()
        }
        stack.clear()
        stack.addLast(Place.Home)
        // Another wallet has numbers of its own.
        heard = Heard()
        typing.clear()
        show()
    }

    // Enrolment.

    fun startEnrolment() = act {
        typing.start()
        show()
    }

    // Digits.

    fun type(digit: Int) = typed { typing.type(digit) }

    fun erase() = typed { typing.erase() }

    private fun typed(change: () -> Unit) {
        if (states.value.working) return
        change()
        val shown = typing.shown(states.value.shown)
        states.update { it.copy(shown = shown, problem = null) }
        if (typing.complete) act { complete(shown) }
    }

    /** Takes what was typed on this page, whichever page is open by now. */
    private suspend fun complete(shown: Shown) {
        when (shown) {
            is Shown.Enrol -> typing.nextPin { pin -> if (shown.anew) chooseNewPin(pin) else enrol(pin) }
            is Shown.Security ->
                typing.nextPassword { pin, password ->
                    wallet().setLockPassword(pin, password)
                    tell(Say("app.lock_password.done"))
                }
            is Shown.Flow -> typing.answer(shown.prompt.kind)?.let { submit(shown.prompt, it) }
            else -> Unit
        }
        show()
    }

    private suspend fun enrol(pin: ByteArray) {
        try {
            wallet().enrol(pin)
        } catch (error: WalletException.Biometric) {
            throw if (error.reason is BiometricException.NotEnrolled) Told(noBiometrics) else error
        }
        tell(Say("app.enrol.done.body"))
    }

    private suspend fun chooseNewPin(pin: ByteArray) {
        wallet().chooseNewPin(pin)
        heard.isDone { it is WalletEvent.Told && it.text == PIN_OPENED }
        stack.clear()
        stack.addLast(Place.Home)
        tell(Say("app.recovery.done"))
    }

    // What is entered, chosen or taken.

    fun enter(number: Int, words: String) = entry { typing.enter(number, words) }

    fun choosePerson(account: String) = entry { typing.choose(account) }

    fun takePicture() = act {
        val kind = (states.value.shown as? Shown.Flow)?.prompt?.kind
        val most = (kind as? PromptKind.Photos)?.mostBytes ?: (kind as? PromptKind.Recording)?.mostBytes ?: return@act
        try {
            phone.takePicture(most.toLong())?.let(typing::take)
        } catch (_: NoCamera) {
            throw Told(noCamera)
        }
        show()
    }

    fun retakePictures() = entry { typing.retake() }

    private fun entry(change: () -> Unit) {
        change()
        states.update { it.copy(shown = typing.shown(it.shown)) }
    }

    // Flows.

    /** The main action of the open step. */
    fun primary() {
        val prompt = (states.value.shown as? Shown.Flow)?.prompt ?: return
        when (val kind = prompt.kind) {
            is PromptKind.Jump -> phone.open(kind.link)
            else -> act { typing.answer(kind)?.let { submit(prompt, it) }; show() }
        }
    }

    fun sendAgain() {
        val prompt = (states.value.shown as? Shown.Flow)?.prompt ?: return
        act { submit(prompt, Answer.SendAgain); show() }
    }

    /** Leaves the flow; what it held stays held, and the flow can be gone on with. */
    fun quiet() {
        val prompt = (states.value.shown as? Shown.Flow)?.prompt ?: return
        act {
            wallet().cancelFlow(prompt.flow)
            leave()
        }
    }

    /** Closes the screen of a flow that asks for nothing more. */
    fun close() = act { leave() }

    private suspend fun leave() {
        if (stack.size > 1) stack.removeLast()
        typing.clear()
        show()
    }

    private suspend fun submit(prompt: Prompt, answer: Answer) {
        try {
            wallet().submit(prompt.flow, answer)
        } catch (error: WalletException.Refused) {
            throw if (answer is Answer.Code && error.code == "too_late") Told(expiredCode) else error
        } finally {
            answer.overwrite()
        }
        resumed = null
        typing.clear()
        val next = asked(wallet(), prompt.flow)
        // What was answered may have ended something: the gateway's half has to hear of it, and this phone of its end.
        if (next == null) states.update { it.copy(offline = !wallet().sync().online) }
        // A wrong code throws nothing: its step asks once more, with one try less.
        val left = next?.takeIf { answer is Answer.Code && it.step == prompt.step }?.attemptsLeft
        if (left != null) throw Told(wrongCode(left))
    }

    fun begin(definition: String, mandates: List<String>, wish: Wish? = null) = act {
        open(wallet().begin(definition, mandates, wish))
    }

    fun stop(mandates: List<String>) = act {
        chosen = null
        open(wallet().startRevoke(mandates))
    }

    internal suspend fun open(flow: String) {
        val place = Place.Flow(flow)
        stack.remove(place)
        stack.addLast(place)
        typing.clear()
        show()
    }

    // Permissions.

    fun switch(mandate: String, on: Boolean) = act {
        if (on) wallet().resume(listOf(mandate)) else wallet().pause(listOf(mandate))
        show()
        scope.launch { contact() }
    }

    /** Begins to choose several, changes the choice, or ends it with null. */
    fun choose(several: Set<String>?) {
        chosen = several
        // At once: the next choice builds on this one.
        states.update { state -> (state.shown as? Shown.Home)?.let { state.copy(shown = it.copy(chosen = several)) } ?: state }
    }

    // The lock.

    fun askForLock() = act {
        asksForLock = true
        if (stack.last() != Place.Security) stack.addLast(Place.Security)
        show()
    }

    fun lock() = act {
        val lock = wallet().lockNow()
        asksForLock = false
        states.update { it.copy(offline = !lock.told) }
        show()
    }

    /** Stops everything of a merchant or of a kind, what is allowed later included. */
    fun stopEverything(scope: StopScope) = act {
        wallet().stop(scope)
        show()
        this.scope.launch { contact() }
    }

    /** Answers for somebody who asked this payer to vouch. */
    fun vouch(approves: Boolean) = act {
        val place = stack.last() as? Place.Vouch ?: return@act
        wallet().vouch(place.flow, place.requester, place.purpose, approves)
        heard.isDone { it is WalletEvent.AskedToVouch && it.flow == place.flow && it.requester == place.requester }
        leave()
        tell(Say("app.vouch.sent"))
    }

    /** What helps after a failed call. */
    fun remedy(remedy: ProblemRemedy) =
        when (remedy) {
            ProblemRemedy.TRY_AGAIN -> refresh()
            ProblemRemedy.BEGIN_ANEW -> go(Place.Home)
            ProblemRemedy.OPEN_SETTINGS -> phone.openSettings()
            ProblemRemedy.SET_UP_AGAIN -> stuck(states.value.problem?.takeIf { it.remedy == remedy } ?: QUARANTINED)
            ProblemRemedy.UPDATE -> phone.update()
            ProblemRemedy.SUPPORT -> phone.support()
        }

    fun choosePassword() = act {
        typing.startPassword()
        show()
    }

    fun leaveSheet() = act {
        asksForLock = false
        typing.clear()
        show()
    }

    // Receipts.

    /** Checks the shown receipt once more; it needs no network. */
    fun checkReceipt() = act {
        val shown = states.value.shown as? Shown.Receipt ?: return@act
        val verdict = wallet().verifyReceipt(shown.slip.receipt.order)
        states.update { it.copy(shown = shown.copy(verdict = verdict)) }
    }

    fun shareReceipt() {
        val shown = states.value.shown as? Shown.Receipt ?: return
        scope.launch { handOver(shown.slip.receipt.order, shown.exported.receipt) }
    }

    // Inside.

    /** A failure that has words of its own. */
    internal class Told(val problem: Problem) : Exception()

    private fun tell(say: Say) = states.update { it.copy(told = say) }

    internal suspend fun wallet(): Wallet =
        opened ?: run {
            if (!phone.locks().screenLock) throw Told(noScreenLock)
            phone.openWallet().also { opened = it }
        }

    /** There is no wallet to go on with, or the payer wants another one. */
    private fun stuck(problem: Problem) =
        states.update { it.copy(working = waiting > 0, problem = null, shown = Shown.Stuck(problem)) }

    /** Does one thing after the other: while one is under way, the next waits for its turn. No button waits with it for a second tap. */
    internal fun act(work: suspend () -> Unit) {
        waiting++
        states.update { it.copy(working = true) }
        scope.launch {
            turn.withLock { work(work) }
        }
    }

    private suspend fun work(work: suspend () -> Unit) {
        states.update { it.copy(working = true, problem = null, told = null) }
        val problem =
            try {
                work()
                null
            } catch (error: WalletException) {
                if (error is WalletException.Offline) states.update { it.copy(offline = true) }
                problem(error)
            } catch (error: DeviceKeyException) {
                problem(WalletException.Keystore(error))
            } catch (told: Told) {
                told.problem
            }
        if (problem != null) {
            typing.forgetDigits()
            if (opened != null) runCatching { show() }
        }
        waiting--
        if (problem != null && opened == null) return stuck(problem)
        states.update { it.copy(working = waiting > 0, problem = problem) }
        acted.update { it + 1 }
    }

    internal suspend fun show() {
        val wallet = wallet()
        heard.hear(wallet)
        val enrolment = wallet.enrolment()
        typing.enrolling = enrolment == null
        val place = stack.last()
        val shown =
            if (enrolment == null) typing.enrol()
            else
                when (place) {
                    Place.Home -> Views.home(wallet, heard.news, chosen)
                    Place.Security -> Views.security(wallet, phone.locks(), asksForLock, typing.password())
                    Place.Recovery -> Views.recovery(wallet)
                    Place.Receipts -> Views.receipts(wallet)
                    // What is typed stays, whatever became of the last try.
                    Place.Offer -> states.value.shown as? Shown.ReadOffer ?: Shown.ReadOffer("")
                    Place.NewPin -> typing.newPin()
                    is Place.Limits -> limits(wallet, place.mandate)
                    is Place.OnePermission -> Views.permission(wallet, place.mandate)
                    is Place.Receipt -> Views.receipt(wallet, place.order)
                    is Place.Flow -> flow(wallet, place.flow)
                    is Place.Vouch -> Shown.Vouch(place.purpose, place.requester == enrolment.account)
                }
        states.update { it.copy(place = place, shown = asTyped(shown), sandbox = phone.sandbox) }
    }

    /** What was typed or chosen while a view was gathered counts, too. */
    private fun asTyped(shown: Shown): Shown = if (shown is Shown.Home) shown.copy(chosen = chosen) else typing.shown(shown)

    private suspend fun limits(wallet: Wallet, mandate: String): Shown {
        val typed = (states.value.shown as? Shown.ChangeLimits)?.takeIf { it.mandate == mandate }
        return typed ?: Shown.ChangeLimits(mandate, wallet.permission(mandate).permission.terms.limits)
    }

    private suspend fun flow(wallet: Wallet, flow: String): Shown {
        val asked = asked(wallet, flow)
        val prompt: Prompt = asked ?: wallet.closingPrompt(flow) ?: return gone()
        // What was typed for one step is no answer to another, to which the run may have gone by itself.
        val before = (states.value.shown as? Shown.Flow)?.prompt
        if (before?.flow == flow && before.step != prompt.step) typing.clear()
        val results = if (asked == null) Views.results(wallet, flow) else emptyList()
        return Shown.Flow(prompt, typing.entry(prompt.kind), results, resumed == flow)
    }

    /** The open step; nothing where the run has ended, however it did. */
    private suspend fun asked(wallet: Wallet, flow: String): Prompt? =
        try {
            wallet.nextPrompt(flow)
        } catch (_: WalletException.FlowEnded) {
            null
        }

    /** The flow is not on this phone any more: back to where it was begun. */
    private suspend fun gone(): Shown {
        if (stack.size > 1) stack.removeLast()
        return Views.home(wallet(), heard.news, null)
    }
}

package org.quittance

import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.quittance.testing.Stage

/** Coroutines that are cancelled, as an app's are when its screen goes: at every prompt of a flow. */
class CancelledCallersTest {
    @Test
    fun `signing survives a cancelled caller at every prompt`() = onPhone { stage, wallet ->
        val flow = wallet.startSign(stage.offer(), "en")
        assertEquals(listOf("consent", "identify", "payment_pin"), disturbed(stage, wallet, flow))
        // The last answer's caller was cancelled: the phone makes its half all the same.
        withTimeout(DEADLINE) { while (!wallet.mandates().single().canPay) delay(10) }
    }

    @Test
    fun `cancelling survives a cancelled caller at every prompt, and ends once`() = onPhone { stage, wallet ->
        val mandate = stage.sign(wallet)
        val flow = wallet.startRevoke(listOf(mandate))
        assertEquals(listOf("identify", "confirm", "payment_pin"), disturbed(stage, wallet, flow))
        wallet.sync()
        assertEquals(EndingStage.Closed(ClosureKind.TWO_SIDED), wallet.mandate(mandate).ending?.stage)
        assertEquals(1, wallet.receipts().size)
    }

    @Test
    fun `the long way survives a cancelled caller at every prompt`() = onPhone { stage, wallet ->
        val mandate = stage.sign(wallet)
        val flow = wallet.begin("mandate.cancel.service", listOf(mandate), null)
        val steps = disturbed(stage, wallet, flow)
        assertTrue(steps.size >= 4, "$steps")
        wallet.sync()
        assertTrue(wallet.closingPrompt(flow)?.kind is PromptKind.Scheduled)
    }

    /** Goes through a flow; at each prompt callers are cancelled first, in every way. The steps that were asked. */
    private suspend fun disturbed(stage: Stage, wallet: Wallet, flow: String): List<String> {
        val steps = mutableListOf<String>()
        while (true) {
            val prompt = wallet.nextPrompt(flow) ?: return steps
            if (!asksPayer(prompt)) {
                stage.sandbox.advance("PT1S")
                wallet.refreshFlow(flow)
                continue
            }
            steps += prompt.step
            whileThinking(wallet, flow, prompt)
            if (prompt.kind is PromptKind.Biometric) whileTheSheetIsUp(stage, wallet, flow, prompt)
            whileAnswering(stage, wallet, flow, prompt)
        }
    }

    /** The payer looks at the prompt, and the screen goes: nothing was said. */
    private suspend fun whileThinking(wallet: Wallet, flow: String, prompt: Prompt) = runBlocking {
        val shown = CompletableDeferred<Unit>()
        val screen = launch {
            wallet.answer(flow) {
                shown.complete(Unit)
                awaitCancellation()
            }
        }
        withTimeout(DEADLINE) { shown.await() }
        screen.cancelAndJoin()
        assertAsked(prompt, wallet.nextPrompt(flow))
    }

    /** The screen goes while the system's sheet is up, and the system takes the sheet away. */
    private suspend fun whileTheSheetIsUp(stage: Stage, wallet: Wallet, flow: String, prompt: Prompt) = runBlocking {
        val (up, away) = CompletableDeferred<Unit>() to CompletableDeferred<Unit>()
        stage.prompt.answerOnce {
            up.complete(Unit)
            away.await()
            throw BiometricException.UserCancelled()
        }
        val screen = launch { wallet.submit(flow, Answer.UseBiometric) }
        withTimeout(DEADLINE) { up.await() }
        screen.cancelAndJoin()
        assertAsked(prompt, wallet.nextPrompt(flow))
        away.complete(Unit)
        // The wallet hears of it on threads of its own; whatever it makes of it, the same is asked.
        repeat(LOOKS) {
            assertAsked(prompt, wallet.nextPrompt(flow))
            delay(1)
        }
    }

    /** The screen goes while the answer is on its way: it counts whole or not at all, and is never asked for twice at once. */
    private suspend fun whileAnswering(stage: Stage, wallet: Wallet, flow: String, prompt: Prompt) = runBlocking {
        val answer = stage.answer(wallet, prompt)
        val screen = launch(Dispatchers.Default, CoroutineStart.UNDISPATCHED) { wallet.submit(flow, answer) }
        screen.cancelAndJoin()
        withTimeout(DEADLINE) { while (wallet.nextPrompt(flow)?.step == prompt.step) delay(1) }
    }

    /** The same prompt again. When what follows will be is reckoned from now on, so that moment moves with the clock. */
    private fun assertAsked(prompt: Prompt, again: Prompt?) = assertEquals(withoutMoments(prompt), again?.let(::withoutMoments))

    private fun withoutMoments(prompt: Prompt): Prompt =
        prompt.copy(next = prompt.next.map { it.copy(arguments = emptyMap()) })

    private fun onPhone(test: suspend (Stage, Wallet) -> Unit) = runBlocking<Unit> {
        Stage().use { stage ->
            stage.open().use { wallet ->
                wallet.enrol(Stage.pin())
                test(stage, wallet)
            }
        }
    }

    private companion object {
        const val DEADLINE = 30_000L
        const val LOOKS = 20
    }
}

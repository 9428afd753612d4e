package org.quittance.demo

import android.app.Application
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.launch
import kotlinx.coroutines.sync.withLock
import kotlinx.coroutines.test.TestScope
import kotlinx.coroutines.test.UnconfinedTestDispatcher
import kotlinx.coroutines.test.runTest
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.quittance.Answer
import org.quittance.Enrolment
import org.quittance.EvidenceLevel
import org.quittance.KeyStoreKind
import org.quittance.NoHandle
import org.quittance.Prompt
import org.quittance.Wallet
import org.quittance.WalletNews
import org.quittance.demo.model.DemoModel
import org.quittance.demo.model.Shown
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode

/** One thing after the other: what a payer asks for while the app speaks with the gateway waits, and is done once. */
@OptIn(ExperimentalCoroutinesApi::class)
@RunWith(Runner::class)
@Config(application = Application::class)
@GraphicsMode(GraphicsMode.Mode.NATIVE)
class TurnsTest {
    private val wallet = Asking(prompt("code"), prompt("confirm"), prompt("confirm"))

    @Test
    fun `a tap that has to wait its turn leaves no button for another one`() = test { model ->
        val busy = CompletableDeferred<Unit>()
        val before = backgroundTurn(model, busy)
        model.sendAgain()
        assertTrue(model.state.value.working)
        assertEquals("it waits", emptyList<String>(), wallet.answers)
        busy.complete(Unit)
        before.join()
        assertEquals(listOf("SendAgain"), wallet.answers)
        assertFalse(model.state.value.working)
    }

    @Test
    fun `a key that is pressed after the last digit answers nothing on the page that comes next`() = test { model ->
        val busy = CompletableDeferred<Unit>()
        val before = backgroundTurn(model, busy)
        "4829137".forEach { model.type(it.digitToInt()) }
        busy.complete(Unit)
        before.join()
        assertEquals(listOf("Code"), wallet.answers)
        assertEquals("confirm", step(model))
        model.primary()
        assertEquals("control: a tap on that page does", listOf("Code", "Confirm"), wallet.answers)
    }

    @Test
    fun `digits of a step that the run has left by itself are no answer to the next one`() = test { model ->
        "482".forEach { model.type(it.digitToInt()) }
        assertEquals(3, (model.state.value.shown as Shown.Flow).entry.typedDigits)
        wallet.prompts[0] = wallet.prompts[0].copy(step = "another_code")
        model.openAgain()
        assertEquals(0, (model.state.value.shown as Shown.Flow).entry.typedDigits)
    }

    /** The app does something by itself, until it is let go. */
    private fun TestScope.backgroundTurn(model: DemoModel, busy: CompletableDeferred<Unit>) =
        backgroundScope.launch { model.turn.withLock { busy.await() } }

    private fun test(body: suspend TestScope.(DemoModel) -> Unit) = runTest(UnconfinedTestDispatcher()) {
        val phone =
            object : StillPhone() {
                override suspend fun openWallet() = wallet
            }
        body(DemoModel(phone, backgroundScope, listOf("flow/f")))
    }

    private fun step(model: DemoModel): String = (model.state.value.shown as Shown.Flow).prompt.step

    /** A wallet with one run, which asks for one thing after the other. */
    private class Asking(vararg prompts: Prompt) : Wallet(NoHandle) {
        val prompts = prompts.toMutableList()
        val answers = mutableListOf<String>()
        private val given get() = answers.count { it != "SendAgain" }

        override suspend fun enrolment() = Enrolment("acc", "dev", EvidenceLevel.E0, KeyStoreKind.SOFTWARE)

        override suspend fun news(shown: ULong?) = emptyList<WalletNews>()

        override suspend fun nextPrompt(flow: String) = prompts[given]

        override suspend fun submit(flow: String, answer: Answer) {
            answers += checkNotNull(answer::class.simpleName)
        }
    }

    private companion object {
        fun prompt(step: String): Prompt =
            (Samples.prompts.getValue(step).shown as Shown.Flow).prompt.copy(flow = "f", step = step)
    }
}

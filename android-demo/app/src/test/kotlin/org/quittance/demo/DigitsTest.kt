package org.quittance.demo

import android.app.Application
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.test.UnconfinedTestDispatcher
import kotlinx.coroutines.test.runTest
import org.junit.Assert.assertArrayEquals
import org.junit.Assert.assertEquals
import org.junit.Test
import org.junit.runner.RunWith
import org.quittance.Answer
import org.quittance.Enrolment
import org.quittance.EvidenceLevel
import org.quittance.KeyStoreKind
import org.quittance.NoHandle
import org.quittance.Prompt
import org.quittance.Wallet
import org.quittance.WalletException
import org.quittance.WalletNews
import org.quittance.demo.model.DemoModel
import org.quittance.demo.model.Shown
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode

/** Digits are in the app's memory until they are answered, and no longer. */
@OptIn(ExperimentalCoroutinesApi::class)
@RunWith(Runner::class)
@Config(application = Application::class)
@GraphicsMode(GraphicsMode.Mode.NATIVE)
class DigitsTest {
    @Test
    fun `the digits of an answer are overwritten, whether it is taken or not`() {
        for (step in listOf("payment_pin", "lock_password", "code")) {
            for (refusal in listOf(null, WalletException.WrongPin(3u), WalletException.Offline())) {
                val prompt = (Samples.prompts.getValue(step).shown as Shown.Flow).prompt
                val wallet = Asking(prompt, refusal)
                answers(wallet)
                assertEquals("$step: the control, what was said", TYPED, wallet.said)
                assertArrayEquals("$step, $refusal", ByteArray(TYPED.length), wallet.heard)
            }
        }
    }

    private fun answers(wallet: Wallet) = runTest(UnconfinedTestDispatcher()) {
        val phone =
            object : StillPhone() {
                override suspend fun openWallet() = wallet
            }
        val model = DemoModel(phone, backgroundScope, listOf("flow/f"))
        TYPED.forEach { model.type(it.digitToInt()) }
    }

    /** A wallet that asks for one thing for ever, and keeps hold of what it is answered. */
    private class Asking(private val prompt: Prompt, private val refusal: WalletException?) : Wallet(NoHandle) {
        var said = ""
        var heard = ByteArray(0)

        override suspend fun enrolment() = Enrolment("acc", "dev", EvidenceLevel.E0, KeyStoreKind.SOFTWARE)

        override suspend fun news(shown: ULong?) = emptyList<WalletNews>()

        override suspend fun nextPrompt(flow: String) = prompt

        override suspend fun submit(flow: String, answer: Answer) {
            heard =
                when (answer) {
                    is Answer.PaymentPin -> answer.pin
                    is Answer.LockPassword -> answer.password
                    is Answer.Code -> answer.code
                    else -> error("no digits")
                }
            said = String(heard)
            refusal?.let { throw it }
        }
    }

    private companion object {
        const val TYPED = "482913"
    }
}

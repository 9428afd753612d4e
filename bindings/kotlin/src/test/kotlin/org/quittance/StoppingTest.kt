package org.quittance

import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import org.quittance.testing.Stage
import org.quittance.testing.Stage.Companion.cny

/** A cancellation that does not go straight. */
class StoppingTest {
    //
    @Test
    fun `a wrong PIN is counted, and the right one goes on`() = withMandate { stage, wallet, mandate ->
        val flow = wallet.startRevoke(listOf(mandate))
        wallet.submit(flow, Answer.UseBiometric)
        wallet.submit(flow, Answer.Confirm)
        val wrong = Answer.PaymentPin("000000".toByteArray())
        val caught = assertThrows<WalletException.WrongPin> { wallet.submit(flow, wrong) }
        assertEquals(4u, caught.attemptsLeft)
        assertEquals(ErrorKind.AskAgain, errorKind(caught))
        val asked = wallet.nextPrompt(flow)
        assertEquals(PromptKind.PaymentPin(6u), asked?.kind)
        assertEquals(4u, asked?.attemptsLeft)
        assertEquals(listOf("payment_pin"), stage.walk(wallet, flow))
        wallet.sync()
        assertEquals(EndingStage.Closed(ClosureKind.TWO_SIDED), wallet.mandate(mandate).ending?.stage)
    }

    //
    @Test
    fun `stopping works offline, and holds at once`() = withMandate { stage, wallet, mandate ->
        wallet.payerPresentPermit(mandate, cny(1_00), "before")
        stage.goOffline()
        val flow = wallet.startRevoke(listOf(mandate))
        assertEquals(listOf("identify", "confirm"), stage.walk(wallet, flow))
        assertThrows<WalletException.NotPayable> { wallet.payerPresentPermit(mandate, cny(1_00), "after") }
        val report = wallet.sync()
        assertFalse(report.online)
        assertTrue(report.waiting > 0u)
        assertEquals(EndingStage.Waiting, wallet.mandate(mandate).ending?.stage)
        assertTrue(wallet.receipts().isEmpty())
    }

    //
    @Test
    fun `a pause ends with the payer's thumb, and its failure keeps it`() = withMandate { stage, wallet, mandate ->
        wallet.pause(listOf(mandate))
        assertEquals(listOf(HoldOwner.PAYER), wallet.mandate(mandate).holds)
        val held = stage.merchant.charge(mandate, cny(30_00), "ride-1")
        assertTrue(held.contains("mandate_held"), held)
        stage.prompt.answerOnce { throw BiometricException.TimedOut() }
        assertThrows<WalletException.Biometric> { wallet.resume(listOf(mandate)) }
        assertFalse(wallet.mandate(mandate).canPay)
        wallet.resume(listOf(mandate))
        val paid = stage.merchant.charge(mandate, cny(30_00), "ride-2")
        assertTrue(paid.contains("\"approved\""), paid)
    }

    private fun withMandate(test: suspend (Stage, Wallet, String) -> Unit) = runBlocking<Unit> {
        Stage().use { stage ->
            stage.open().use { wallet ->
                wallet.enrol(Stage.pin())
                test(stage, wallet, stage.sign(wallet))
            }
        }
    }
}

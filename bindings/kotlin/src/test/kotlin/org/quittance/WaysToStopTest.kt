package org.quittance

import java.time.Duration
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import org.quittance.testing.Stage
import org.quittance.testing.Stage.Companion.cny

/** A way to stop that asks for more, waits, and can be taken back; and one that asks for nothing. */
class WaysToStopTest {
    //
    @Test
    fun `the service route holds at once and can be undone, and a lock needs no answer`() = runBlocking<Unit> {
        Stage().use { stage ->
            stage.open().use { wallet ->
                wallet.enrol(Stage.pin())
                val mandate = stage.sign(wallet)
                val order = byService(stage, wallet, mandate)
                undone(stage, wallet, mandate, order)
                locked(stage, wallet, mandate)
            }
        }
    }

    private suspend fun byService(stage: Stage, wallet: Wallet, mandate: String): String {
        val route = wallet.cancellationRoutes(mandate).first { it.definition == SERVICE }
        assertNull(route.closed)
        assertEquals("PT24H", route.effective)
        assertEquals(FactorKind.SMS_OTP, route.factors.first())
        val flow = wallet.begin(SERVICE, listOf(mandate), null)
        val begun = checkNotNull(wallet.nextPrompt(flow))
        assertEquals(SERVICE, begun.definition)
        // What happens next, and when, in values that each language writes in its own way.
        assertEquals(TextArgument.Count(1uL), begun.body.arguments["count"])
        val ends = begun.next.last()
        assertEquals("next.ends_after", ends.key)
        assertEquals(TextArgument.Wait("PT24H"), ends.arguments["wait"])
        assertEquals(listOf(flow), wallet.openFlows())
        wallet.submit(flow, Answer.Confirm)

        // Held from here on, long before the end.
        val held = wallet.permissions()
        assertEquals(0u, held.on)
        assertEquals(listOf(HoldOwner.REVOCATION), held.permissions.single().holds.map { it.owner })
        assertThrows<WalletException.NotPayable> { wallet.payerPresentPermit(mandate, cny(1_00), "after") }
        assertTrue(stage.merchant.charge(mandate, cny(30_00), "held").contains("mandate_held"))

        val asked = wallet.nextPrompt(flow)?.kind as PromptKind.Code
        assertTrue(asked.validUntil > asked.resendFrom)
        assertThrows<WalletException.WrongAnswer> { wallet.submit(flow, Answer.Confirm) }
        assertEquals(listOf("auto_renewal_off", "id_document_upload", "face", "confirm_with_pin"), stage.walk(wallet, flow))
        wallet.sync()
        val closing = wallet.closingPrompt(flow)
        val scheduled = closing?.kind as PromptKind.Scheduled
        assertFalse(asksPayer(closing))
        assertEquals(listOf("because.complete"), closing.because.map { it.key })
        assertEquals(TextArgument.Moment(scheduled.undoUntil), closing.next.first().arguments["moment"])
        assertEquals(scheduled.undoUntil, wallet.permission(mandate).permission.undoUntil)
        val ending = ItemOutcome.Ending(EndingStage.Scheduled(scheduled.undoUntil))
        assertEquals(listOf(ItemResult(mandate, ending)), wallet.batchResults(flow))
        return scheduled.order
    }

    private suspend fun undone(stage: Stage, wallet: Wallet, mandate: String, order: String) {
        stage.sandbox.advance("PT23H")
        wallet.sync()
        val undo = wallet.begin("mandate.undo", emptyList(), Wish.UndoOrder(order))
        assertEquals(listOf("confirm", "identify"), stage.walk(wallet, undo))
        wallet.sync()
        assertEquals(PermissionGroup.ON, wallet.permission(mandate).permission.group)
        assertTrue(stage.merchant.charge(mandate, cny(30_00), "kept").contains("\"approved\""))
        wallet.refreshHistory(mandate)
        assertEquals(ChargeOutcome.Approved(cny(30_00)), wallet.permission(mandate).history.first().outcome)
    }

    private suspend fun locked(stage: Stage, wallet: Wallet, mandate: String) {
        val lock = wallet.lockNow()
        assertTrue(lock.told)
        assertEquals("payer", lock.trigger)
        assertEquals(Duration.ofHours(24), Duration.between(lock.since, lock.until))
        assertEquals(lock, wallet.lockState().lock)
        assertThrows<WalletException.NotPayable> { wallet.payerPresentPermit(mandate, cny(1_00), "locked") }
        assertTrue(stage.merchant.charge(mandate, cny(30_00), "locked").contains("\"declined\""))
    }

    private companion object {
        const val SERVICE = "mandate.cancel.service"
    }
}

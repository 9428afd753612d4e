package org.quittance

import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestInstance
import org.quittance.testing.Stage
import org.quittance.testing.Stage.Companion.cny

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ThreadTest {
    private val stage = Stage()

    @AfterAll
    fun close() = stage.close()

    //
    @Test
    fun `a mandate is signed, charged, cancelled, and leaves a receipt`() = runBlocking<Unit> {
        val (order, mandate) = stage.open().use { wallet ->
            assertNull(wallet.enrolment())
            val enrolment = wallet.enrol(Stage.pin())
            assertEquals(KeyStoreKind.SOFTWARE, enrolment.keyStore)
            assertEquals(EvidenceLevel.E0, enrolment.evidenceLevel)

            val offer = stage.offer()
            assertEquals("Bluebird Rides", wallet.readOffer(offer).terms.merchantName)
            val sign = wallet.startSign(offer, "en")
            assertEquals(listOf("consent", "identify", "payment_pin"), stage.walk(wallet, sign))
            val mandate = wallet.mandates().single()
            assertEquals(MandateState.ACTIVE, mandate.state)
            assertTrue(mandate.canPay)
            pays(mandate.mandate)
            wallet.sync()
            assertTrue(Stage.events(wallet).any { it is WalletEvent.Charged && it.amount == cny(30_00) })

            val permit = wallet.payerPresentPermit(mandate.mandate, cny(12_00), "till-7")
            assertApproved(stage.merchant.charge(mandate.mandate, cny(12_00), "till-7", permit))

            val cancel = wallet.startRevoke(listOf(mandate.mandate))
            assertEquals(listOf("identify", "confirm", "payment_pin"), stage.walk(wallet, cancel))
            wallet.sync()
            closed(wallet, mandate.mandate)
            wallet.receipts().single().order to mandate.mandate
        }
        // What is closed stays closed: the phone is started again.
        stage.open().use { wallet ->
            assertEquals(order, wallet.receipts().single().order)
            checkable(wallet.exportReceipt(order))
            val dead = stage.merchant.charge(mandate, cny(30_00), "ride-3")
            assertTrue(dead.contains("token_destroyed"), dead)
            wallet.sync()
            assertTrue(Stage.events(wallet).any { it is WalletEvent.DeadTokenUsed && it.uses == 1uL })
        }
    }

    private fun pays(mandate: String) {
        assertApproved(stage.merchant.charge(mandate, cny(30_00), "ride-1"))
        val above = stage.merchant.charge(mandate, cny(60_00), "ride-2")
        assertFalse(above.contains("approved"), above)
        assertTrue(above.contains("limit_exceeded") || above.contains("permit_amount"), above)
    }

    private suspend fun closed(wallet: Wallet, id: String) {
        val mandate = wallet.mandate(id)
        assertEquals(EndingStage.Closed(ClosureKind.TWO_SIDED), mandate.ending?.stage)
        assertEquals(HalfState.DESTROYED, mandate.phoneHalf)
        assertEquals(0u, mandate.permitsAhead)
        assertFalse(mandate.canPay)
        val told = Stage.events(wallet).filterIsInstance<WalletEvent.Closed>().single()
        assertEquals(listOf(id), told.mandates)
        val receipt = wallet.receipts().single()
        assertEquals(ClosureKind.TWO_SIDED, receipt.kind)
        assertEquals(TerminationCause.PAYER, receipt.cause)
    }

    private fun checkable(exported: ExportedReceipt) {
        assertTrue(exported.receipt.startsWith("c2sp.org/tlog-proof@v1\n"), exported.receipt)
        assertEquals(stage.config.logVkey, exported.logVkey)
        assertTrue(exported.entry.isNotEmpty())
        assertEquals(listOf("identify", "intent", "attestation"), exported.statements.map { it.name })
        assertTrue(exported.annexJson.startsWith("{") && exported.jwks.startsWith("{"))
    }

    private fun assertApproved(answer: String) = assertTrue(answer.contains("\"approved\""), answer)
}

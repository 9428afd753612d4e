package org.quittance

import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertInstanceOf
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import org.quittance.testing.Stage

/** The views that need no network, as they come across the boundary. */
class ViewsTest {
    //
    @Test
    fun `the phone, its check-up and its ways back come typed and with their words`() = withWallet { _, wallet ->
        val centre = wallet.security(PhoneFacts(screenLock = false, biometrics = false))
        val device = centre.devices.single()
        assertEquals(wallet.enrolment()?.device, device.device)
        assertEquals(List(3) { EvidenceReason.NO_CHAIN }, device.reasons.map { it.reason })
        assertEquals("evidence.no_chain", device.reasons.first().says.key)
        assertEquals(CheckupGroup.entries, centre.checkup.map { it.group })
        val found = centre.checkup.flatMap { it.findings }
        assertEquals(CheckupRemedy.OPEN_PHONE_SETTINGS, found.single { it.kind is FindingKind.NoScreenLock }.remedy)

        assertTrue(wallet.recoveryReadiness().ways.all { it.mayBegin && !it.ready })
        wallet.sync()
        val quiz = wallet.recoveryReadiness().ways.first { it.definition == "recovery.transaction_quiz" }
        assertEquals(NeedKind.Charges(0u, 20u), quiz.needs.single().kind)
    }

    //
    @Test
    fun `a receipt is checked again by its phone and by a stranger, and a changed one is refused`() =
        withWallet { stage, wallet ->
            val mandate = stage.sign(wallet)
            val agreed = wallet.permission(mandate).agreed
            assertNotNull(agreed.signedAt)
            assertTrue(agreed.onThisPhone)
            stage.walk(wallet, wallet.startRevoke(listOf(mandate)))
            wallet.sync()
            stage.goOffline()

            val order = wallet.receipts().single().order
            val own = assertInstanceOf(ReceiptVerdict.Valid::class.java, wallet.verifyReceipt(order)).receipt
            assertEquals(listOf(mandate), own.about?.mandates)
            assertEquals(2u, own.signedStatements)
            val exported = wallet.exportReceipt(order)
            fun check(receipt: String, key: String = exported.logVkey, jwks: String? = exported.jwks) =
                verifyReceipt(receipt, exported.annexJson, key, jwks)
            val theirs = assertInstanceOf(ReceiptVerdict.Valid::class.java, check(exported.receipt)).receipt
            assertEquals(own.place, theirs.place)
            assertEquals(2u, theirs.signedStatements)
            val told = assertInstanceOf(ReceiptVerdict.Valid::class.java, check(exported.receipt, jwks = null)).receipt
            assertEquals(0u, told.signedStatements)
            val index = exported.receipt.lines().single { it.startsWith("index ") }
            assertNotEquals("index 0", index)
            val changed = assertInstanceOf(ReceiptVerdict.Refused::class.java, check(exported.receipt.replace(index, "index 0")))
            assertEquals(ReceiptFlaw.NOT_IN_LOG, changed.flaw)
            assertEquals("receipt.flaw.not_in_log", changed.says.key)
            assertThrows<WalletException.Configuration> { check(exported.receipt, "no key") }
        }

    private fun withWallet(test: suspend (Stage, Wallet) -> Unit) = runBlocking<Unit> {
        Stage().use { stage ->
            stage.open().use { wallet ->
                wallet.enrol(Stage.pin())
                test(stage, wallet)
            }
        }
    }
}

package org.quittance

import java.nio.file.Path
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.BeforeEach
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestInstance
import org.junit.jupiter.api.assertThrows
import org.quittance.testing.ScriptedPrompt
import org.quittance.testing.SoftwareDeviceKeys
import org.quittance.testing.Stage

/** What crosses between native code and the library. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BoundaryTest {
    private val stage = Stage()

    // JUnit makes one object for all tests here; each test opens a phone of its own, with keys of its own.
    private lateinit var keys: SoftwareDeviceKeys
    private lateinit var prompt: ScriptedPrompt

    @BeforeEach
    fun `take a new phone`() {
        keys = SoftwareDeviceKeys()
        prompt = ScriptedPrompt(keys)
    }

    @AfterAll
    fun close() = stage.close()

    @Test
    fun `the quickstart ends with a receipt`() = runBlocking<Unit> {
        val exported = signThenStop(at("quickstart"), keys, prompt, Stage.pin(), stage.offer(), Stage::agree)
        val receipt = checkNotNull(exported).receipt
        assertTrue(receipt.startsWith("c2sp.org/tlog-proof@v1\n"), receipt)
        println("The token is destroyed on both sides. Its receipt:\n$receipt")
    }

    @Test
    fun `what a quickstart signed it stops, and nothing beside it`() = runBlocking<Unit> {
        val config = at("beside")
        val before =
            Wallet.open(config, keys, prompt).use { wallet ->
                wallet.enrol(Stage.pin())
                stage.sign(wallet)
            }
        signThenStop(config, keys, prompt, Stage.pin(), stage.offer(), Stage::agree)
        Wallet.open(config, keys, prompt).use { wallet ->
            val (on, stopped) = wallet.mandates().partition { it.canPay }
            assertEquals(listOf(before), on.map { it.mandate })
            assertEquals(1, stopped.size, "control: what it signed itself is stopped")
        }
    }

    @Test
    fun `a quickstart whose network goes while it stops has no receipt yet, and holds all the same`() = runBlocking<Unit> {
        Stage().use { stage ->
            val ask = { prompt: Prompt ->
                if (prompt.definition == "mandate.cancel.quick") stage.goOffline()
                Stage.agree(prompt)
            }
            assertNull(signThenStop(stage.config, stage.keys, stage.prompt, Stage.pin(), stage.offer(), ask))
            stage.open().use { wallet -> assertFalse(wallet.mandates().single().canPay) }
        }
    }

    @Test
    fun `input that cannot be used is named`() = runBlocking<Unit> {
        Wallet.open(at("input"), keys, prompt).use { wallet ->
            val flow = "flo_" + "0".repeat(32)
            val mandate = "man_" + "0".repeat(32)
            assertEquals("flow", assertThrows<WalletException.InvalidInput> { wallet.nextPrompt("x") }.member)
            assertEquals("flow", assertThrows<WalletException.Unknown> { wallet.nextPrompt(flow) }.what)
            val two = listOf(mandate, "man_1")
            assertEquals("mandates[1]", assertThrows<WalletException.InvalidInput> { wallet.startRevoke(two) }.member)
            val euro = Money(1, "euro")
            val amount = assertThrows<WalletException.InvalidInput> { wallet.payerPresentPermit(mandate, euro, "c") }
            assertEquals("amount.currency", amount.member)
            assertEquals("offer", assertThrows<WalletException.InvalidInput> { wallet.readOffer("no offer") }.member)
            assertEquals("pin", assertThrows<WalletException.InvalidInput> { wallet.enrol("12".toByteArray()) }.member)
            assertThrows<WalletException.NotEnrolled> { wallet.startRevoke(listOf(mandate)) }
        }
        val wrong = stage.config.copy(logVkey = "none")
        val caught = assertThrows<WalletException.Configuration> { Wallet.open(wrong, keys, prompt) }
        assertEquals("log_vkey", caught.member)
    }

    @Test
    fun `a folder is open in one wallet at a time`() = runBlocking<Unit> {
        val config = at("twice")
        Wallet.open(config, keys, prompt).use {
            val caught = assertThrows<WalletException.Storage> { Wallet.open(config, keys, prompt) }
            assertEquals(ErrorKind.Retry, errorKind(caught))
        }
        Wallet.open(config, keys, prompt).close()
    }

    @Test
    fun `a printed answer does not show the PIN`() {
        assertEquals("PaymentPin(…)", Answer.PaymentPin(Stage.pin()).toString())
    }

    /** Another phone of the stage, by the name of its folder. */
    private fun at(name: String): WalletConfig = stage.config.copy(dataDir = Path.of(stage.config.dataDir, name).toString())
}

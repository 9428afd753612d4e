package org.quittance

import java.nio.file.Path
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.TestInstance
import org.junit.jupiter.api.assertThrows
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.MethodSource
import org.quittance.testing.ScriptedPrompt
import org.quittance.testing.SoftwareDeviceKeys
import org.quittance.testing.Stage
import org.quittance.testing.TroubledKeys

/** What a keystore may throw in place of an answer, in each of its calls. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class KeystoreFaultsTest {
    private val stage = Stage()
    private var phones = 0

    @AfterAll
    fun close() = stage.close()

    /** A fault of the keystore's, and what the app owes its user where a signing key has it. */
    class Fault(val thrown: Throwable, val owed: ErrorKind) {
        override fun toString(): String = thrown.javaClass.simpleName
    }

    fun faults() = listOf(
        Fault(DeviceKeyException.KeyMissing(), ErrorKind.Reenrol),
        Fault(DeviceKeyException.KeyInvalidated(), ErrorKind.Reenrol),
        Fault(DeviceKeyException.HardwareUnavailable(), ErrorKind.Retry),
        Fault(DeviceKeyException.Locked(), ErrorKind.PhoneSettings),
        Fault(DeviceKeyException.Refused(), ErrorKind.Reenrol),
        Fault(DeviceKeyException.Unexpected(), ErrorKind.Support),
        Fault(IllegalStateException(PRIVATE), ErrorKind.Support),
    )

    @ParameterizedTest
    @MethodSource("faults")
    fun `a fault of a signing key arrives as its own type, and enrolment can be repeated`(fault: Fault) =
        runBlocking<Unit> {
            for (call in listOf("createKey", "publicKey", "sign")) {
                onNewPhone { keys, wallet ->
                    keys.trouble = call to fault.thrown
                    if (call == "publicKey") return@onNewPhone wallet.enrolsOrSays(fault)
                    val caught = assertThrows<WalletException.Keystore>(call) { wallet.enrol(Stage.pin()) }
                    assertIs(fault, caught)
                    assertNull(wallet.enrolment(), call)
                    keys.trouble = null
                    assertEquals(KeyStoreKind.SOFTWARE, wallet.enrol(Stage.pin()).keyStore)
                }
            }
        }

    @ParameterizedTest
    @MethodSource("faults")
    fun `a fault of the vault's key is a fault of storage, and nothing is lost by it`(fault: Fault) = runBlocking<Unit> {
        onNewPhone { keys, wallet ->
            wallet.enrol(Stage.pin())
            val mandate = stage.sign(wallet)
            // A revocation makes a new epoch: one key is made, the other one deleted.
            for (call in listOf("createEpochKey", "wrap")) {
                keys.trouble = call to fault.thrown
                val flow = wallet.startRevoke(listOf(mandate))
                runCatching { stage.walk(wallet, flow) }.onFailure { isTyped(it, call) }
                runCatching { wallet.sync() }.onFailure { isTyped(it, call) }
                assertFalse(wallet.receipts().any(), call)
                assertFalse(wallet.mandate(mandate).canPay, call)
            }
            assertTrue(keys.failed > 0)
            keys.trouble = null
            stage.walk(wallet, wallet.startRevoke(listOf(mandate)))
            wallet.sync()
            assertEquals(EndingStage.Closed(ClosureKind.TWO_SIDED), wallet.mandate(mandate).ending?.stage)
        }
    }

    @ParameterizedTest
    @MethodSource("faults")
    fun `a wallet that cannot open its vault says so, and opens once it can`(fault: Fault) = runBlocking<Unit> {
        val (config, keys) = newPhone()
        val prompt = ScriptedPrompt(SoftwareDeviceKeys())
        Wallet.open(config, keys, prompt).close()
        for (call in listOf("unwrap", "epochKeyExists")) {
            keys.trouble = call to fault.thrown
            val before = keys.failed
            val caught = runCatching { Wallet.open(config, keys, prompt).close() }.exceptionOrNull()
            if (keys.failed > before) isTyped(checkNotNull(caught) { "$call of $fault was not noticed" }, call)
        }
        keys.trouble = null
        Wallet.open(config, keys, prompt).use { assertTrue(it.mandates().isEmpty()) }
    }

    private suspend fun Wallet.enrolsOrSays(fault: Fault) {
        val caught = runCatching { enrol(Stage.pin()) }.exceptionOrNull() ?: return
        assertIs(fault, caught as WalletException.Keystore)
    }

    private fun assertIs(fault: Fault, caught: WalletException.Keystore) {
        val expected = fault.thrown as? DeviceKeyException ?: DeviceKeyException.Unexpected()
        assertEquals(expected::class, caught.reason::class)
        assertEquals(fault.owed, errorKind(caught))
        assertFalse(caught.message.contains(PRIVATE))
    }

    private fun isTyped(caught: Throwable, call: String) {
        assertTrue(caught is WalletException.Storage || caught is WalletException.Keystore, "$call: $caught")
        assertFalse("$caught".contains(PRIVATE))
    }

    private fun assertNull(value: Any?, call: String) = assertEquals(null, value, call)

    private suspend fun onNewPhone(test: suspend (TroubledKeys, Wallet) -> Unit) {
        val (config, keys) = newPhone()
        Wallet.open(config, keys, ScriptedPrompt(software)).use { test(keys, it) }
    }

    private lateinit var software: SoftwareDeviceKeys

    private fun newPhone(): Pair<WalletConfig, TroubledKeys> {
        software = SoftwareDeviceKeys()
        phones += 1
        val folder = Path.of(stage.config.dataDir, "phone-$phones")
        return stage.config.copy(dataDir = folder.toString()) to TroubledKeys(software)
    }

    private companion object {
        const val PRIVATE = "what an exception says is nobody's business"
    }
}

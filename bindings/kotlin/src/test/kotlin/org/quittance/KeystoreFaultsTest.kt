package org.quittance

import java.nio.file.Path
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestInstance
import org.junit.jupiter.api.assertThrows
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.MethodSource
import org.quittance.testing.ScriptedPrompt
import org.quittance.testing.SoftwareDeviceKeys
import org.quittance.testing.Stage
import org.quittance.testing.TroubledKeys

/** What a keystore may throw in place of an answer, in each of its calls that the library makes. */
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
            for (call in listOf("createKey", "sign")) {
                onNewPhone { phone, wallet ->
                    assertIs(fault, phone.keys.failing(call, fault) { wallet.enrol(Stage.pin()) })
                    assertNull(wallet.enrolment(), call)
                    assertEquals(KeyStoreKind.SOFTWARE, wallet.enrol(Stage.pin()).keyStore)
                }
            }
        }

    @ParameterizedTest
    @MethodSource("faults")
    fun `where one key cannot be made, the next enrolment makes all of them for its own challenge`(fault: Fault) =
        runBlocking<Unit> {
            for (alias in KeyAlias.entries) {
                onNewPhone { phone, wallet ->
                    phone.keys.troubled = alias
                    if (says(fault, alias)) {
                        val caught = phone.keys.failing<WalletException>("createKey", fault) { wallet.enrol(Stage.pin()) }
                        if (fault.thrown is DeviceKeyException.KeyMissing && alias == KeyAlias.BIOMETRIC) {
                            assertEquals(ErrorKind.PhoneSettings, errorKind(caught))
                        } else {
                            assertIs(fault, caught as WalletException.Keystore)
                        }
                        assertNull(wallet.enrolment(), "$alias")
                        assertTrue(phone.keys.challenges.isEmpty(), "$alias: what was made is ended")
                    }
                    wallet.enrol(Stage.pin())
                    assertEquals(KeyAlias.entries.toSet(), phone.keys.challenges.keys)
                    assertEquals(1, phone.keys.challenges.values.distinct().size, "$alias")
                }
            }
        }

    @Test
    fun `a phone that can have no passcode key is enrolled without it`() = runBlocking<Unit> {
        onNewPhone { phone, wallet ->
            phone.keys.troubled = KeyAlias.PASSCODE
            phone.keys.trouble = "createKey" to DeviceKeyException.KeyMissing()
            wallet.enrol(Stage.pin())
            assertEquals(setOf(KeyAlias.DEVICE, KeyAlias.BIOMETRIC), phone.keys.challenges.keys.toSet())
        }
    }

    @ParameterizedTest
    @MethodSource("faults")
    fun `keys that were refused and cannot be deleted are not introduced again`(fault: Fault) = runBlocking<Unit> {
        onNewPhone { phone, wallet ->
            phone.keys.chain = listOf("no chain of anybody's".toByteArray())
            assertThrows<WalletException.Refused> { wallet.enrol(Stage.pin()) }
            phone.keys.chain = emptyList()
            val refused = phone.software.publicKey(KeyAlias.DEVICE)
            assertIs(fault, phone.keys.failing("deleteKey", fault) { wallet.enrol(Stage.pin()) })
            assertNull(wallet.enrolment())
            wallet.enrol(Stage.pin())
            assertFalse(refused.contentEquals(phone.software.publicKey(KeyAlias.DEVICE)))
        }
    }

    @ParameterizedTest
    @MethodSource("faults")
    fun `a keystore that cannot tell what it is counts as software`(fault: Fault) = runBlocking<Unit> {
        onNewPhone { phone, wallet ->
            phone.keys.kind = KeyStoreKind.HARDWARE
            phone.keys.trouble = "describe" to fault.thrown
            assertEquals(KeyStoreKind.SOFTWARE, wallet.enrol(Stage.pin()).keyStore)
            assertTrue(phone.keys.failed > 0)
            phone.keys.trouble = null
            assertEquals(KeyStoreKind.HARDWARE, wallet.enrolment()?.keyStore)
        }
    }

    @ParameterizedTest
    @MethodSource("faults")
    fun `what fails while a token is destroyed claims nothing, and the order closes once it can`(fault: Fault) =
        runBlocking<Unit> {
            onNewPhone { phone, wallet ->
                wallet.enrol(Stage.pin())
                for (call in destroying(fault)) {
                    val mandate = stage.sign(wallet)
                    val receipts = wallet.receipts()
                    Stage.events(wallet)
                    val flow = wallet.startRevoke(listOf(mandate))
                    // The prompt begins an epoch of its own, and is not what fails here.
                    wallet.submit(flow, Answer.UseBiometric)
                    val old = phone.software.newestEpoch()
                    // The first time as the end of the flow, then as what is left of it.
                    phone.keys.failing<WalletException.Storage>(call, fault) { stage.walk(wallet, flow) }
                    phone.keys.failing<WalletException.Storage>(call, fault) { wallet.sync() }
                    assertEquals(EndingStage.Ordered, wallet.mandate(mandate).ending?.stage, call)
                    assertFalse(wallet.mandate(mandate).canPay, call)
                    assertEquals(receipts, wallet.receipts(), call)
                    assertFalse(Stage.events(wallet).any { it is WalletEvent.Closing || it is WalletEvent.Closed }, call)
                    if (call == "deleteEpochKey") assertTrue(phone.software.epochKeyExists(old))

                    assertEquals(listOf(mandate), wallet.sync().closed, call)
                    assertEquals(EndingStage.Closed(ClosureKind.TWO_SIDED), wallet.mandate(mandate).ending?.stage, call)
                    assertEquals(receipts.size + 1, wallet.receipts().size, call)
                    assertFalse(phone.software.epochKeyExists(old), call)
                }
            }
        }

    @ParameterizedTest
    @MethodSource("faults")
    fun `a wallet that cannot open its vault says so, and opens once it can`(fault: Fault) = runBlocking<Unit> {
        for (call in listOf("createEpochKey", "wrap")) opensAfter(call, fault, newPhone())
        val known = newPhone()
        known.open().close()
        for (call in listOf("epochKeyExists", "unwrap")) opensAfter(call, fault, known)
    }

    /** Whether a fault of this key ends an enrolment: where there is no screen lock, there is no passcode key. */
    private fun says(fault: Fault, alias: KeyAlias) =
        !(fault.thrown is DeviceKeyException.KeyMissing && alias == KeyAlias.PASSCODE)

    /**
     * What a destruction asks the keystore for. That the deleted key opens nothing is tried with `unwrap`: that it is gone is
     * the answer to be had there, and no answer is no proof.
     */
    private fun destroying(fault: Fault): List<String> =
        listOf("createEpochKey", "wrap", "deleteEpochKey", "epochKeyExists") +
            listOf("unwrap").filter { fault.owed != ErrorKind.Reenrol }

    /** What is thrown while a call of the keystore fails, as it must; afterwards the keystore is honest again. */
    private suspend inline fun <reified T : WalletException> TroubledKeys.failing(
        call: String,
        fault: Fault,
        use: () -> Unit,
    ): T {
        val before = failed
        trouble = call to fault.thrown
        val caught = assertThrows<T>(call) { use() }
        trouble = null
        assertTrue(failed > before, "$call was not asked for")
        assertFalse("$caught".contains(PRIVATE))
        return caught
    }

    private suspend fun opensAfter(call: String, fault: Fault, phone: Phone) {
        phone.keys.failing<WalletException.Storage>(call, fault) { phone.open().close() }
        phone.open().use { assertTrue(it.mandates().isEmpty(), call) }
    }

    private fun assertIs(fault: Fault, caught: WalletException.Keystore) {
        val expected = fault.thrown as? DeviceKeyException ?: DeviceKeyException.Unexpected()
        assertEquals(expected::class, caught.reason::class)
        assertEquals(fault.owed, errorKind(caught))
    }

    private suspend fun onNewPhone(test: suspend (Phone, Wallet) -> Unit) {
        val phone = newPhone()
        phone.open().use { test(phone, it) }
    }

    private fun newPhone(): Phone {
        phones += 1
        val folder = Path.of(stage.config.dataDir, "phone-$phones")
        return Phone(stage.config.copy(dataDir = folder.toString()))
    }

    /** A phone whose keystore may fail; [software] is the same one when it does not. */
    private class Phone(private val config: WalletConfig) {
        val software = SoftwareDeviceKeys()
        val keys = TroubledKeys(software)

        suspend fun open(): Wallet = Wallet.open(config, keys, ScriptedPrompt(software))
    }

    private companion object {
        const val PRIVATE = "what an exception says is nobody's business"
    }
}

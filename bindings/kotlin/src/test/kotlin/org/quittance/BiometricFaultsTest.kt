package org.quittance

import kotlin.reflect.KClass
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.BeforeAll
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestInstance
import org.junit.jupiter.api.assertThrows
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.MethodSource
import org.quittance.testing.SoftwareDeviceKeys
import org.quittance.testing.Stage

/** What native code may answer in place of a signature, each in the first step of a cancellation. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BiometricFaultsTest {
    private val stage = Stage()
    private lateinit var wallet: Wallet
    private lateinit var mandate: String

    @BeforeAll
    fun open() = runBlocking<Unit> {
        wallet = stage.open()
        wallet.enrol(Stage.pin())
        mandate = stage.sign(wallet)
    }

    @AfterEach
    fun `leave the cancellation`() = runBlocking<Unit> {
        wallet.cancelFlow(wallet.startRevoke(listOf(mandate)))
        wallet.resume(listOf(mandate))
        assertTrue(wallet.mandate(mandate).canPay)
    }

    @AfterAll
    fun close() {
        wallet.close()
        stage.close()
    }

    /** A fault as native code throws it, what the app catches, and what the app owes its user. */
    class Fault(val thrown: Throwable, val caught: KClass<out BiometricException>, val owed: ErrorKind) {
        override fun toString(): String = thrown.javaClass.simpleName
    }

    /** Three of them count as failures of one day: with a fourth the flow would ask for something else. */
    fun faults() = listOf(
        Fault(BiometricException.UserCancelled(), BiometricException.UserCancelled::class, ErrorKind.AskAgain),
        Fault(BiometricException.TimedOut(), BiometricException.TimedOut::class, ErrorKind.AskAgain),
        Fault(BiometricException.NotRecognised(1u), BiometricException.NotRecognised::class, ErrorKind.AskAgain),
        Fault(BiometricException.LockedOut(false), BiometricException.LockedOut::class, ErrorKind.Wait(null)),
        Fault(BiometricException.LockedOut(true), BiometricException.LockedOut::class, ErrorKind.PhoneSettings),
        Fault(BiometricException.NotEnrolled(), BiometricException.NotEnrolled::class, ErrorKind.PhoneSettings),
        Fault(BiometricException.HardwareUnavailable(), BiometricException.HardwareUnavailable::class, ErrorKind.Retry),
        Fault(BiometricException.KeyInvalidated(), BiometricException.KeyInvalidated::class, ErrorKind.Reenrol),
        Fault(BiometricException.KeyMissing(), BiometricException.KeyMissing::class, ErrorKind.Reenrol),
        Fault(IllegalStateException(PRIVATE), BiometricException.Unexpected::class, ErrorKind.Support),
    )

    @ParameterizedTest
    @MethodSource("faults")
    fun `a fault arrives as its own type, and the flow goes on where it was`(fault: Fault) = runBlocking<Unit> {
        val flow = wallet.startRevoke(listOf(mandate))
        stage.prompt.answerOnce { throw fault.thrown }
        val caught = assertThrows<WalletException.Biometric> { submit(flow) }
        assertEquals(fault.caught, caught.reason::class)
        assertEquals(fault.owed, errorKind(caught))
        (caught.reason as? BiometricException.NotRecognised)?.let { assertEquals(1u, it.failures) }
        assertFalse(caught.message.contains(PRIVATE))
        nothingMoved(flow)
        submit(flow)
        assertEquals("confirm", wallet.nextPrompt(flow)?.step)
    }

    //
    @Test
    fun `an empty answer gets nowhere`() = getsNowhere { ByteArray(0) }

    //
    @Test
    fun `garbage gets nowhere`() = getsNowhere { ByteArray(70) { 0x30 } }

    //
    @Test
    fun `a signature of before gets nowhere`() = getsNowhere { stage.prompt.signatures.last() }

    //
    @Test
    fun `a signature by another key gets nowhere`() =
        getsNowhere { SoftwareDeviceKeys.sign(SoftwareDeviceKeys.newPair(), it.challenge) }

    //
    @Test
    fun `a signature by the device key gets nowhere`() =
        getsNowhere { stage.keys.signAfterPrompt(KeyAlias.DEVICE, it.challenge) }

    @Test
    fun `a caller that stops waiting does not stop the work`() = runBlocking<Unit> {
        val flow = wallet.startRevoke(listOf(mandate))
        val (shown, signature) = CompletableDeferred<BiometricRequest>() to CompletableDeferred<ByteArray>()
        stage.prompt.answerOnce {
            shown.complete(it)
            signature.await()
        }
        val caller = launch { submit(flow) }
        val request = withTimeout(DEADLINE) { shown.await() }
        caller.cancel()
        caller.join()
        signature.complete(stage.keys.signAfterPrompt(request.alias, request.challenge))
        withTimeout(DEADLINE) { while (wallet.nextPrompt(flow)?.step != "confirm") delay(10) }
    }

    /** The control is the end: the same flow takes an honest signature over its challenge. */
    private fun getsNowhere(answer: suspend (BiometricRequest) -> ByteArray) = runBlocking<Unit> {
        val flow = wallet.startRevoke(listOf(mandate))
        stage.prompt.answerOnce(answer)
        val caught = assertThrows<WalletException.ProofInvalid> { submit(flow) }
        assertEquals(ErrorKind.AskAgain, errorKind(caught))
        nothingMoved(flow)
        submit(flow)
        assertEquals("confirm", wallet.nextPrompt(flow)?.step)
    }

    private suspend fun submit(flow: String) = wallet.submit(flow, Answer.UseBiometric)

    private suspend fun nothingMoved(flow: String) {
        assertEquals("identify", wallet.nextPrompt(flow)?.step)
        assertTrue(wallet.mandate(mandate).canPay)
    }

    private companion object {
        const val PRIVATE = "what an exception says is nobody's business"
        const val DEADLINE = 20_000L
    }
}

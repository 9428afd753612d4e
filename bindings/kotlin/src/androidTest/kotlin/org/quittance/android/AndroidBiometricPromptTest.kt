package org.quittance.android

import android.app.Application
import android.hardware.biometrics.BiometricManager.Authenticators
import android.hardware.biometrics.BiometricPrompt as Platform
import android.hardware.biometrics.BiometricPrompt.CryptoObject
import android.os.CancellationSignal
import android.os.Looper
import android.security.keystore.KeyPermanentlyInvalidatedException
import android.security.keystore.UserNotAuthenticatedException
import java.security.KeyStore
import java.security.ProviderException
import java.security.Signature
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Deferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext
import kotlinx.coroutines.yield
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNotNull
import org.junit.Assert.assertNull
import org.junit.Assert.assertSame
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.quittance.BiometricException
import org.quittance.BiometricRequest
import org.quittance.KeyAlias
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config
import org.robolectric.shadows.ShadowBiometricPrompt

@RunWith(RobolectricTestRunner::class)
@Config(application = Application::class)
class AndroidBiometricPromptTest {
    private val context = RuntimeEnvironment.getApplication()
    private val challenge = ByteArray(32) { 7 }
    private val request = BiometricRequest(KeyAlias.BIOMETRIC, challenge, "t", "r")

    @Before
    fun install() {
        StandInKeystore.install()
        onBackground { AndroidDeviceKeys(context).createKey(KeyAlias.BIOMETRIC, challenge) }
    }

    @After
    fun remove() = StandInKeystore.remove()

    @Test
    fun `what the sheet gives back signs the challenge`() {
        val answer = sign { listener, crypto -> listener.succeeded(crypto) }
        assertTrue(isSignedBy("quittance.biometric", answer))
    }

    @Test
    fun `a second user's sheet signs with the second user's key, and asks for no other's`() {
        val second = AndroidDeviceKeys(context, "second")
        val prompt = prompt(second) { listener, crypto -> listener.succeeded(crypto) }
        assertThrows("the first user's key stands", BiometricException.KeyMissing::class.java) {
            runBlocking { prompt.sign(request) }
        }
        onBackground { second.createKey(KeyAlias.BIOMETRIC, challenge) }
        val answer = runBlocking { prompt.sign(request) }
        assertTrue(isSignedBy("second.biometric", answer))
        assertFalse(isSignedBy("quittance.biometric", answer))
    }

    @Test
    fun `a success without the signature is refused`() {
        assertThrows(BiometricException.Unexpected::class.java) { sign { listener, _ -> listener.succeeded(null) } }
    }

    @Test
    fun `one that is not recognised keeps the sheet open, and is counted where the payer gives up`() {
        sign { listener, crypto ->
            listener.notRecognised()
            listener.succeeded(crypto)
        }
        val twice =
            assertThrows(BiometricException.NotRecognised::class.java) {
                sign { listener, _ ->
                    repeat(2) { listener.notRecognised() }
                    listener.ended(Platform.BIOMETRIC_ERROR_USER_CANCELED)
                }
            }
        assertEquals(2u, twice.failures)
        assertThrows(BiometricException.UserCancelled::class.java) {
            sign { listener, _ -> listener.ended(Platform.BIOMETRIC_ERROR_USER_CANCELED) }
        }
    }

    @Test
    fun `every code has its meaning`() {
        val meant = (-1..40).associateWith { SheetEnd.meaning(it, 0u) }
        fun codes(of: (BiometricException) -> Boolean) = meant.filterValues(of).keys.sorted()
        assertEquals(listOf(-1, 10), codes { it is BiometricException.UserCancelled })
        assertEquals(listOf(3, 5), codes { it is BiometricException.TimedOut })
        assertEquals(listOf(7), codes { it is BiometricException.LockedOut && !it.permanent })
        assertEquals(listOf(9), codes { it is BiometricException.LockedOut && it.permanent })
        assertEquals(listOf(11, 14), codes { it is BiometricException.NotEnrolled })
        assertEquals(listOf(1, 2, 4, 12, 15), codes { it is BiometricException.HardwareUnavailable })
        assertEquals((0..40).filter { it !in MEANT }, codes { it is BiometricException.Unexpected })
        assertTrue(SheetEnd.meaning(Platform.BIOMETRIC_ERROR_LOCKOUT, 5u) is BiometricException.LockedOut)
    }

    @Test
    fun `a lost, ended or locked key is told before any sheet is shown`() {
        var shown = 0
        val prompt = prompt { _, _ -> shown++ }
        val meanings =
            listOf(
                KeyPermanentlyInvalidatedException() to BiometricException.KeyInvalidated::class.java,
                // The phone was locked meanwhile: nobody failed.
                UserNotAuthenticatedException() to BiometricException.TimedOut::class.java,
                ProviderException("busy") to BiometricException.HardwareUnavailable::class.java,
            )
        for ((failing, meaning) in meanings) {
            StandInKeystore.failing = failing
            assertThrows(meaning) { runBlocking { prompt.sign(request) } }
        }
        StandInKeystore.failing = null
        val passcode = request.copy(alias = KeyAlias.PASSCODE)
        assertThrows(BiometricException.KeyMissing::class.java) { runBlocking { prompt.sign(passcode) } }
        assertEquals(0, shown)
    }

    @Test
    fun `a caller that gives up closes the sheet`() = runBlocking<Unit> {
        var open: CancellationSignal? = null
        val prompt = AndroidBiometricPrompt({ _, _, _, cancelled, _ -> open = cancelled }, AndroidDeviceKeys(context)) { WORDS }
        val waiting = launch(Dispatchers.Unconfined, CoroutineStart.UNDISPATCHED) { prompt.sign(request) }
        withContext(Dispatchers.IO) { while (open == null) Thread.onSpinWait() }
        waiting.cancelAndJoin()
        assertTrue(checkNotNull(open).isCanceled)
    }

    @Test
    fun `the system's sheet carries the signature, and each of its answers arrives`() {
        val heard = Heard()
        val (words, strong) = WORDS to Authenticators.BIOMETRIC_STRONG
        fun show() {
            SystemSheet(context).show(words, strong, CryptoObject(anySignature()), CancellationSignal(), heard)
            idle()
            assertNotNull(ShadowBiometricPrompt.getCurrentPrompt())
        }
        show()
        ShadowBiometricPrompt.failCurrentSessionOnce()
        ShadowBiometricPrompt.authenticateCurrentSessionSuccessfully()
        idle()
        // Robolectric's sheet gives no signature back, which is just what has to be refused.
        assertEquals(listOf("not recognised", "succeeded without"), heard.all)
        show()
        ShadowBiometricPrompt.authenticateCurrentSessionWithError(Platform.BIOMETRIC_ERROR_LOCKOUT, "text")
        idle()
        assertEquals("ended ${Platform.BIOMETRIC_ERROR_LOCKOUT}", heard.all.last())
    }

    @Test
    fun `words that are blank are said by their keys, and the way out by the system`() = runBlocking<Unit> {
        val prompt = AndroidBiometricPrompt(context, AndroidDeviceKeys(context)) { SheetWords("", " ", "") }
        val waiting = async(Dispatchers.IO) { runCatching { prompt.sign(request) } }
        val sheet = shown(waiting)
        assertEquals(listOf("t", "r"), listOf(sheet.title, sheet.description))
        assertEquals(context.getString(android.R.string.cancel), sheet.negativeButtonText)
        ShadowBiometricPrompt.authenticateCurrentSessionWithError(Platform.BIOMETRIC_ERROR_USER_CANCELED, "text")
        idle()
        assertTrue(waiting.await().exceptionOrNull() is BiometricException.UserCancelled)
    }

    @Test
    fun `a sheet that the system does not build is told, and ends nothing else`() {
        val heard = Heard()
        val crypto = CryptoObject(anySignature())
        // The system asks for a title; with one of these authenticators it asks for a way out, too.
        val untitled = WORDS.copy(title = "") to Authenticators.BIOMETRIC_STRONG
        val closed = WORDS to Authenticators.BIOMETRIC_WEAK
        for ((words, authenticators) in listOf(untitled, closed)) {
            SystemSheet(context).show(words, authenticators, crypto, CancellationSignal(), heard)
            idle()
        }
        assertEquals(listOf("refused", "refused"), heard.all)
        assertThrows(BiometricException.Unexpected::class.java) { sign { listener, _ -> listener.refused() } }
    }

    /** The sheet, once it is on the screen. */
    private suspend fun shown(waiting: Deferred<*>): Platform {
        while (ShadowBiometricPrompt.getCurrentPrompt() == null && waiting.isActive) {
            idle()
            yield()
        }
        return checkNotNull(ShadowBiometricPrompt.getCurrentPrompt()) { "it ended before" }
    }

    private class Heard : SheetListener {
        val all = mutableListOf<String>()

        override fun succeeded(crypto: CryptoObject?) {
            all += if (crypto == null) "succeeded without" else "succeeded with"
        }

        override fun notRecognised() {
            all += "not recognised"
        }

        override fun ended(code: Int) {
            all += "ended $code"
        }

        override fun refused() {
            all += "refused"
        }
    }

    private fun prompt(
        keys: AndroidDeviceKeys = AndroidDeviceKeys(context),
        answer: (SheetListener, CryptoObject) -> Unit,
    ) = AndroidBiometricPrompt({ _, _, crypto, _, listener -> answer(listener, crypto) }, keys) { WORDS }

    private fun sign(answer: (SheetListener, CryptoObject) -> Unit): ByteArray =
        runBlocking { prompt(answer = answer).sign(request) }

    private fun isSignedBy(entry: String, signature: ByteArray): Boolean {
        val store = KeyStore.getInstance(StandInKeystore.NAME).apply { load(null) }
        return Signature.getInstance("SHA256withECDSA").run {
            initVerify(store.getCertificate(entry).publicKey)
            update(challenge)
            verify(signature)
        }
    }

    private fun anySignature() = Signature.getInstance("SHA256withECDSA")

    private fun idle() = shadowOf(Looper.getMainLooper()).idle()

    private fun onBackground(work: () -> Unit) = runBlocking { async(Dispatchers.IO) { work() }.await() }

    private companion object {
        val WORDS = SheetWords("Stop these charges", "Confirm that you want to stop.", "Not now")
        val MEANT = listOf(1, 2, 3, 4, 5, 7, 9, 10, 11, 12, 14, 15)
    }
}

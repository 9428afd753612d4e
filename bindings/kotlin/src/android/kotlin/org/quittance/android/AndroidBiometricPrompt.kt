package org.quittance.android

import android.content.Context
import android.hardware.biometrics.BiometricManager.Authenticators
import android.hardware.biometrics.BiometricPrompt.CryptoObject
import android.os.Build
import android.os.CancellationSignal
import androidx.annotation.RequiresApi
import java.security.PrivateKey
import java.security.Signature
import kotlin.coroutines.resume
import kotlin.coroutines.resumeWithException
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.suspendCancellableCoroutine
import kotlinx.coroutines.withContext
import org.quittance.BiometricException
import org.quittance.BiometricPrompt
import org.quittance.BiometricRequest
import org.quittance.DeviceKeyException
import org.quittance.KeyAlias

/**
 * The words of the system's sheet. Android shows none where a word is missing, so a blank title or reason becomes the key of
 * its text, and a blank way out the system's own word.
 */
data class SheetWords(val title: String, val reason: String, val wayOut: String)

/**
 * Android's own sheet for a finger or a face, or for the lock screen's secret.
 *
 * What it answers is a signature that the keystore made for this one sheet: the sheet carries the signature, and one that
 * comes back without it is refused. A finger that is not recognised does not close the sheet, it is counted; where the
 * payer then gives up, the count is told.
 *
 * The wallet calls on threads of its own; the sheet is shown on the main thread, over whichever activity is in front. A process
 * that ends while the sheet is open has used a try.
 *
 * @param keys the wallet's own, one of which signs
 * @param words the sheet's words for the keys of a request; asked on a background thread
 */
@RequiresApi(Build.VERSION_CODES.R)
class AndroidBiometricPrompt internal constructor(
    private val sheet: Sheet,
    keys: AndroidDeviceKeys,
    private val words: (BiometricRequest) -> SheetWords,
) : BiometricPrompt {
    /** [context] is the application, never an activity: the wallet outlives every one of them. */
    constructor(
        context: Context,
        keys: AndroidDeviceKeys,
        words: (BiometricRequest) -> SheetWords,
    ) : this(SystemSheet(context), keys, words)

    private val entries = keys.entries

    override suspend fun sign(request: BiometricRequest): ByteArray {
        val begun = withContext(Dispatchers.IO) { asked { begin(request.alias) } }
        val allowed = ask(request, begun)
        return withContext(Dispatchers.IO) {
            asked {
                allowed.update(request.challenge)
                allowed.sign()
            }
        }
    }

    private fun begin(alias: KeyAlias): Signature {
        val key = entries.key(entries.of(alias)) as? PrivateKey ?: throw DeviceKeyException.KeyMissing()
        return Signature.getInstance(AndroidDeviceKeys.ECDSA).apply { initSign(key) }
    }

    private suspend fun ask(request: BiometricRequest, signature: Signature): Signature =
        suspendCancellableCoroutine { waiting ->
            val cancelled = CancellationSignal()
            waiting.invokeOnCancellation { cancelled.cancel() }
            val listener =
                object : SheetListener {
                    private var failures = 0u

                    override fun succeeded(crypto: CryptoObject?) {
                        if (!waiting.isActive) return
                        // Never the one that was passed in: only what the sheet gives back was allowed.
                        val allowed = crypto?.signature
                        if (allowed == null) waiting.resumeWithException(BiometricException.Unexpected())
                        else waiting.resume(allowed)
                    }

                    override fun notRecognised() {
                        failures++
                    }

                    override fun ended(code: Int) {
                        if (waiting.isActive) waiting.resumeWithException(SheetEnd.meaning(code, failures))
                    }

                    override fun refused() {
                        if (waiting.isActive) waiting.resumeWithException(BiometricException.Unexpected())
                    }
                }
            sheet.show(wordsOf(request), authenticators(request.alias), CryptoObject(signature), cancelled, listener)
        }

    private fun wordsOf(request: BiometricRequest): SheetWords {
        val said = words(request)
        return said.copy(title = said.title.ifBlank { request.titleKey }, reason = said.reason.ifBlank { request.reasonKey })
    }

    private companion object {
        fun authenticators(alias: KeyAlias): Int =
            if (alias == KeyAlias.PASSCODE) Authenticators.DEVICE_CREDENTIAL else Authenticators.BIOMETRIC_STRONG

        /** The prompt's own word for what the keystore said. */
        fun fromKeystore(failure: DeviceKeyException): BiometricException =
            when (failure) {
                is DeviceKeyException.KeyMissing -> BiometricException.KeyMissing()
                is DeviceKeyException.KeyInvalidated -> BiometricException.KeyInvalidated()
                is DeviceKeyException.HardwareUnavailable -> BiometricException.HardwareUnavailable()
                // The phone was locked before the sheet, or behind it: nobody failed.
                is DeviceKeyException.Locked -> BiometricException.TimedOut()
                is DeviceKeyException.Refused,
                is DeviceKeyException.Unexpected,
                -> BiometricException.Unexpected()
            }

        inline fun <T> asked(work: () -> T): T =
            try {
                speaking(work)
            } catch (failure: DeviceKeyException) {
                throw fromKeystore(failure)
            }
    }
}

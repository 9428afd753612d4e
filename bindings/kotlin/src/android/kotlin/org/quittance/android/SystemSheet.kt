package org.quittance.android

import android.content.Context
import android.hardware.biometrics.BiometricManager.Authenticators
import android.hardware.biometrics.BiometricPrompt
import android.hardware.biometrics.BiometricPrompt.AuthenticationCallback
import android.hardware.biometrics.BiometricPrompt.AuthenticationResult
import android.hardware.biometrics.BiometricPrompt.CryptoObject
import android.os.Build
import android.os.CancellationSignal
import androidx.annotation.RequiresApi
import org.quittance.BiometricException

/** What a sheet tells while it is open, on the main thread. */
internal interface SheetListener {
    /** Recognised; what the sheet was given comes back, or nothing where the platform gives nothing. */
    fun succeeded(crypto: CryptoObject?)

    /** Not recognised; the sheet stays open. */
    fun notRecognised()

    /** Closed without success, with the platform's code. */
    fun ended(code: Int)

    /** The platform shows none: it threw. */
    fun refused()
}

/** A sheet of the system; tests put one of their own in its place. */
internal fun interface Sheet {
    fun show(
        words: SheetWords,
        authenticators: Int,
        crypto: CryptoObject,
        cancelled: CancellationSignal,
        listener: SheetListener,
    )
}

/** Android's own. */
@RequiresApi(Build.VERSION_CODES.R)
internal class SystemSheet(private val context: Context) : Sheet {
    override fun show(
        words: SheetWords,
        authenticators: Int,
        crypto: CryptoObject,
        cancelled: CancellationSignal,
        listener: SheetListener,
    ) {
        context.mainExecutor.execute {
            if (cancelled.isCanceled) return@execute
            try {
                built(words, authenticators, listener).authenticate(crypto, cancelled, context.mainExecutor, Callback(listener))
            } catch (_: RuntimeException) {
                // Whatever it is: thrown here, on the main thread, it would end the app, and the wallet would wait for ever.
                listener.refused()
            }
        }
    }

    private fun built(words: SheetWords, authenticators: Int, listener: SheetListener): BiometricPrompt =
        BiometricPrompt.Builder(context).run {
            setTitle(words.title)
            setDescription(words.reason)
            setAllowedAuthenticators(authenticators)
            // A face that is seen by chance allows nothing: the payer confirms.
            setConfirmationRequired(true)
            // The lock screen's sheet brings a way out of its own, and refuses another.
            if (authenticators == Authenticators.BIOMETRIC_STRONG) {
                val wayOut = words.wayOut.ifBlank { context.getString(android.R.string.cancel) }
                setNegativeButton(wayOut, context.mainExecutor) { _, _ -> listener.ended(SheetEnd.WAY_OUT) }
            }
            build()
        }

    private class Callback(private val listener: SheetListener) : AuthenticationCallback() {
        override fun onAuthenticationSucceeded(result: AuthenticationResult) = listener.succeeded(result.cryptoObject)

        override fun onAuthenticationFailed() = listener.notRecognised()

        override fun onAuthenticationError(code: Int, text: CharSequence?) = listener.ended(code)
    }
}

/** What the codes mean with which a sheet closes. */
@RequiresApi(Build.VERSION_CODES.R)
internal object SheetEnd {
    /** The sheet's own way out; the platform has no code for it. */
    const val WAY_OUT = -1

    /** Codes of newer Androids, which older ones do not name. */
    private const val SECURITY_UPDATE_REQUIRED = 15

    /** The meaning of a code after so many failures: where somebody was looked at in vain, that is what is told. */
    fun meaning(code: Int, failures: UInt): BiometricException =
        when (code) {
            WAY_OUT, BiometricPrompt.BIOMETRIC_ERROR_USER_CANCELED -> unless(failures) { BiometricException.UserCancelled() }
            // Closed by the platform: nobody acted, or another app came in front.
            BiometricPrompt.BIOMETRIC_ERROR_TIMEOUT,
            BiometricPrompt.BIOMETRIC_ERROR_CANCELED,
            -> unless(failures) { BiometricException.TimedOut() }
            BiometricPrompt.BIOMETRIC_ERROR_LOCKOUT -> BiometricException.LockedOut(permanent = false)
            BiometricPrompt.BIOMETRIC_ERROR_LOCKOUT_PERMANENT -> BiometricException.LockedOut(permanent = true)
            BiometricPrompt.BIOMETRIC_ERROR_NO_BIOMETRICS,
            BiometricPrompt.BIOMETRIC_ERROR_NO_DEVICE_CREDENTIAL,
            -> BiometricException.NotEnrolled()
            BiometricPrompt.BIOMETRIC_ERROR_HW_UNAVAILABLE,
            BiometricPrompt.BIOMETRIC_ERROR_HW_NOT_PRESENT,
            BiometricPrompt.BIOMETRIC_ERROR_UNABLE_TO_PROCESS,
            BiometricPrompt.BIOMETRIC_ERROR_NO_SPACE,
            SECURITY_UPDATE_REQUIRED,
            -> BiometricException.HardwareUnavailable()
            // BIOMETRIC_ERROR_VENDOR, and what future versions add.
            else -> BiometricException.Unexpected()
        }

    private fun unless(failures: UInt, nobody: () -> BiometricException): BiometricException =
        if (failures > 0u) BiometricException.NotRecognised(failures) else nobody()
}

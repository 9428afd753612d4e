package org.quittance.android

import android.os.Build
import android.os.Looper
import android.security.KeyStoreException as PlatformFailure
import android.security.keystore.KeyPermanentlyInvalidatedException
import android.security.keystore.UserNotAuthenticatedException
import java.io.IOException
import java.security.GeneralSecurityException
import java.security.Key
import java.security.KeyStore
import java.security.ProviderException
import javax.crypto.AEADBadTagException
import org.quittance.DeviceKeyException
import org.quittance.KeyAlias

/** Android's keystore as this package names its entries: one set of keys for each wallet's [name]. */
internal class KeystoreEntries(private val name: String) {
    private val store: KeyStore by lazy { KeyStore.getInstance(PROVIDER).apply { load(null) } }

    /** The entry of a signing key. */
    fun of(alias: KeyAlias): String =
        "$name." +
            when (alias) {
                KeyAlias.DEVICE -> "device"
                KeyAlias.BIOMETRIC -> "biometric"
                KeyAlias.PASSCODE -> "passcode"
            }

    /** The entry of an epoch's wrapping key. */
    fun of(epoch: ULong): String = "$name.epoch.$epoch"

    /** Every entry of this name, and of no other that begins with it: a wallet may be called "quittance.work". */
    fun all(): List<String> = store.aliases().toList().filter { it in signing || isOfAnEpoch(it) }

    private val signing = KeyAlias.entries.map { of(it) }

    private fun isOfAnEpoch(entry: String): Boolean =
        entry.removePrefix("$name.epoch.").toULongOrNull()?.let { of(it) } == entry

    /**
     * Whether an entry stands, whatever its state. A keystore that fails to say is a failure: no answer is no proof.
     *
     * `containsAlias` would be shorter, and answers every fault by "no".
     */
    fun stands(entry: String): Boolean =
        try {
            key(entry) != null
        } catch (_: KeyPermanentlyInvalidatedException) {
            true
        }

    /** The key of an entry, or nothing. */
    fun key(entry: String): Key? = store.getKey(entry, null)

    /** The certificates of an entry, leaf first. */
    fun chain(entry: String): List<java.security.cert.Certificate> = store.getCertificateChain(entry)?.toList().orEmpty()

    /** Ends an entry, and looks whether it is gone. */
    fun delete(entry: String) {
        store.deleteEntry(entry)
        if (stands(entry)) throw DeviceKeyException.HardwareUnavailable()
    }

    companion object {
        /** The provider's name, which is also the store's type. */
        const val PROVIDER = "AndroidKeyStore"

        /** The keystore may take seconds, so a screen that called it would stand still. */
        fun requireBackground() =
            check(!Looper.getMainLooper().isCurrentThread) { "the keystore is not for the main thread" }
    }
}

/** Does what speaks with the keystore; every failure becomes one of the few that the wallet knows, without its text. */
internal inline fun <T> speaking(work: () -> T): T {
    KeystoreEntries.requireBackground()
    return try {
        work()
    } catch (failure: GeneralSecurityException) {
        throw known(failure)
    } catch (failure: ProviderException) {
        throw known(failure)
    } catch (failure: IOException) {
        throw known(failure)
    }
}

/**
 * What a keystore's failure means: the most telling of it and its causes.
 *
 * None means that a key is missing: of that the keystore tells by no key at all, and by an `UnrecoverableKeyException` of
 * faults that another try may cure.
 */
internal fun known(failure: Throwable): DeviceKeyException {
    for (cause in generateSequence(failure) { it.cause }.take(MOST_CAUSES)) {
        when (cause) {
            is DeviceKeyException -> return cause
            is KeyPermanentlyInvalidatedException -> return DeviceKeyException.KeyInvalidated()
            is UserNotAuthenticatedException -> return DeviceKeyException.Locked()
            is AEADBadTagException -> return DeviceKeyException.Refused()
        }
        if (isOfLockedPhone(cause)) return DeviceKeyException.Locked()
    }
    return DeviceKeyException.HardwareUnavailable()
}

/**
 * Whether a key waits for the phone to be unlocked. Of that the keystore tells by a number alone, which older Androids keep
 * to themselves.
 */
private fun isOfLockedPhone(cause: Throwable): Boolean =
    Build.VERSION.SDK_INT >= Build.VERSION_CODES.TIRAMISU &&
        cause is PlatformFailure &&
        cause.numericErrorCode == PlatformFailure.ERROR_USER_AUTHENTICATION_REQUIRED

/** A chain of causes is short; one that bites its tail ends here. */
private const val MOST_CAUSES = 8

package org.quittance.scenario

import java.util.concurrent.ConcurrentHashMap
import org.quittance.BiometricException
import org.quittance.BiometricPrompt
import org.quittance.BiometricRequest
import org.quittance.CreatedKey
import org.quittance.DeviceKeyException
import org.quittance.DeviceKeys
import org.quittance.KeyAlias
import org.quittance.PhoneFacts

/**
 * A phone's screen lock with its fingers, as they decide about keys and the prompt. As on Android: a key that asks for a lock
 * is not made where there is none, ends with the screen lock, and the biometric one with another finger.
 */
class PhoneLocks {
    /** Keys that still stand, and sign no more. */
    private val ended = ConcurrentHashMap.newKeySet<KeyAlias>()

    /** What the platform tells an app of them; a finger that comes after there was none is another one. */
    var facts = PhoneFacts(screenLock = true, biometrics = true)
        set(changed) {
            if (!changed.screenLock) ended += listOf(KeyAlias.BIOMETRIC, KeyAlias.PASSCODE)
            if (changed.biometrics && !field.biometrics) ended += KeyAlias.BIOMETRIC
            field = changed
        }

    /** Keys that are gone do not stand any more, ended or not. */
    fun forgetKeys() = ended.clear()

    /** A keystore behind these locks. */
    fun before(keys: DeviceKeys): DeviceKeys =
        object : DeviceKeys by keys {
            override fun createKey(alias: KeyAlias, challenge: ByteArray): CreatedKey {
                val allowed =
                    when (alias) {
                        KeyAlias.DEVICE -> true
                        KeyAlias.BIOMETRIC -> facts.screenLock && facts.biometrics
                        KeyAlias.PASSCODE -> facts.screenLock
                    }
                if (!allowed) throw DeviceKeyException.KeyMissing()
                return keys.createKey(alias, challenge)
            }

            override fun deleteKey(alias: KeyAlias) {
                keys.deleteKey(alias)
                ended -= alias
            }
        }

    /** A prompt behind these locks. */
    fun before(prompt: BiometricPrompt): BiometricPrompt =
        object : BiometricPrompt {
            override suspend fun sign(request: BiometricRequest): ByteArray {
                if (request.alias in ended) throw BiometricException.KeyInvalidated()
                if (request.alias == KeyAlias.BIOMETRIC && !facts.biometrics) throw BiometricException.NotEnrolled()
                return prompt.sign(request)
            }
        }
}

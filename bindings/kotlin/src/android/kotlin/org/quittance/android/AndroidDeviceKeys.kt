package org.quittance.android

import android.content.Context
import android.content.pm.PackageManager
import android.os.Build
import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyInfo
import android.security.keystore.KeyProperties
import android.security.keystore.StrongBoxUnavailableException
import androidx.annotation.RequiresApi
import androidx.annotation.WorkerThread
import java.math.BigInteger
import java.nio.ByteBuffer
import java.security.InvalidAlgorithmParameterException
import java.security.KeyFactory
import java.security.KeyPairGenerator
import java.security.PrivateKey
import java.security.ProviderException
import java.security.Signature
import java.security.interfaces.ECPublicKey
import java.security.spec.AlgorithmParameterSpec
import java.security.spec.ECGenParameterSpec
import javax.crypto.Cipher
import javax.crypto.KeyGenerator
import javax.crypto.SecretKey
import javax.crypto.spec.GCMParameterSpec
import org.quittance.CreatedKey
import org.quittance.DeviceKeyException
import org.quittance.DeviceKeys
import org.quittance.KeyAlias
import org.quittance.KeyStoreKind

/**
 * The wallet's keys in Android's keystore, in StrongBox where the phone has one.
 *
 * From Android 15 on every key can be used on an unlocked phone only. Below, the device key and the epochs' keys work on a
 * locked phone too: there such a condition also keeps them from a payer who unlocked the phone by a weak face or by a trust
 * agent, and the keys end when the screen lock is removed. The biometric key asks for a strong biometric each time and ends
 * when a new finger or face is enrolled; the passcode key asks for the lock screen's secret each time. The wallet calls on
 * threads of its own; a call on the main thread is refused, because the keystore may take seconds.
 *
 * @param name stands in front of every entry, so that two wallets of one app do not share keys
 */
@RequiresApi(Build.VERSION_CODES.R)
@WorkerThread
class AndroidDeviceKeys(context: Context, name: String = "quittance") : DeviceKeys {
    internal val entries = KeystoreEntries(name)
    private val strongBox = context.packageManager.hasSystemFeature(PackageManager.FEATURE_STRONGBOX_KEYSTORE)

    /** Whether Android keeps that condition without ending keys or refusing them to a payer who unlocked the phone. */
    private val onUnlockedPhoneOnly = Build.VERSION.SDK_INT >= Build.VERSION_CODES.VANILLA_ICE_CREAM

    override fun createKey(alias: KeyAlias, challenge: ByteArray): CreatedKey = speaking {
        val entry = entries.of(alias)
        if (!entries.stands(entry)) {
            makeOrKnow { inStrongBox -> generatePair(signing(entry, alias, challenge, inStrongBox)) }
        }
        val chain = entries.chain(entry)
        // The keystore tells of a fault at reading by no chain; `KeyMissing` would say that this phone can have no such key.
        val public = chain.firstOrNull()?.publicKey as? ECPublicKey ?: throw DeviceKeyException.HardwareUnavailable()
        CreatedKey(point(public), chain.map { it.encoded })
    }

    /** The SEC 1 point of a key; nothing where there is no such key. */
    internal fun publicKey(alias: KeyAlias): ByteArray? = speaking {
        (entries.chain(entries.of(alias)).firstOrNull()?.publicKey as? ECPublicKey)?.let(::point)
    }

    override fun sign(alias: KeyAlias, message: ByteArray): ByteArray = speaking {
        Signature.getInstance(ECDSA).run {
            initSign(private(alias))
            update(message)
            sign()
        }
    }

    override fun deleteKey(alias: KeyAlias) = speaking { entries.delete(entries.of(alias)) }

    override fun createEpochKey(epoch: ULong) = speaking {
        val entry = entries.of(epoch)
        if (!entries.stands(entry)) {
            makeOrKnow { inStrongBox -> generateSecret(wrapping(entry, inStrongBox)) }
        }
    }

    override fun wrap(epoch: ULong, plain: ByteArray): ByteArray = speaking {
        val cipher = Cipher.getInstance(AES_GCM)
        // The keystore draws the nonce itself, and refuses one that is given.
        cipher.init(Cipher.ENCRYPT_MODE, secret(epoch))
        cipher.updateAAD(bytes(epoch))
        cipher.iv + cipher.doFinal(plain)
    }

    override fun unwrap(epoch: ULong, wrapped: ByteArray): ByteArray = speaking {
        if (wrapped.size < NONCE_BYTES + TAG_BITS / Byte.SIZE_BITS) throw DeviceKeyException.Refused()
        val cipher = Cipher.getInstance(AES_GCM)
        cipher.init(Cipher.DECRYPT_MODE, secret(epoch), GCMParameterSpec(TAG_BITS, wrapped, 0, NONCE_BYTES))
        cipher.updateAAD(bytes(epoch))
        cipher.doFinal(wrapped, NONCE_BYTES, wrapped.size - NONCE_BYTES)
    }

    override fun deleteEpochKey(epoch: ULong) = speaking { entries.delete(entries.of(epoch)) }

    override fun epochKeyExists(epoch: ULong): Boolean = speaking { entries.stands(entries.of(epoch)) }

    /** Hardware where the device key's own description says so; without one nothing is claimed. */
    override fun describe(): KeyStoreKind = speaking {
        val key = entries.key(entries.of(KeyAlias.DEVICE)) ?: return@speaking KeyStoreKind.SOFTWARE
        val info = KeyFactory.getInstance(key.algorithm, KeystoreEntries.PROVIDER).getKeySpec(key, KeyInfo::class.java)
        if (inHardware(info)) KeyStoreKind.HARDWARE else KeyStoreKind.SOFTWARE
    }

    /**
     * Deletes every key of this name: what is left of a wallet that opens no more. Close the wallet first, and call this on a
     * background thread.
     *
     * Keys that a new finger or a removed screen lock has ended still stand in the keystore; a new wallet would meet them.
     */
    fun forget() = speaking { entries.all().forEach(entries::delete) }

    private fun signing(
        entry: String,
        alias: KeyAlias,
        challenge: ByteArray,
        inStrongBox: Boolean,
    ): KeyGenParameterSpec =
        KeyGenParameterSpec.Builder(entry, KeyProperties.PURPOSE_SIGN).run {
            setAlgorithmParameterSpec(ECGenParameterSpec(P_256))
            setDigests(KeyProperties.DIGEST_SHA256)
            setAttestationChallenge(challenge)
            setUnlockedDeviceRequired(onUnlockedPhoneOnly)
            setIsStrongBoxBacked(inStrongBox)
            when (alias) {
                KeyAlias.DEVICE -> Unit
                KeyAlias.BIOMETRIC -> {
                    setUserAuthenticationRequired(true)
                    setUserAuthenticationParameters(EACH_TIME, KeyProperties.AUTH_BIOMETRIC_STRONG)
                    setInvalidatedByBiometricEnrollment(true)
                }
                KeyAlias.PASSCODE -> {
                    setUserAuthenticationRequired(true)
                    setUserAuthenticationParameters(EACH_TIME, KeyProperties.AUTH_DEVICE_CREDENTIAL)
                }
            }
            build()
        }

    private fun wrapping(entry: String, inStrongBox: Boolean): KeyGenParameterSpec =
        KeyGenParameterSpec.Builder(entry, KeyProperties.PURPOSE_ENCRYPT or KeyProperties.PURPOSE_DECRYPT).run {
            setKeySize(AES_BITS)
            setBlockModes(KeyProperties.BLOCK_MODE_GCM)
            setEncryptionPaddings(KeyProperties.ENCRYPTION_PADDING_NONE)
            setUnlockedDeviceRequired(onUnlockedPhoneOnly)
            setIsStrongBoxBacked(inStrongBox)
            build()
        }

    /**
     * Makes a key in StrongBox; where that is refused, in the phone's other secure hardware.
     *
     * A StrongBox that is full, busy or does not know the algorithm refuses with either exception. One that fails for
     * another reason fails again without StrongBox, and that failure counts.
     */
    private fun makeOrKnow(make: (inStrongBox: Boolean) -> Unit) {
        try {
            if (strongBox) {
                try {
                    return make(true)
                } catch (_: StrongBoxUnavailableException) {
                    // Below: without.
                } catch (_: ProviderException) {
                    // Below: without.
                }
            }
            make(false)
        } catch (_: InvalidAlgorithmParameterException) {
            // No lock screen, or no biometrics: such a key cannot be on this phone.
            throw DeviceKeyException.KeyMissing()
        } catch (_: IllegalStateException) {
            throw DeviceKeyException.KeyMissing()
        }
    }

    private fun generatePair(spec: AlgorithmParameterSpec) {
        KeyPairGenerator.getInstance(KeyProperties.KEY_ALGORITHM_EC, KeystoreEntries.PROVIDER).run {
            initialize(spec)
            generateKeyPair()
        }
    }

    private fun generateSecret(spec: AlgorithmParameterSpec) {
        KeyGenerator.getInstance(KeyProperties.KEY_ALGORITHM_AES, KeystoreEntries.PROVIDER).run {
            init(spec)
            generateKey()
        }
    }

    private fun private(alias: KeyAlias): PrivateKey =
        entries.key(entries.of(alias)) as? PrivateKey ?: throw DeviceKeyException.KeyMissing()

    private fun secret(epoch: ULong): SecretKey =
        entries.key(entries.of(epoch)) as? SecretKey ?: throw DeviceKeyException.KeyMissing()

    companion object {
        internal const val ECDSA = "SHA256withECDSA"
        private const val P_256 = "secp256r1"
        private const val AES_GCM = "AES/GCM/NoPadding"
        private const val AES_BITS = 256
        private const val TAG_BITS = 128
        private const val NONCE_BYTES = 12
        private const val COORDINATE_BYTES = 32

        /** An authentication counts for one use. */
        private const val EACH_TIME = 0

        private fun bytes(epoch: ULong): ByteArray = ByteBuffer.allocate(ULong.SIZE_BYTES).putLong(epoch.toLong()).array()

        private fun inHardware(info: KeyInfo): Boolean =
            if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.S) {
                when (info.securityLevel) {
                    KeyProperties.SECURITY_LEVEL_STRONGBOX,
                    KeyProperties.SECURITY_LEVEL_TRUSTED_ENVIRONMENT,
                    KeyProperties.SECURITY_LEVEL_UNKNOWN_SECURE,
                    -> true
                    else -> false
                }
            } else {
                @Suppress("DEPRECATION")
                info.isInsideSecureHardware
            }

        /** The uncompressed point: 04, x, y. */
        private fun point(key: ECPublicKey): ByteArray =
            byteArrayOf(4) + coordinate(key.w.affineX) + coordinate(key.w.affineY)

        private fun coordinate(value: BigInteger): ByteArray {
            val bytes = value.toByteArray()
            // A sign byte in front, or leading zeros that are left out.
            val digits = bytes.copyOfRange((bytes.size - COORDINATE_BYTES).coerceAtLeast(0), bytes.size)
            return ByteArray(COORDINATE_BYTES - digits.size) + digits
        }
    }
}

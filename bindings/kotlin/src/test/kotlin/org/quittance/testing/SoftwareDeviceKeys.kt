package org.quittance.testing

import java.math.BigInteger
import java.nio.ByteBuffer
import java.security.GeneralSecurityException
import java.security.KeyPair
import java.security.KeyPairGenerator
import java.security.SecureRandom
import java.security.Signature
import java.security.interfaces.ECPublicKey
import java.security.spec.ECGenParameterSpec
import java.util.concurrent.ConcurrentHashMap
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
 * A phone's keystore in software, for tests on a plain JVM: evidence level E0, no more.
 *
 * The keys are in memory and live as long as this object: a test that closes a wallet and opens it again keeps the object.
 */
class SoftwareDeviceKeys : DeviceKeys {
    private val pairs = ConcurrentHashMap<KeyAlias, KeyPair>()
    private val epochs = ConcurrentHashMap<ULong, SecretKey>()
    private val random = SecureRandom()

    /** Signs with any key, as the platform does after its prompt: ECDSA over SHA-256, DER. */
    fun signAfterPrompt(alias: KeyAlias, message: ByteArray): ByteArray {
        val pair = pairs[alias] ?: throw DeviceKeyException.KeyMissing()
        return sign(pair, message)
    }

    /** The number of the newest epoch key: how often the vault was rotated. */
    fun newestEpoch(): ULong = epochs.keys.maxOrNull() ?: 0uL

    override fun createKey(alias: KeyAlias, challenge: ByteArray): CreatedKey {
        val pair = pairs.computeIfAbsent(alias) { newPair() }
        return CreatedKey(sec1(pair.public as ECPublicKey), emptyList())
    }

    override fun publicKey(alias: KeyAlias): ByteArray? = pairs[alias]?.let { sec1(it.public as ECPublicKey) }

    override fun sign(alias: KeyAlias, message: ByteArray): ByteArray = signAfterPrompt(alias, message)

    override fun deleteKey(alias: KeyAlias) {
        pairs.remove(alias)
    }

    override fun createEpochKey(epoch: ULong) {
        epochs.computeIfAbsent(epoch) { KeyGenerator.getInstance("AES").apply { init(256) }.generateKey() }
    }

    override fun wrap(epoch: ULong, plain: ByteArray): ByteArray {
        val nonce = ByteArray(NONCE_BYTES).also(random::nextBytes)
        return nonce + cipher(Cipher.ENCRYPT_MODE, epoch, nonce).doFinal(plain)
    }

    override fun unwrap(epoch: ULong, wrapped: ByteArray): ByteArray {
        if (wrapped.size < NONCE_BYTES) throw DeviceKeyException.Refused()
        val cipher = cipher(Cipher.DECRYPT_MODE, epoch, wrapped.copyOf(NONCE_BYTES))
        try {
            return cipher.doFinal(wrapped, NONCE_BYTES, wrapped.size - NONCE_BYTES)
        } catch (_: GeneralSecurityException) {
            throw DeviceKeyException.Refused()
        }
    }

    override fun deleteEpochKey(epoch: ULong) {
        epochs.remove(epoch)
    }

    override fun epochKeyExists(epoch: ULong): Boolean = epochs.containsKey(epoch)

    override fun describe(): KeyStoreKind = KeyStoreKind.SOFTWARE

    private fun cipher(mode: Int, epoch: ULong, nonce: ByteArray): Cipher {
        val key = epochs[epoch] ?: throw DeviceKeyException.KeyMissing()
        return Cipher.getInstance("AES/GCM/NoPadding").apply {
            init(mode, key, GCMParameterSpec(TAG_BITS, nonce))
            updateAAD(ByteBuffer.allocate(Long.SIZE_BYTES).putLong(epoch.toLong()).array())
        }
    }

    companion object {
        private const val NONCE_BYTES = 12
        private const val TAG_BITS = 128
        private const val COORDINATE_BYTES = 32

        /** A fresh P-256 pair. */
        fun newPair(): KeyPair =
            KeyPairGenerator.getInstance("EC").apply { initialize(ECGenParameterSpec("secp256r1")) }.generateKeyPair()

        /** ECDSA over SHA-256, DER. */
        fun sign(pair: KeyPair, message: ByteArray): ByteArray =
            Signature.getInstance("SHA256withECDSA").run {
                initSign(pair.private)
                update(message)
                sign()
            }

        /** The uncompressed point: 04, x, y. */
        private fun sec1(key: ECPublicKey): ByteArray =
            byteArrayOf(4) + coordinate(key.w.affineX) + coordinate(key.w.affineY)

        private fun coordinate(value: BigInteger): ByteArray {
            val bytes = value.toByteArray()
            // A sign byte in front, or leading zeros that are left out.
            val digits = bytes.copyOfRange((bytes.size - COORDINATE_BYTES).coerceAtLeast(0), bytes.size)
            return ByteArray(COORDINATE_BYTES - digits.size) + digits
        }
    }
}

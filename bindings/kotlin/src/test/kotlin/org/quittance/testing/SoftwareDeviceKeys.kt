package org.quittance.testing

import java.math.BigInteger
import java.nio.ByteBuffer
import java.nio.file.Files
import java.nio.file.Path
import java.nio.file.StandardCopyOption
import java.security.GeneralSecurityException
import java.security.KeyFactory
import java.security.KeyPair
import java.security.KeyPairGenerator
import java.security.SecureRandom
import java.security.Signature
import java.security.interfaces.ECPublicKey
import java.security.spec.ECGenParameterSpec
import java.security.spec.PKCS8EncodedKeySpec
import java.security.spec.X509EncodedKeySpec
import java.util.HexFormat
import java.util.concurrent.ConcurrentHashMap
import javax.crypto.Cipher
import javax.crypto.KeyGenerator
import javax.crypto.SecretKey
import javax.crypto.spec.GCMParameterSpec
import javax.crypto.spec.SecretKeySpec
import kotlin.io.path.deleteIfExists
import kotlin.io.path.name
import kotlin.io.path.readLines
import kotlin.io.path.writeLines
import org.quittance.CreatedKey
import org.quittance.DeviceKeyException
import org.quittance.DeviceKeys
import org.quittance.KeyAlias
import org.quittance.KeyStoreKind

/**
 * A phone's keystore in software, for tests on a plain JVM: evidence level E0, no more.
 *
 * The keys live as long as this object: a test that closes a wallet and opens it again keeps the object. Where a [folder] is
 * given they stand there, too, as a phone's hardware does whatever becomes of a process.
 */
class SoftwareDeviceKeys(private val folder: Path? = null) : DeviceKeys {
    private val pairs = ConcurrentHashMap<KeyAlias, KeyPair>()
    private val epochs = ConcurrentHashMap<ULong, SecretKey>()
    private val random = SecureRandom()

    init {
        if (folder != null) Files.list(folder).use { files -> files.forEach(::know) }
    }

    /** Signs with any key, as the platform does after its prompt: ECDSA over SHA-256, DER. */
    fun signAfterPrompt(alias: KeyAlias, message: ByteArray): ByteArray {
        val pair = pairs[alias] ?: throw DeviceKeyException.KeyMissing()
        return sign(pair, message)
    }

    /** The number of the newest epoch key: how often the vault was rotated. */
    fun newestEpoch(): ULong = epochs.keys.maxOrNull() ?: 0uL

    override fun createKey(alias: KeyAlias, challenge: ByteArray): CreatedKey {
        val pair = pairs.computeIfAbsent(alias) { newPair().also { keep(alias.name, it.private.encoded, it.public.encoded) } }
        return CreatedKey(sec1(pair.public as ECPublicKey), emptyList())
    }

    fun publicKey(alias: KeyAlias): ByteArray? = pairs[alias]?.let { sec1(it.public as ECPublicKey) }

    override fun sign(alias: KeyAlias, message: ByteArray): ByteArray = signAfterPrompt(alias, message)

    override fun deleteKey(alias: KeyAlias) {
        pairs.remove(alias)
        folder?.resolve(alias.name)?.deleteIfExists()
    }

    override fun createEpochKey(epoch: ULong) {
        epochs.computeIfAbsent(epoch) {
            KeyGenerator.getInstance("AES").apply { init(256) }.generateKey().also { keep("$EPOCH$epoch", it.encoded) }
        }
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
        folder?.resolve("$EPOCH$epoch")?.deleteIfExists()
    }

    override fun epochKeyExists(epoch: ULong): Boolean = epochs.containsKey(epoch)

    override fun describe(): KeyStoreKind = KeyStoreKind.SOFTWARE

    /** Writes a key's parts into a file of its own, under another name first: half a key never stands. */
    private fun keep(name: String, vararg parts: ByteArray) {
        if (folder == null) return
        val half = Files.createTempFile(folder, HALF, null)
        half.writeLines(parts.map(HexFormat.of()::formatHex))
        Files.move(half, folder.resolve(name), StandardCopyOption.ATOMIC_MOVE)
    }

    /** Reads what [keep] wrote. */
    private fun know(file: Path) {
        if (file.name.startsWith(HALF)) return
        val parts = file.readLines().map(HexFormat.of()::parseHex)
        if (file.name.startsWith(EPOCH)) {
            epochs[file.name.removePrefix(EPOCH).toULong()] = SecretKeySpec(parts.single(), "AES")
        } else {
            val factory = KeyFactory.getInstance("EC")
            val (private, public) = parts
            val pair = KeyPair(factory.generatePublic(X509EncodedKeySpec(public)), factory.generatePrivate(PKCS8EncodedKeySpec(private)))
            pairs[KeyAlias.valueOf(file.name)] = pair
        }
    }

    private fun cipher(mode: Int, epoch: ULong, nonce: ByteArray): Cipher {
        val key = epochs[epoch] ?: throw DeviceKeyException.KeyMissing()
        return Cipher.getInstance("AES/GCM/NoPadding").apply {
            init(mode, key, GCMParameterSpec(TAG_BITS, nonce))
            updateAAD(ByteBuffer.allocate(Long.SIZE_BYTES).putLong(epoch.toLong()).array())
        }
    }

    companion object {
        private const val EPOCH = "epoch-"
        private const val HALF = "half-"
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

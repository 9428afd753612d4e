package example

import java.nio.ByteBuffer
import java.security.SecureRandom
import java.util.concurrent.ConcurrentHashMap
import org.quittance.CreatedKey
import org.quittance.DeviceKeyException
import org.quittance.DeviceKeys
import org.quittance.KeyAlias
import org.quittance.KeyStoreKind

/**
 * A keystore that keeps what it is given and hands out a random name for it: as good as one that encrypts, while this object
 * lives. It makes no signing keys, so nobody can enrol with it.
 */
class KeysInMemory : DeviceKeys {
    private val epochs = ConcurrentHashMap<ULong, ConcurrentHashMap<ByteBuffer, ByteArray>>()
    private val random = SecureRandom()

    override fun createEpochKey(epoch: ULong) {
        epochs.putIfAbsent(epoch, ConcurrentHashMap())
    }

    override fun wrap(epoch: ULong, plain: ByteArray): ByteArray {
        val name = ByteArray(32).also(random::nextBytes)
        kept(epoch)[ByteBuffer.wrap(name.copyOf())] = plain.copyOf()
        return name
    }

    override fun unwrap(epoch: ULong, wrapped: ByteArray): ByteArray =
        kept(epoch)[ByteBuffer.wrap(wrapped)]?.copyOf() ?: throw DeviceKeyException.Refused()

    override fun deleteEpochKey(epoch: ULong) {
        epochs.remove(epoch)
    }

    override fun epochKeyExists(epoch: ULong): Boolean = epoch in epochs.keys

    override fun describe(): KeyStoreKind = KeyStoreKind.SOFTWARE

    override fun createKey(alias: KeyAlias, challenge: ByteArray): CreatedKey = throw DeviceKeyException.HardwareUnavailable()

    override fun sign(alias: KeyAlias, message: ByteArray): ByteArray = throw DeviceKeyException.KeyMissing()

    override fun deleteKey(alias: KeyAlias) = Unit

    private fun kept(epoch: ULong) = epochs[epoch] ?: throw DeviceKeyException.KeyMissing()
}

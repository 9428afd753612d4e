package org.quittance.testing

import java.util.concurrent.ConcurrentHashMap
import org.quittance.CreatedKey
import org.quittance.DeviceKeys
import org.quittance.KeyAlias
import org.quittance.KeyStoreKind

/**
 * Software keys that fail where and as a test says; each call is named as in [DeviceKeys].
 *
 * No call is passed on by itself, so that one that the interface gains does not compile before it can fail, too.
 */
class TroubledKeys(private val keys: SoftwareDeviceKeys) : DeviceKeys {
    /** Thrown by the call of this name. */
    @Volatile
    var trouble: Pair<String, Throwable>? = null

    /** The one signing key that has the trouble; with none, each has it. */
    @Volatile
    var troubled: KeyAlias? = null

    /** Calls that failed. */
    @Volatile
    var failed = 0
        private set

    /** What comes with every key that is made. */
    @Volatile
    var chain: List<ByteArray> = emptyList()

    /** What this keystore says of itself. */
    @Volatile
    var kind = KeyStoreKind.SOFTWARE

    /** The challenge that each key which stands was made with. */
    val challenges = ConcurrentHashMap<KeyAlias, List<Byte>>()

    private fun <T> call(name: String, alias: KeyAlias? = null, work: () -> T): T {
        trouble?.let { (where, error) ->
            if (where == name && (troubled == null || troubled == alias)) {
                failed += 1
                throw error
            }
        }
        return work()
    }

    override fun createKey(alias: KeyAlias, challenge: ByteArray): CreatedKey =
        call("createKey", alias) {
            challenges.putIfAbsent(alias, challenge.toList())
            keys.createKey(alias, challenge).copy(attestation = chain)
        }

    override fun sign(alias: KeyAlias, message: ByteArray): ByteArray = call("sign", alias) { keys.sign(alias, message) }

    override fun deleteKey(alias: KeyAlias) = call("deleteKey", alias) {
        keys.deleteKey(alias)
        challenges.remove(alias)
        Unit
    }

    override fun createEpochKey(epoch: ULong) = call("createEpochKey") { keys.createEpochKey(epoch) }

    override fun wrap(epoch: ULong, plain: ByteArray): ByteArray = call("wrap") { keys.wrap(epoch, plain) }

    override fun unwrap(epoch: ULong, wrapped: ByteArray): ByteArray = call("unwrap") { keys.unwrap(epoch, wrapped) }

    override fun deleteEpochKey(epoch: ULong) = call("deleteEpochKey") { keys.deleteEpochKey(epoch) }

    override fun epochKeyExists(epoch: ULong): Boolean = call("epochKeyExists") { keys.epochKeyExists(epoch) }

    override fun describe(): KeyStoreKind = call("describe") { kind }
}

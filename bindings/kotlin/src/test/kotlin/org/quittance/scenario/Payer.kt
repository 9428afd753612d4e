package org.quittance.scenario

import java.nio.file.Files
import java.nio.file.Path
import java.util.HexFormat
import kotlinx.coroutines.delay
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.jsonObject
import org.quittance.ErrorKind
import org.quittance.KeyAlias
import org.quittance.Wallet
import org.quittance.WalletException
import org.quittance.clock.NotOpened
import org.quittance.clock.TurnedClock
import org.quittance.errorKind
import org.quittance.testing.ScriptedPrompt
import org.quittance.testing.SoftwareDeviceKeys
import org.quittance.testing.Stage

/** The payer of a scenario with their phone: real wallet, software keys, a thumb that follows a script. */
class Payer private constructor(val stage: StageProcess, private val given: JsonObject) : AutoCloseable {
    private val folders = mutableListOf<Path>()
    private var folder = newFolder()
    private val backups = mutableMapOf<String, Path>()
    private val clock = TurnedClock(given.long("now")!!)
    private var running: Wallet? = null
    val locks = PhoneLocks()
    var keys = SoftwareDeviceKeys()
        private set
    var prompt = ScriptedPrompt(keys)
        private set

    /** What the last refusal owes the payer, until somebody looks. */
    private var owed: ErrorKind? = null

    /** What every clock of the scenario says, in seconds since 1970. */
    var now: Long = given.long("now")!!
        set(seconds) {
            field = seconds
            clock.turnTo(seconds + ahead)
        }

    /** By how many seconds the phone's own clock is ahead of everybody's. */
    var ahead = 0L
        set(seconds) {
            field = seconds
            clock.turnTo(now + seconds)
        }

    /** The wallet of the app that runs now. */
    val wallet: Wallet get() = running ?: throw Wrong("an app that runs", "none")

    /** Compares a refusal, or its absence, with what the step says. */
    suspend fun outcome(fails: String?, work: suspend () -> Unit) {
        val was =
            try {
                work()
                null
            } catch (refusal: WalletException) {
                refused(refusal)
            } catch (refusal: NotOpened.Storage) {
                owed = refusal.reaction
                "storage"
            }
        if (fails != was) throw Wrong(fails?.let { "the refusal $it" } ?: "that it is done", was ?: "that it was done")
    }

    /** A refusal's name; what it owes the payer is kept until somebody looks. */
    fun refused(refusal: WalletException): String {
        owed = errorKind(refusal)
        return nameOf(refusal)
    }

    /** What the last refusal owes the payer; taken by being looked at. */
    fun takeOwed(): ErrorKind? = owed.also { owed = null }

    /** The app's process ends, and is started again on the same files. */
    suspend fun restart() {
        end()
        open()
    }

    /** The keystore loses every key; the app ends, its files stay. */
    fun loseKeys() {
        end()
        keys = SoftwareDeviceKeys()
        prompt = ScriptedPrompt(keys)
        locks.forgetKeys()
    }

    /** Copies the app's files as they stand, without the keys. */
    fun backUp(name: String) {
        backups[name] = newFolder().also { copy(folder, it) }
    }

    /** Puts a copy in place of the files of now, under the keys of now; the app ends. */
    fun putBack(name: String) {
        end()
        val files = backups[name] ?: throw Wrong("a copy of files of this scenario", name)
        // Another place: what was just closed lets its files go in the background.
        folder = newFolder().also { copy(files, it) }
    }

    /** Erases what the app kept, with its keys, then enrols the phone. */
    suspend fun setUp() {
        loseKeys()
        folder = newFolder()
        open()
        val account = wallet.enrol(Stage.pin()).account
        val key = checkNotNull(keys.publicKey(KeyAlias.DEVICE))
        stage.ask(
            "enrolled",
            buildJsonObject {
                put("account", json(account))
                put("device_key", json(hex(key)))
            },
        )
    }

    /** Signs with the phone's device key what the stage wants to be signed. */
    fun sign(input: String): String = hex(keys.signAfterPrompt(KeyAlias.DEVICE, input.toByteArray()))

    private fun end() {
        running?.close()
        running = null
    }

    private suspend fun open() {
        repeat(TRIES) {
            try {
                running =
                    clock.open(
                        folder.toString(),
                        given.need("gateway"),
                        given.need("log_vkey"),
                        given.need("policy_author"),
                        locks.before(keys),
                        locks.before(prompt),
                    )
                return
            } catch (_: NotOpened.InUse) {
                // What was just closed lets its folder go in the background.
                delay(MOMENT)
            }
        }
        error("the folder stays in use")
    }

    private fun newFolder(): Path = Files.createTempDirectory("quittance-payer").also(folders::add)

    private fun copy(from: Path, to: Path) {
        from.toFile().copyRecursively(to.toFile(), overwrite = true)
    }

    override fun close() {
        end()
        clock.close()
        folders.forEach { it.toFile().deleteRecursively() }
    }

    companion object {
        private const val TRIES = 2_000
        private const val MOMENT = 10L

        fun hex(bytes: ByteArray): String = HexFormat.of().formatHex(bytes)

        /** Sets the stage for a scenario, and enrols the payer's phone there. */
        suspend fun enter(stage: StageProcess, scenario: JsonObject): Payer {
            val (_, set) = stage.say("set", scenario)
            return Payer(stage, set.jsonObject).also { it.setUp() }
        }
    }
}

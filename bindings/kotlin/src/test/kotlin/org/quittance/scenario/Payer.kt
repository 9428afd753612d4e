package org.quittance.scenario

import java.nio.file.Files
import java.util.HexFormat
import kotlinx.coroutines.delay
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.jsonObject
import org.quittance.KeyAlias
import org.quittance.Wallet
import org.quittance.clock.NotOpened
import org.quittance.clock.TurnedClock
import org.quittance.testing.ScriptedPrompt
import org.quittance.testing.SoftwareDeviceKeys
import org.quittance.testing.Stage

/** The payer of a scenario with their phone: real wallet, software keys, a thumb that follows a script. */
class Payer private constructor(val stage: StageProcess, private val given: JsonObject) : AutoCloseable {
    private val folder = Files.createTempDirectory("quittance-payer")
    private val clock = TurnedClock(given.long("now")!!)
    val keys = SoftwareDeviceKeys()
    val prompt = ScriptedPrompt(keys)

    /** What every clock of the scenario says, in seconds since 1970. */
    var now: Long = given.long("now")!!
        set(seconds) {
            field = seconds
            clock.turnTo(seconds)
        }

    lateinit var wallet: Wallet
        private set

    /** The app's process ends, and is started again on the same files. */
    suspend fun restart() {
        wallet.close()
        open()
    }

    /** Signs with the phone's device key what the stage wants to be signed. */
    fun sign(input: String): String = hex(keys.signAfterPrompt(KeyAlias.DEVICE, input.toByteArray()))

    private suspend fun open() {
        repeat(TRIES) {
            try {
                wallet =
                    clock.open(
                        folder.toString(),
                        given.need("gateway"),
                        given.need("log_vkey"),
                        given.need("policy_author"),
                        keys,
                        prompt,
                    )
                return
            } catch (_: NotOpened.InUse) {
                // What was just closed lets its folder go in the background.
                delay(MOMENT)
            }
        }
        error("the folder stays in use")
    }

    override fun close() {
        wallet.close()
        clock.close()
        folder.toFile().deleteRecursively()
    }

    companion object {
        private const val TRIES = 200
        private const val MOMENT = 10L

        fun hex(bytes: ByteArray): String = HexFormat.of().formatHex(bytes)

        /** Sets the stage for a scenario, and enrols the payer's phone there. */
        suspend fun enter(stage: StageProcess, scenario: JsonObject): Payer {
            val (_, set) = stage.say("set", scenario)
            val payer = Payer(stage, set.jsonObject)
            payer.open()
            val account = payer.wallet.enrol(Stage.pin()).account
            val key = checkNotNull(payer.keys.publicKey(KeyAlias.DEVICE))
            stage.ask(
                "enrolled",
                buildJsonObject {
                    put("account", json(account))
                    put("device_key", json(hex(key)))
                },
            )
            return payer
        }
    }
}

package example

import com.sun.jna.Native
import com.sun.jna.NativeLibrary
import java.lang.management.ManagementFactory
import kotlinx.coroutines.runBlocking
import org.quittance.DeviceKeys
import org.quittance.KeyAlias
import org.quittance.Wallet
import org.quittance.WalletException
import org.quittance.errorKind

/** What crossing between Kotlin and the library costs, as rows of docs/performance.md: `cargo xtask cost`. */
object Measure {
    private const val CALLS = 1_000
    private const val ROUNDS = 401
    private const val OPENINGS = 200

    @JvmStatic
    fun main(arguments: Array<String>) = runBlocking {
        val folder = arguments.single()
        val keys = TimedKeys(KeysInMemory())
        // JNA loads a library of its own first. Ours is found as an app's installer lays it out, not inside a jar.
        check(Native.POINTER_SIZE > 0)
        row("the library loaded by a running process", time { NativeLibrary.getInstance("quittance") }, "", null)
        val first = time { open(folder, keys).use { check(it.mandates().isEmpty()) } }
        row("Kotlin: classes loaded, a new wallet made, first list", first, "", null)

        val call = perCall { errorKind(WalletException.Offline()) }
        row("Kotlin: a call into the library (`errorKind`), of the processor", call, "a plain C function by JNA", perCall { Plain.version() })

        row("Kotlin: a wallet opened, first list", openings(folder, keys), "", null)
        val attaching = keys.shortestGap()
        keys.forget(stay = true)
        openings(folder, keys)
        row(
            "Kotlin: a call out of the library into a keystore that calls `Native.detach(false)`, at most",
            keys.shortestGap(),
            "one that does not",
            attaching,
        )

        open(folder, keys).use { wallet ->
            val awaited = List(ROUNDS) { time { wallet.enrolment() } }
            row("Kotlin: an awaited call that reads the wallet's file (`enrolment`)", median(awaited), "", null)
        }
    }

    private suspend fun open(folder: String, keys: DeviceKeys): Wallet = Wallet.open(config(folder), keys, NoPrompt)

    /** Opens the wallet often: the median. */
    private suspend fun openings(folder: String, keys: TimedKeys): Double =
        median(
            List(OPENINGS) {
                keys.begin()
                time { open(folder, keys).use { wallet -> check(wallet.mandates().isEmpty()) } }
            },
        )

    /** Microseconds of this thread's own time for one call, as the median over rounds of many: others at work do not count. */
    private inline fun perCall(call: () -> Unit): Double {
        val clock = ManagementFactory.getThreadMXBean()
        val rounds = ArrayList<Double>(ROUNDS)
        repeat(ROUNDS) {
            val start = clock.currentThreadCpuTime
            repeat(CALLS) { call() }
            rounds += (clock.currentThreadCpuTime - start) / 1000.0 / CALLS
        }
        return median(rounds)
    }

    private inline fun time(work: () -> Unit): Double {
        val start = System.nanoTime()
        work()
        return (System.nanoTime() - start) / 1000.0
    }

    private fun row(what: String, took: Double, baseline: String, empty: Double?) {
        val beside = empty?.let { "%.2f us".format(it) }.orEmpty()
        println("| %s | %.2f us | %s | %s |".format(what, took, baseline, beside))
    }
}

internal fun median(times: List<Double>): Double = times.sorted()[times.size / 2]

/** A function of the library that does nothing, without what UniFFI adds. */
private object Plain {
    init {
        Native.register(Plain::class.java, "quittance")
    }

    @JvmStatic external fun ffi_quittance_uniffi_contract_version(): Int

    fun version() {
        ffi_quittance_uniffi_contract_version()
    }
}

/**
 * Notes when the library calls and when it is answered. Between an answer and the next call lie one way back, one way out,
 * and whatever the library did: the shortest such gap is the most that crossing can cost.
 */
private class TimedKeys(private val keys: DeviceKeys) : DeviceKeys by keys {
    private val gaps = mutableMapOf<Int, MutableList<Double>>()
    private var answered = 0L
    private var number = 0
    private var stay = false

    fun begin() {
        answered = 0L
        number = 0
    }

    /** Begins anew; `stay`: a thread of the library that has called once stays known to the JVM. */
    fun forget(stay: Boolean) {
        gaps.clear()
        this.stay = stay
    }

    fun shortestGap(): Double = gaps.values.minOf(::median)

    override fun epochKeyExists(epoch: ULong): Boolean = timed { keys.epochKeyExists(epoch) }

    override fun unwrap(epoch: ULong, wrapped: ByteArray): ByteArray = timed { keys.unwrap(epoch, wrapped) }

    override fun deleteEpochKey(epoch: ULong) = timed { keys.deleteEpochKey(epoch) }

    private inline fun <T> timed(answer: () -> T): T {
        val called = System.nanoTime()
        if (stay) Native.detach(false)
        if (answered != 0L) gaps.getOrPut(number++) { mutableListOf() } += (called - answered) / 1000.0
        return answer().also { answered = System.nanoTime() }
    }
}

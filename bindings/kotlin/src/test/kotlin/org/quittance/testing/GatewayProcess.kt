package org.quittance.testing

import java.net.InetAddress
import java.net.InetSocketAddress
import java.net.Socket
import java.net.URI
import java.nio.file.Files
import java.nio.file.Path
import java.util.concurrent.TimeUnit

/**
 * A gateway in sandbox mode as a process of its own, with an empty data folder.
 *
 * The program is `quittance-gateway` in the folder that QUITTANCE_BIN_DIR names; `cargo xtask test` builds it and sets the
 * variable. What the gateway logs is in `gateway.log` in [folder].
 */
class GatewayProcess private constructor(private val process: Process, val folder: Path, val origin: String) : AutoCloseable {
    /** Bound once the gateway is gone, without listening: another one that is started meanwhile shall not answer in its place. */
    private val port = Socket()

    /** Asks the gateway to stop, and waits until it has. From then on nobody answers at its address, until this is closed. */
    fun vanish() {
        stop()
        if (port.isBound) return
        port.reuseAddress = true
        port.bind(InetSocketAddress(InetAddress.getLoopbackAddress(), URI.create(origin).port))
    }

    /** Asks the gateway to stop, and waits until it has. */
    override fun close() {
        stop()
        port.close()
        folder.toFile().deleteRecursively()
    }

    private fun stop() {
        process.destroy()
        if (!process.waitFor(STOPS_WITHIN_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor()
        }
    }

    companion object {
        private const val ANNOUNCEMENT = "listening on "
        private const val STOPS_WITHIN_SECONDS = 15L

        /** Starts a gateway; returns when it listens. */
        fun start(): GatewayProcess {
            val programs = checkNotNull(System.getenv("QUITTANCE_BIN_DIR")) { "QUITTANCE_BIN_DIR names no folder" }
            val folder = Files.createTempDirectory("quittance-gateway")
            val log = folder.resolve("gateway.log").toFile()
            val process =
                ProcessBuilder(
                    Path.of(programs, "quittance-gateway").toString(),
                    "--sandbox",
                    "--listen", "127.0.0.1:0",
                    "--data", folder.resolve("data").toString(),
                ).redirectError(log).start()
            // The output ends with the process: this cannot wait for ever on a gateway that does not start.
            val announced =
                process.inputReader().lineSequence().firstOrNull { it.startsWith(ANNOUNCEMENT) }
                    ?: error("the gateway does not start: ${log.readText()}")
            return GatewayProcess(process, folder, announced.removePrefix(ANNOUNCEMENT).trim())
        }
    }
}

package org.quittance.demo

import java.nio.file.Files
import java.nio.file.Path
import java.nio.file.StandardOpenOption
import java.util.concurrent.TimeUnit
import kotlin.reflect.KClass
import org.junit.runner.JUnitCore
import org.quittance.testing.Stage

/**
 * The app in a process of its own, on the phone of this one's stage: a class of tests that JUnit runs there.
 *
 * It has this process's class path and properties, and says by a line how far it has come. It ends with this one, at the
 * latest: its input closes.
 */
class AppProcess private constructor(private val process: Process, private val folder: Path) : AutoCloseable {
    private val log = folder.resolve("log")
    private val lines = process.inputReader()

    /** Returns once it has said that it is there; one that ends before has failed. */
    fun awaitsArrival() {
        // The output ends with the process: this cannot wait for ever on one that fails.
        val said = lines.lineSequence().onEach { Files.writeString(log, "$it\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND) }
        // JUnit's own dots may stand before it.
        check(said.any { it.endsWith(ARRIVED) }) { "it ended before: ${log.toFile().takeIf { it.exists() }?.readText()}" }
    }

    /** The system ends it at once, as it does when it needs the memory: nothing of it is asked or told. */
    fun killed() {
        process.destroyForcibly()
        check(process.waitFor(ENDS_WITHIN_SECONDS, TimeUnit.SECONDS))
        check(process.exitValue() == SIGKILLED) { "it ended by itself: ${process.exitValue()}" }
    }

    override fun close() {
        process.destroyForcibly().waitFor()
        folder.toFile().deleteRecursively()
    }

    companion object {
        private const val ARRIVED = "the app is where it should be"
        private const val ENDS_WITHIN_SECONDS = 15L
        private const val SIGKILLED = 128 + 9
        private const val GATEWAY = "quittance.elsewhere.gateway"
        private const val FILES = "quittance.elsewhere.files"
        private const val HARDWARE = "quittance.elsewhere.hardware"

        /** What Robolectric and the library need to know. */
        private val HANDED_ON =
            listOf("jna.library.path", "robolectric.offline", "robolectric.dependency.dir", "quittance.project")

        /** Starts a class of tests on the phone of this stage; its wallet must be closed here. */
        fun start(test: KClass<*>, stage: Stage): AppProcess {
            val folder = Files.createTempDirectory("quittance-app")
            val own = mapOf(GATEWAY to stage.config.origin, FILES to stage.config.dataDir, HARDWARE to "${stage.hardware}")
            // What a process unpacks stays behind when it is killed.
            val temporary = "java.io.tmpdir" to "$folder"
            val properties = HANDED_ON.associateWith { System.getProperty(it).orEmpty() } + own + temporary
            val java = Path.of(System.getProperty("java.home"), "bin", "java").toString()
            val classes = listOf("-cp", System.getProperty("java.class.path"))
            val run = listOf(JUnitCore::class.java.name, test.java.name)
            val command = listOf(java) + classes + properties.map { (name, value) -> "-D$name=$value" } + run
            val process = ProcessBuilder(command).redirectErrorStream(true).start()
            return AppProcess(process, folder)
        }

        /** In the process that was started: the phone that it is on. */
        fun stage(): Stage =
            Stage.elsewhere(System.getProperty(GATEWAY), Path.of(System.getProperty(FILES)), Path.of(System.getProperty(HARDWARE)))

        /** In the process that was started: it is there, and stays until it is ended. */
        fun arrived() {
            println(ARRIVED)
            while (System.`in`.read() >= 0) Unit
        }
    }
}

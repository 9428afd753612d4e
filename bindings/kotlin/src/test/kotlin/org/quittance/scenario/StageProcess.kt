package org.quittance.scenario

import java.nio.file.Files
import java.nio.file.Path
import java.util.concurrent.TimeUnit
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.jsonObject

/**
 * The world of one scenario as a process: gateway, merchants, banks, other people, time. One line of JSON goes in, one comes
 * out; `testkit/src/scenario/host.rs` says which.
 */
class StageProcess : AutoCloseable {
    private val log = Files.createTempFile("quittance-stage", ".log").toFile()
    private val process =
        ProcessBuilder(Path.of(programs(), "quittance-stage").toString())
            .redirectError(log)
            .start()
    private val out = process.outputWriter()
    private val replies = process.inputReader()

    /** Says one thing: the reply's name with its content. A step of the world that failed is thrown. */
    fun say(name: String, content: JsonElement = JsonObject(emptyMap())): Pair<String, JsonElement> {
        out.write(buildJsonObject { put(name, content) }.toString())
        out.newLine()
        out.flush()
        val line = replies.readLine() ?: error("the stage is gone: ${log.readText()}")
        val (reply, told) = Json.parseToJsonElement(line).jsonObject.entries.single()
        if (reply == "wrong") {
            val wrong = told.jsonObject
            throw WrongAt(wrong.long("step")?.toInt(), Wrong(wrong.need("expected"), wrong.need("was")))
        }
        return reply to told
    }

    /** Asks for something, or reports it: what the stage gives back. */
    fun ask(name: String, content: JsonElement): JsonElement {
        val (reply, given) = say(name, content)
        check(reply == "given") { "$name was answered by $reply" }
        return given
    }

    override fun close() {
        out.close()
        if (!process.waitFor(STOPS_WITHIN_SECONDS, TimeUnit.SECONDS)) process.destroyForcibly().waitFor()
        log.delete()
    }

    private companion object {
        const val STOPS_WITHIN_SECONDS = 15L

        fun programs(): String = checkNotNull(System.getenv("QUITTANCE_BIN_DIR")) { "QUITTANCE_BIN_DIR names no folder" }
    }
}

/** What did not come out as the scenario says. */
class Wrong(val expected: Any?, val was: Any?) : Exception("expected $expected, was $was")

/** The same, with its step: nothing for what is given. */
class WrongAt(val step: Int?, wrong: Wrong) : Exception("step ${step ?: "given"}: ${wrong.message}", wrong)

/** Compares what is with what should be. */
fun same(what: String, expected: Any?, was: Any?) {
    if (expected != was) throw Wrong("$what $expected", was)
}

/** Compares one member, where the scenario states it. */
inline fun check(what: String, expected: Any?, was: () -> Any?) {
    if (expected != null && expected != JsonNull) same(what, expected, was())
}

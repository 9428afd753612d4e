package org.quittance.scenario

import java.nio.file.Files
import java.nio.file.Path
import kotlin.io.path.extension
import kotlin.io.path.nameWithoutExtension
import kotlin.io.path.readText
import kotlinx.coroutines.runBlocking
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.DynamicTest.dynamicTest
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestFactory
import org.junit.jupiter.api.assertThrows
import org.junit.jupiter.api.parallel.Execution
import org.junit.jupiter.api.parallel.ExecutionMode

/** Every scenario of the repository, played over the Kotlin library against a gateway that is another process. */
@Execution(ExecutionMode.CONCURRENT)
class ScenarioTest {
    @TestFactory
    fun `each scenario passes`(): List<DynamicTest> = names().map { dynamicTest(it) { play(read(it)) } }

    @TestFactory
    fun `its app may die after each step`(): List<DynamicTest> = MORTAL.map {
        dynamicTest(it) { play(read(it), restarting = true) }
    }

    @Test
    fun `every file below the folder is one of them`() {
        val files = Files.walk(FOLDER).use { all -> all.filter { it.extension == "json" }.count() }
        assertTrue(files > 90, "$files")
        assertEquals(files, names().size.toLong())
    }

    @Test
    fun `an expectation of the phone that is wrong fails at its step`() {
        failsAt("quick_cancel", 8, "of", JsonPrimitive(4))
        failsAt("quick_cancel", 13, "is", JsonPrimitive("refused"))
        failsAt("quick_cancel", 15, "expect_receipts", JsonPrimitive(2))
        failsAt("pin_form", 4, "fails", JsonPrimitive("wrong_secret"))
    }

    @Test
    fun `what a phone in trouble says otherwise fails at its step`() {
        failsAt("lost_keys", 3, "fails", JsonNull)
        failsAt("lost_keys", 4, "expect_problem", JsonPrimitive("retry"))
        failsAt("clock_a_day_off", 4, "values", JsonArray(listOf(JsonPrimitive("PT23H"))))
        failsAt("biometrics_not_enrolled", 4, "remedy", JsonPrimitive("sync"))
        failsAt("no_screen_lock", 10, "fails", JsonNull)
    }

    @Test
    fun `trouble that does not come is missed`() {
        failsAt("restored_backup", 7, "files", JsonPrimitive("after"), noticed = 8)
        failsAt("gateway_with_another_log_key", 1, "log_key", JsonPrimitive("own"), noticed = 4)
        failsAt("no_screen_lock", 2, "screen_lock", JsonPrimitive(true), noticed = 3)
    }

    @Test
    fun `an expectation of the world that is wrong fails at its step`() {
        failsAt("quick_cancel", 7, "gives", JsonPrimitive("approved"))
        failsAt("quick_cancel", 14, "cause", JsonPrimitive("merchant"))
    }

    private fun failsAt(name: String, step: Int, member: String, value: JsonElement, noticed: Int = step) {
        val scenario = read(name)
        val steps = scenario.getValue("steps").jsonArray.toMutableList()
        val changed = steps[step - 1].jsonObject
        check(member in changed) { "$changed has no $member" }
        steps[step - 1] = JsonObject(changed + (member to value))
        val wrong = assertThrows<WrongAt> { play(JsonObject(scenario + ("steps" to JsonArray(steps)))) }
        assertEquals(noticed, wrong.step, wrong.message)
    }

    /** Plays a scenario to its end. */
    private fun play(scenario: JsonObject, restarting: Boolean = false) = runBlocking {
        StageProcess().use { stage ->
            Payer.enter(stage, scenario).use { payer ->
                val answering = Answering(payer)
                val looking = Looking(payer, answering)
                val doing = Doing(payer, answering, looking)
                while (true) {
                    val (reply, content) = stage.say("next")
                    if (reply == "passed") break
                    val turn = content.jsonObject
                    payer.now = turn.long("now")!!
                    take(turn.inner("told")!!, turn.int("step"), doing, looking)
                    if (restarting) payer.restart()
                }
            }
        }
    }

    private suspend fun take(told: JsonObject, step: Int?, doing: Doing, looking: Looking) {
        val verb = told.need("verb")
        try {
            if (!doing.act(verb, told) && !looking.expect(verb, told)) throw Wrong("a verb of the payer's", verb)
        } catch (wrong: Wrong) {
            throw WrongAt(step, wrong)
        }
    }

    private companion object {
        /** Every scenario is played so in Rust; these show that the library itself can be let go and opened at any time. */
        val MORTAL = listOf("quick_cancel", "offline_cancel", "bank_confirms", "quiz_passes", "biometrics_not_enrolled")

        val FOLDER: Path = Path.of(System.getProperty("quittance.scenarios"))

        fun names(): List<String> = Files.list(FOLDER).use { all ->
            all.filter { it.extension == "json" }.map { it.nameWithoutExtension }.sorted().toList()
        }

        fun read(name: String): JsonObject = Json.parseToJsonElement(FOLDER.resolve("$name.json").readText()).jsonObject
    }
}

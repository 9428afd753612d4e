package org.quittance

import java.nio.file.Files
import java.nio.file.Path
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.delay
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import org.quittance.testing.Stage
import org.quittance.testing.Stage.Companion.cny

/** Many calls at once, many wallets one after the other, and calls from inside of calls. */
class CrowdTest {
    @Test
    fun `two hundred calls at once are all answered, each with its own answer`() = withMandate { stage, wallet, mandate ->
        val expected = wallet.mandates()
        val calls = (0..<CALLS).map { number ->
            async(Dispatchers.IO) {
                when (number % 4) {
                    0 -> wallet.payerPresentPermit(mandate, cny(1_00), "till-$number")
                    1 -> wallet.also { assertEquals(expected.map { it.mandate }, it.mandates().map { it.mandate }) }
                    2 -> wallet.also { assertEquals(1u, it.permissions().on) }
                    else -> wallet.also { assertTrue(it.sync().online) }
                }
            }
        }
        val permits = withTimeout(DEADLINE) { calls.awaitAll() }.filterIsInstance<String>()
        assertEquals(CALLS / 4, permits.toSet().size)
        val charges = permits.take(2).mapIndexed { index, permit ->
            stage.merchant.charge(mandate, cny(1_00), "till-${index * 4}", permit)
        }
        assertTrue(charges.all { it.contains("\"approved\"") }, "$charges")
    }

    @Test
    fun `two hundred wishes to end the same are one end`() = withMandate { stage, wallet, mandate ->
        val flows = (0..<CALLS).map { async(Dispatchers.IO) { wallet.startRevoke(listOf(mandate)) } }
        val flow = withTimeout(DEADLINE) { flows.awaitAll() }.toSet().single()
        stage.walk(wallet, flow)
        wallet.sync()
        assertEquals(1, wallet.receipts().size)
    }

    @Test
    fun `a prompt may ask the wallet while it is up`() = withMandate { stage, wallet, mandate ->
        val flow = wallet.startRevoke(listOf(mandate))
        stage.prompt.answerOnce { request ->
            assertEquals("identify", wallet.nextPrompt(flow)?.step)
            assertTrue(wallet.mandate(mandate).canPay)
            assertTrue(wallet.sync().online)
            wallet.pause(listOf(mandate))
            stage.keys.signAfterPrompt(request.alias, request.challenge)
        }
        withTimeout(DEADLINE) { wallet.submit(flow, Answer.UseBiometric) }
        assertEquals("confirm", wallet.nextPrompt(flow)?.step)
        assertTrue(HoldOwner.PAYER in wallet.mandate(mandate).holds)
    }

    @Test
    fun `a prompt may leave the flow that it is for`() = withMandate { stage, wallet, mandate ->
        val flow = wallet.startRevoke(listOf(mandate))
        stage.prompt.answerOnce { request ->
            wallet.cancelFlow(flow)
            stage.keys.signAfterPrompt(request.alias, request.challenge)
        }
        withTimeout(DEADLINE) { assertThrows<WalletException> { wallet.submit(flow, Answer.UseBiometric) } }
        assertTrue(wallet.openFlows().isEmpty())
    }

    @Test
    fun `a prompt that answers its own flow from inside is answered, not stuck`() = withMandate { stage, wallet, mandate ->
        val flow = wallet.startRevoke(listOf(mandate))
        stage.prompt.answerOnce { request ->
            // The inner answer shows a prompt of its own, which signs; the outer one comes too late.
            wallet.submit(flow, Answer.UseBiometric)
            stage.keys.signAfterPrompt(request.alias, request.challenge)
        }
        withTimeout(DEADLINE) { runCatching { wallet.submit(flow, Answer.UseBiometric) } }
        assertEquals("confirm", wallet.nextPrompt(flow)?.step)
    }

    // The control is part of it: wallets that are not let go are seen by the same measure.
    @Test
    fun `ten thousand wallets leave no memory behind, and those that are kept are seen`() = runBlocking<Unit> {
        Stage().use { stage ->
            repeat(WARM_UP) { stage.opened("again").close() }
            val before = resident()
            repeat(WALLETS) { stage.opened("again").close() }
            val growth = resident() - before
            println("$WALLETS wallets left $growth bytes")
            assertTrue(growth < BOUND, "$WALLETS wallets left $growth bytes")
            val kept = (1..KEPT).map { stage.opened("kept-$it") }
            val seen = resident() - before
            kept.forEach { it.close() }
            println("$KEPT wallets that are open take $seen bytes")
            assertTrue(seen > BOUND, "$KEPT wallets that are open take $seen bytes")
        }
    }

    private suspend fun Stage.opened(folder: String): Wallet {
        val config = config.copy(dataDir = Path.of(config.dataDir, folder).toString())
        while (true) {
            try {
                return Wallet.open(config, keys, prompt)
            } catch (busy: WalletException.Storage) {
                // The wallet before lets its folder go in the background.
                if (errorKind(busy) != ErrorKind.Retry) throw busy
                delay(1)
            }
        }
    }

    /** Bytes of this process that are in memory, after what Java does not need is gone. */
    private fun resident(): Long {
        repeat(2) { System.gc() }
        return Files.readString(Path.of("/proc/self/statm")).split(' ')[1].toLong() * PAGE
    }

    private fun withMandate(test: suspend CoroutineScope.(Stage, Wallet, String) -> Unit) = runBlocking<Unit> {
        Stage().use { stage ->
            stage.open().use { wallet ->
                wallet.enrol(Stage.pin())
                test(stage, wallet, stage.sign(wallet))
            }
        }
    }

    private companion object {
        const val CALLS = 200
        const val DEADLINE = 60_000L
        const val WARM_UP = 500
        const val WALLETS = 10_000
        const val KEPT = 400
        const val PAGE = 4096L
        const val BOUND = 24L * 1024 * 1024
    }
}

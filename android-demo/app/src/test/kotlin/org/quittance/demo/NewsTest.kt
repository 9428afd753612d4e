package org.quittance.demo

import android.app.Application
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.test.TestScope
import kotlinx.coroutines.test.UnconfinedTestDispatcher
import kotlinx.coroutines.test.runTest
import org.junit.Assert.assertEquals
import org.junit.Test
import org.junit.runner.RunWith
import org.quittance.Enrolment
import org.quittance.EvidenceLevel
import org.quittance.KeyStoreKind
import org.quittance.NoHandle
import org.quittance.PhoneFacts
import org.quittance.Wallet
import org.quittance.WalletEvent
import org.quittance.WalletNews
import org.quittance.demo.model.DemoModel
import org.quittance.demo.model.Place
import org.quittance.demo.model.Shown
import org.quittance.testing.Stage.Companion.cny
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode

/** What happened is told until the payer has seen it, by whichever process. */
@OptIn(ExperimentalCoroutinesApi::class)
@RunWith(Runner::class)
@Config(application = Application::class)
@GraphicsMode(GraphicsMode.Mode.NATIVE)
class NewsTest {
    private val wallet = Keeping()

    @Test
    fun `news that was on no screen is told by the next process, once, and what was on one is not told again`() = test {
        wallet.happen(3)
        val first = process()
        first.go(Place.Home)
        first.go(Place.Home)
        assertEquals("the first page tells none", 3, wallet.kept.size)
        first.go(Place.Security)
        assertEquals(listOf(3, 3), listOf(told(first), wallet.kept.size))

        val second = process()
        second.go(Place.Security)
        assertEquals("nobody knows whether the payer saw it", 3, told(second))
        second.go(Place.Security)
        assertEquals(listOf(3, 0), listOf(told(second), wallet.kept.size))
        wallet.happen(1)
        second.go(Place.Security)
        assertEquals(listOf(4, 1), listOf(told(second), wallet.kept.size))

        val third = process()
        third.go(Place.Security)
        assertEquals(1, told(third))
    }

    @Test
    fun `a page that stands in place of the news shows none of it`() = test {
        wallet.happen(3)
        val model = process()
        model.askForLock()
        model.askForLock()
        assertEquals(3, wallet.kept.size)
        model.leaveSheet()
        model.leaveSheet()
        assertEquals("the control: it is on the screen", 0, wallet.kept.size)
    }

    @Test
    fun `all that is new is told at once, and the oldest leave the screen once they were on it`() = test {
        wallet.happen(25)
        val model = process()
        model.go(Place.Security)
        assertEquals(25, told(model))
        model.go(Place.Security)
        assertEquals(20, told(model))
    }

    @Test
    fun `a phone that is set up again hears the news of its new wallet, whose numbers are small again`() = test {
        val new = Keeping()
        wallet.happen(3)
        new.happen(1)
        val model = process(wallet, new)
        model.go(Place.Security)
        assertEquals(3, told(model))
        model.setUpAgain()
        model.go(Place.Security)
        assertEquals(listOf(1, 1), listOf(told(model), new.kept.size))
    }

    private fun test(body: suspend TestScope.() -> Unit) = runTest(UnconfinedTestDispatcher(), testBody = body)

    /** The app as a process has it: what it knows is this object. */
    private fun TestScope.process(vararg wallets: Wallet = arrayOf(wallet)): DemoModel {
        val inTurn = wallets.iterator()
        val phone =
            object : StillPhone() {
                override suspend fun openWallet() = inTurn.next()
            }
        return DemoModel(phone, backgroundScope)
    }

    private fun told(model: DemoModel): Int = (model.state.value.shown as Shown.Security).news.size

    /** A wallet that does nothing but to keep news. */
    private class Keeping : Wallet(NoHandle) {
        private var numbers = 0uL
        val kept = mutableListOf<WalletNews>()

        fun happen(times: Int) = repeat(times) { kept += WalletNews(numbers++, WalletEvent.Charged("a", cny(30_00))) }

        override suspend fun news(shown: ULong?): List<WalletNews> {
            if (shown != null) kept.removeAll { it.number <= shown }
            return kept.toList()
        }

        override suspend fun enrolment() = Enrolment("acc", "dev", EvidenceLevel.E0, KeyStoreKind.SOFTWARE)

        override suspend fun openFlows() = emptyList<String>()

        override suspend fun permissions() = (Samples.views.getValue("permissions").shown as Shown.Home).permissions

        override suspend fun security(phone: PhoneFacts) = (Samples.views.getValue("security").shown as Shown.Security).centre
    }
}

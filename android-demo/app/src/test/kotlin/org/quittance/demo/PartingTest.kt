package org.quittance.demo

import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.test.TestScope
import kotlinx.coroutines.test.UnconfinedTestDispatcher
import kotlinx.coroutines.test.runTest
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.quittance.BiometricException
import org.quittance.WalletException
import org.quittance.demo.model.DemoModel
import org.quittance.demo.model.Parting
import org.quittance.demo.model.ProblemRemedy
import org.quittance.demo.model.Shown
import org.quittance.demo.model.setUpAgain
import org.quittance.demo.model.shareReceipts
import org.quittance.demo.words.Say
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode

/** Before a wallet goes the payer is told what came of it, whatever of it cannot be read any more. */
@OptIn(ExperimentalCoroutinesApi::class)
@RunWith(Runner::class)
@Config(application = KeepingApplication::class)
@GraphicsMode(GraphicsMode.Mode.NATIVE)
class PartingTest {
    private val application by lazy { RuntimeEnvironment.getApplication() as KeepingApplication }
    private val wallet = application.wallets.first()

    @Test
    fun `receipts that cannot be read keep nobody from being told of the stop, and nothing goes with the first tap`() {
        for (failure in listOf(WalletException.Offline(), null)) {
            runTest(UnconfinedTestDispatcher()) {
                val model = atTheEnd()
                wallet.failure = failure
                wallet.unread = WalletException.Internal("receipts")
                model.setUpAgain()
                assertEquals(Parting(told = failure == null, receipts = emptyList(), unread = true), parting(model))
                assertTrue(wallet in application.wallets)
                // The control: they are there once they can be read.
                wallet.unread = null
                model.openAgain()
                model.offersSettingUp()
                wallet.failure = failure
                model.setUpAgain()
                assertEquals(1, parting(model)?.receipts?.size)
            }
        }
    }

    @Test
    fun `a phone without room for the receipts says so, and the page stays`() = runTest(UnconfinedTestDispatcher()) {
        val model = atTheEnd()
        wallet.failure = null
        model.setUpAgain()
        for (room in listOf(true, false)) {
            application.hasRoom = room
            model.shareReceipts()
            assertEquals(if (room) null else Say("app.error.storage_full"), model.state.value.problem?.body)
            assertEquals(1, parting(model)?.receipts?.size)
        }
    }

    /** On the page that offers to set the phone up again, because its key for fingers is no more. */
    private fun TestScope.atTheEnd() = DemoModel(application.phone, backgroundScope).apply { offersSettingUp() }

    private fun DemoModel.offersSettingUp() {
        wallet.failure = WalletException.Biometric(BiometricException.KeyInvalidated())
        refresh()
        remedy(ProblemRemedy.SET_UP_AGAIN)
    }

    private fun parting(model: DemoModel): Parting? = (model.state.value.shown as Shown.Stuck).parting
}

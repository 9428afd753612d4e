package org.quittance.demo

import androidx.compose.ui.test.junit4.v2.createEmptyComposeRule
import androidx.lifecycle.Lifecycle
import androidx.test.core.app.ActivityScenario
import java.io.File
import java.nio.file.Files
import kotlinx.coroutines.runBlocking
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.quittance.BiometricException
import org.quittance.PermissionGroup
import org.quittance.PhoneFacts
import org.quittance.testing.Stage
import org.quittance.testing.Stage.Companion.cny
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode

/** What goes wrong around the app: each has its screen, which says what happened, and a way forward that is walked here. */
@RunWith(Runner::class)
@Config(application = StagedApplication::class)
@GraphicsMode(GraphicsMode.Mode.NATIVE)
class BadInputTest {
    @get:Rule val rule = createEmptyComposeRule()

    private val phone by lazy { (RuntimeEnvironment.getApplication() as StagedApplication).staged }
    private val payer by lazy { Payer(rule, phone) }
    private val hand by lazy { payer.hand }

    @After
    fun close() = phone.close()

    @Test
    fun `a link of strangers changes nothing, whether the phone is set up or not`() {
        val strange = Links.to("quittance://back?state=none&outcome=approved")
        ActivityScenario.launch<MainActivity>(strange).use { scenario ->
            hand.awaitsText("This link belongs to nothing on this phone. Nothing was changed.")
            payer.enrols()
            val mandate = payer.allows()
            for (link in listOf("quittance://back", "quittance://back?state=AAAA&state=AAAA&outcome=x", "quittance://elsewhere?a=b")) {
                Links.bring(scenario, Links.to(link))
                hand.awaitsText("This link belongs to nothing on this phone. Nothing was changed.")
                hand.taps("refresh")
                hand.awaits("the list") { !hand.sees("problem") }
            }
            assertEquals(PermissionGroup.ON, payer.group(mandate))
        }
    }

    @Test
    fun `a phone that lost its secrets says so, and is set up again`() {
        enrolledBefore()
        phone.losesKeys()
        launched {
            hand.awaitsText("the data came from a backup, or the secrets were erased")
            hand.awaitsText("It ends no permission")
            hand.taps("try-again")
            hand.awaits("stuck")
            hand.taps("set-up-again")
            payer.enrols()
            payer.allows()
        }
    }

    @Test
    fun `files of before a destruction, put back from a backup, open nothing, and the phone is set up again`() {
        enrolledBefore()
        val files = File(phone.config.dataDir)
        val backup = Files.createTempDirectory("quittance-backup").toFile()
        files.copyRecursively(backup, overwrite = true)
        launched { stopped() }
        phone.endsProcess()
        val newest = Files.createTempDirectory("quittance-newest").toFile()
        files.copyRecursively(newest, overwrite = true)
        putBack(backup, files)
        launched {
            hand.awaitsText("the data came from a backup, or the secrets were erased")
            // The control: the files of now do open.
            putBack(newest, files)
            hand.taps("try-again")
            hand.awaits("tab-home")
        }
        phone.endsProcess()
        putBack(backup, files)
        launched {
            hand.taps("set-up-again")
            payer.enrols()
        }
        listOf(backup, newest).forEach(File::deleteRecursively)
    }

    @Test
    fun `without a network nothing is set up, and nothing is lost by trying`() {
        phone.stage.goOffline()
        launched {
            hand.taps("start")
            hand.types(Stage.pin())
            hand.types(Stage.pin())
            hand.awaitsText("You are offline. Nothing was changed.")
            assertEquals(null, runBlocking { phone.wallet.enrolment() })
            hand.awaits("start")
        }
    }

    @Test
    fun `a gateway whose log has another key is not believed`() {
        Stage().use { other ->
            phone.config = phone.config.copy(logVkey = other.config.logVkey)
            launched {
                hand.taps("start")
                hand.types(Stage.pin())
                hand.types(Stage.pin())
                hand.awaitsText("Something does not add up")
                hand.awaitsText("Ask customer service before you go on.")
                assertEquals(null, runBlocking { phone.wallet.enrolment() })
                hand.taps("problem-remedy")
                assertEquals(1, phone.supportAsked)
            }
        }
    }

    @Test
    fun `a clock that is a day behind the gateway's loses nothing, and the check-up says which time counts`() {
        launched {
            payer.enrols()
            val mandate = payer.allows()
            hand.taps("tab-security")
            hand.awaits("finding")
            assertFalse(hand.says("the service’s time counts"))
            phone.stage.sandbox.advance("PT24H")
            hand.taps("refresh")
            hand.awaitsText("24 hours away from the payment service’s time")
            hand.taps("remedy")
            assertEquals(1, phone.settingsOpened)
            hand.taps("tab-home")
            hand.taps("switch-$mandate")
            hand.awaits("the pause") { payer.group(mandate) == PermissionGroup.PAUSED }
        }
    }

    @Test
    fun `a phone that knows no finger and no face is not set up, and says where one is set`() {
        phone.locks = PhoneFacts(screenLock = true, biometrics = false)
        launched {
            hand.taps("start")
            hand.types(Stage.pin())
            hand.types(Stage.pin())
            hand.awaitsText("This phone needs a fingerprint or face")
            assertEquals(null, runBlocking { phone.wallet.enrolment() })
            hand.taps("problem-remedy")
            assertEquals(1, phone.settingsOpened)
            phone.locks = PhoneFacts(screenLock = true, biometrics = true)
            payer.enrols()
        }
    }

    //
    @Test
    fun `a finger that is removed in the middle of a stop loses no step, and another way goes on`() {
        launched {
            payer.enrols()
            val mandate = payer.allows()
            hand.taps("permission-$mandate")
            hand.taps("way-mandate.cancel.quick")
            phone.prompt.answerOnce { throw BiometricException.NotEnrolled() }
            hand.taps("primary")
            hand.awaitsText("No fingerprint or face is set up, or this app may not use it.")
            hand.taps("problem-remedy")
            assertEquals(1, phone.settingsOpened)
            hand.taps("primary")
            hand.awaitsText("Stop for good?")
        }
    }

    @Test
    fun `another finger than at the setting up ends the phone's right to pay, and setting up again is one page away`() {
        launched {
            payer.enrols()
            val mandate = payer.allows()
            hand.taps("permission-$mandate")
            hand.taps("way-mandate.cancel.quick")
            phone.prompt.answerOnce { throw BiometricException.KeyInvalidated() }
            hand.taps("primary")
            hand.awaitsText("A fingerprint or face was added or removed.")
            hand.taps("problem-remedy")
            hand.awaitsText("It ends no permission")
            // The page can be left: nothing was erased by looking at it.
            hand.leaves("try-again")
            assertFalse(hand.sees("set-up-again"))
            assertEquals(mandate, runBlocking { phone.wallet.mandates().single().mandate })
        }
    }

    @Test
    fun `setting up again stops everything first, and hands the receipts over, before it erases`() {
        launched {
            val mandate = comesToTheEnd()
            hand.taps("set-up-again")
            hand.awaits("stopped")
            assertTrue(phone.stage.merchant.charge(mandate, cny(30_00), "after").contains("stopped_by_payer"))
            hand.awaitsText("1 receipt is on this phone alone.")
            hand.taps("share-receipts")
            val shared = phone.shared.single()
            assertTrue(shared.startsWith("c2sp.org/tlog-proof@v1\n"))
            val exported = runBlocking { phone.wallet.exportReceipt(phone.wallet.receipts().single().order) }
            val whole = exported.run { listOf(receipt, annexJson, jwks).joinToString("\n") }
            assertEquals("the annex says whose end it is, the keys that the phone said so", whole, shared)
            hand.taps("set-up-again")
            payer.enrols()
            assertEquals(0, runBlocking { phone.wallet.mandates().size })
        }
    }

    @Test
    fun `setting up again without a network says that charges go on, and erases nothing without the payer's word`() {
        launched {
            val mandate = comesToTheEnd()
            phone.stage.goOffline()
            hand.taps("set-up-again")
            hand.awaits("not-stopped")
            hand.taps("stop-again")
            hand.awaits("not-stopped")
            hand.leaves("try-again")
            hand.awaits("title")
            assertTrue(mandate in runBlocking { phone.wallet.mandates().map { it.mandate } })
        }
    }

    @Test
    fun `a wallet that a locked phone kept shut opens once the app is in front again`() {
        enrolledBefore()
        phone.locked = true
        ActivityScenario.launch(MainActivity::class.java).use { scenario ->
            hand.awaits("stuck")
            for (locked in listOf(true, false)) {
                scenario.moveToState(Lifecycle.State.CREATED)
                phone.locked = locked
                val before = phone.openings
                scenario.moveToState(Lifecycle.State.RESUMED)
                hand.awaits("another try") { phone.openings > before }
                hand.awaits(if (locked) "stuck" else "tab-home")
            }
        }
    }

    @Test
    fun `a phone without a screen lock opens no wallet, and goes on once there is one`() {
        phone.locks = PhoneFacts(screenLock = false, biometrics = false)
        launched {
            hand.awaitsText("This phone needs a screen lock")
            hand.taps("problem-remedy")
            assertEquals(1, phone.settingsOpened)
            hand.taps("try-again")
            hand.awaitsText("This phone needs a screen lock")
            phone.locks = PhoneFacts(screenLock = true, biometrics = true)
            hand.taps("try-again")
            payer.enrols()
        }
    }

    /** One permission has ended, another can be charged, and the phone's key for fingers is no more. */
    private fun comesToTheEnd(): String {
        payer.enrols()
        val ended = payer.allows()
        hand.taps("permission-$ended")
        hand.taps("way-mandate.cancel.quick")
        hand.walks(phone.stage, payer::code)
        hand.leaves("close")
        hand.leaves("back")
        val mandate = payer.allows()
        hand.taps("permission-$mandate")
        hand.taps("way-mandate.cancel.quick")
        phone.prompt.answerOnce { throw BiometricException.KeyInvalidated() }
        hand.taps("primary")
        hand.awaitsText("A fingerprint or face was added or removed.")
        assertTrue("the control", phone.stage.merchant.charge(mandate, cny(30_00), "before").contains("\"approved\""))
        hand.taps("problem-remedy")
        hand.awaits("set-up-again")
        return mandate
    }

    /** A wallet with one permission, closed again. */
    private fun enrolledBefore() = runBlocking {
        val wallet = phone.openWallet()
        wallet.enrol(Stage.pin())
        phone.stage.sign(wallet)
        phone.endsProcess()
    }

    private fun stopped() {
        hand.awaits("tab-home")
        val mandate = runBlocking { phone.wallet.mandates().single().mandate }
        hand.taps("permission-$mandate")
        hand.taps("way-mandate.cancel.quick")
        hand.walks(phone.stage, payer::code)
        hand.leaves("close")
        assertEquals(PermissionGroup.ENDED, payer.group(mandate))
    }

    private fun putBack(from: File, to: File) {
        to.deleteRecursively()
        from.copyRecursively(to, overwrite = true)
    }

    private fun launched(work: () -> Unit) = ActivityScenario.launch(MainActivity::class.java).use { work() }
}

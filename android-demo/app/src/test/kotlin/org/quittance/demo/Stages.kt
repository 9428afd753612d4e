package org.quittance.demo

import android.Manifest
import android.app.Application
import android.graphics.Bitmap
import android.graphics.Color
import java.io.ByteArrayOutputStream
import java.io.File
import java.time.Instant
import kotlin.time.Duration.Companion.milliseconds
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.MutableSharedFlow
import kotlinx.coroutines.flow.emptyFlow
import kotlinx.coroutines.runBlocking
import org.quittance.CreatedKey
import org.quittance.DeviceKeyException
import org.quittance.DeviceKeys
import org.quittance.ErrorKind
import org.quittance.KeyAlias
import org.quittance.PhoneFacts
import org.quittance.Wallet
import org.quittance.WalletConfig
import org.quittance.WalletException
import org.quittance.errorKind
import org.quittance.testing.ScriptedPrompt
import org.quittance.testing.SoftwareDeviceKeys
import org.quittance.testing.Stage
import org.robolectric.Shadows.shadowOf

/** The app on a phone of the tests, with a real gateway. */
class StagedApplication : AppOnStage(Stage())

/** The app on the phone of another process's stage. */
class StagedElsewhere : AppOnStage(AppProcess.stage())

/** The app on a phone of the tests. */
abstract class AppOnStage(stage: Stage) : DemoApplication() {
    val staged = StagedPhone(stage)

    override fun onCreate() {
        super.onCreate()
        installed(this)
    }

    override fun newPhone(): Phone = staged

    override fun onTerminate() {
        super.onTerminate()
        staged.close()
    }
}

/** What a phone grants to whoever asks for it in the manifest, which Robolectric does not. */
private fun installed(application: Application) =
    shadowOf(application).grantPermissions(Manifest.permission.HIDE_OVERLAY_WINDOWS)

/** A phone with keys in software and a payer who agrees; the wallet and the gateway are the real ones. */
class StagedPhone(val stage: Stage) : Phone, AutoCloseable {
    private var pictures = 0
    private var keys = stage.keys
    lateinit var wallet: Wallet
        private set
    var prompt = stage.prompt
        private set

    /** The wallet as the app is configured; a test may change it before the app opens it. */
    var config: WalletConfig = stage.config

    var locks = PhoneFacts(screenLock = true, biometrics = true)

    /** Whether the phone is locked, so that no key works. */
    var locked = false

    /** How often the app tried to open the wallet. */
    var openings = 0
        private set

    /** Texts that were handed to other apps. */
    val shared = mutableListOf<String>()

    /** Links by which other apps were opened. */
    val links = mutableListOf<String>()

    /** How often the phone's settings were opened. */
    var settingsOpened = 0
        private set

    /** How often customer service was asked for. */
    var supportAsked = 0
        private set

    override val sandbox = true

    private val one = OneWallet { opened().also { wallet = it } }

    private suspend fun opened(): Wallet {
        openings++
        if (locked) throw WalletException.Storage("unlock the phone", ErrorKind.Retry)
        repeat(TRIES) {
            try {
                return Wallet.open(config, Keystore(keys), prompt)
            } catch (busy: WalletException.Storage) {
                // A call of the wallet before may still be under way, which lets the folder go when it ends.
                if (errorKind(busy) != ErrorKind.Retry) throw busy
                delay(MOMENT)
            }
        }
        error("the folder stays in use")
    }

    override suspend fun openWallet(): Wallet = one.get()

    override suspend fun eraseWallet() = one.closed {
        losesKeys()
        File(config.dataDir).deleteRecursively()
    }

    /** The wallet's process ends; what opens it next is another one. */
    fun endsProcess() = runBlocking { one.closed {} }

    override fun now(): Instant = Instant.now()

    private val networks = MutableSharedFlow<Unit>(extraBufferCapacity = 1)
    private var due: CompletableDeferred<Unit>? = null

    /** Until when the app waits; nothing where it does not. */
    var waitsUntil: Instant? = null
        private set

    /** Since when. */
    var waitsSince: Instant = Instant.EPOCH
        private set

    /** How many listen for a network. */
    val listeners: Int get() = networks.subscriptionCount.value

    override fun networks(): Flow<Unit> = networks

    override suspend fun waitUntil(moment: Instant) {
        val reached = CompletableDeferred<Unit>()
        due = reached
        waitsSince = now()
        waitsUntil = moment
        try {
            reached.await()
        } finally {
            if (due === reached) waitsUntil = null
        }
    }

    /** What is waited for has come. */
    fun timePasses() = checkNotNull(due).complete(Unit)

    /** The system has a network for the app. */
    fun networkComes() = check(networks.tryEmit(Unit))

    /** Without a finger or a face no phone makes a key that one unlocks. */
    private inner class Keystore(private val keys: DeviceKeys) : DeviceKeys by keys {
        override fun createKey(alias: KeyAlias, challenge: ByteArray): CreatedKey =
            if (alias == KeyAlias.BIOMETRIC && !locks.biometrics) throw DeviceKeyException.KeyMissing()
            else keys.createKey(alias, challenge)
    }

    /** The keystore is emptied; what stands in the files was wrapped by keys that are gone. */
    fun losesKeys() {
        keys = SoftwareDeviceKeys()
        prompt = ScriptedPrompt(keys)
    }

    /** Another process had the keystore meanwhile, and made and ended keys in it. */
    fun looksKeysUp() {
        keys = SoftwareDeviceKeys(stage.hardware)
        prompt = ScriptedPrompt(keys)
    }

    override suspend fun takePicture(mostBytes: Long): ByteArray? {
        val bitmap = Bitmap.createBitmap(320, 200, Bitmap.Config.ARGB_8888)
        bitmap.eraseColor(Color.GRAY)
        // Every picture has bytes of its own.
        bitmap.setPixel(pictures++, 0, Color.WHITE)
        return ByteArrayOutputStream().also { bitmap.compress(Bitmap.CompressFormat.PNG, 100, it) }.toByteArray()
    }

    override suspend fun share(title: String, text: String): Boolean = shared.add(text)

    override fun locks() = locks

    override fun openSettings() {
        settingsOpened++
    }

    override fun update() = Unit

    override fun support() {
        supportAsked++
    }

    override fun open(link: String) {
        links += link
    }

    override fun close() {
        endsProcess()
        stage.close()
    }

    private companion object {
        const val TRIES = 2_000
        val MOMENT = 10.milliseconds
    }
}

/** The app on a phone whose wallet never opens: for looking at screens. */
open class StillApplication : DemoApplication() {
    override fun onCreate() {
        super.onCreate()
        installed(this)
    }

    override fun newPhone(): Phone = StillPhone()
}

/** A phone on which nothing moves, and whose wallet never opens. */
open class StillPhone : Phone {
    override val sandbox = false

    override suspend fun openWallet(): Wallet = awaitCancellation()

    override suspend fun eraseWallet() = Unit

    override fun now(): Instant = Samples.NOW

    override suspend fun waitUntil(moment: Instant) = awaitCancellation()

    override fun networks(): Flow<Unit> = emptyFlow()

    override suspend fun takePicture(mostBytes: Long): ByteArray? = null

    override suspend fun share(title: String, text: String) = true

    override fun locks() = PhoneFacts(screenLock = true, biometrics = true)

    override fun openSettings() = Unit

    override fun update() = Unit

    override fun support() = Unit

    override fun open(link: String) = Unit
}

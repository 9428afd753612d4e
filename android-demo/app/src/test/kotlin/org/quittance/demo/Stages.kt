package org.quittance.demo

import android.graphics.Bitmap
import android.graphics.Color
import java.io.ByteArrayOutputStream
import kotlinx.coroutines.awaitCancellation
import org.quittance.PhoneFacts
import org.quittance.Wallet
import org.quittance.testing.Stage

/** The app on a phone of the tests, with a real gateway. */
class StagedApplication : DemoApplication() {
    val staged = StagedPhone(Stage())

    override fun newPhone(): Phone = staged

    override fun onTerminate() {
        super.onTerminate()
        staged.close()
    }
}

/** A phone with keys in software and a payer who agrees; the wallet and the gateway are the real ones. */
class StagedPhone(val stage: Stage) : Phone, AutoCloseable {
    private var pictures = 0
    lateinit var wallet: Wallet
        private set
    val shared = mutableListOf<String>()

    override val sandbox = true

    override suspend fun openWallet(): Wallet = stage.open().also { wallet = it }

    override suspend fun takePicture(): ByteArray? {
        val bitmap = Bitmap.createBitmap(320, 200, Bitmap.Config.ARGB_8888)
        bitmap.eraseColor(Color.GRAY)
        // Every picture has bytes of its own.
        bitmap.setPixel(pictures++, 0, Color.WHITE)
        return ByteArrayOutputStream().also { bitmap.compress(Bitmap.CompressFormat.PNG, 100, it) }.toByteArray()
    }

    override fun share(title: String, text: String) {
        shared += text
    }

    override fun locks() = PhoneFacts(screenLock = true, biometrics = true)

    override fun openSettings() = Unit

    override fun update() = Unit

    override fun support() = Unit

    override fun open(link: String) = Unit

    override fun close() {
        if (::wallet.isInitialized) wallet.close()
        stage.close()
    }
}

/** The app on a phone whose wallet never opens: for looking at screens. */
class StillApplication : DemoApplication() {
    override fun newPhone(): Phone =
        object : Phone {
            override val sandbox = false

            override suspend fun openWallet(): Wallet = awaitCancellation()

            override suspend fun takePicture(): ByteArray? = null

            override fun share(title: String, text: String) = Unit

            override fun locks() = PhoneFacts(screenLock = true, biometrics = true)

            override fun openSettings() = Unit

            override fun update() = Unit

            override fun support() = Unit

            override fun open(link: String) = Unit
        }
}

package org.quittance.demo

import android.app.Application
import android.app.KeyguardManager
import android.content.ActivityNotFoundException
import android.content.Intent
import android.hardware.biometrics.BiometricManager
import android.net.Uri
import android.provider.Settings
import java.io.File
import java.io.IOException
import java.time.Duration
import java.time.Instant
import java.time.ZoneId
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.Flow
import org.quittance.BiometricRequest
import org.quittance.PhoneFacts
import org.quittance.Wallet
import org.quittance.WalletConfig
import org.quittance.android.AndroidBiometricPrompt
import org.quittance.android.AndroidDeviceKeys
import org.quittance.android.SheetWords
import org.quittance.demo.words.Say
import org.quittance.demo.words.Words

/** A real phone: its keystore, its sheet, its folders. */
class AndroidPhone(private val application: Application, private val pictures: Pictures) : Phone {
    override val sandbox: Boolean = application.resources.getBoolean(R.bool.sandbox)

    private val wallet = OneWallet(::newWallet)
    private val texts = SharedTexts(application)

    override suspend fun openWallet(): Wallet = wallet.get()

    private suspend fun newWallet(): Wallet {
        val config =
            WalletConfig(
                dataDir = folder().path,
                gatewayUrl = application.getString(R.string.gateway_url),
                origin = application.getString(R.string.gateway_origin),
                logVkey = application.getString(R.string.gateway_log_vkey),
                policyAuthor = application.getString(R.string.gateway_policy_author),
                sandbox = sandbox,
            )
        val keys = AndroidDeviceKeys(application)
        return Wallet.open(config, keys, AndroidBiometricPrompt(application, keys, ::sheet))
    }

    override suspend fun eraseWallet() = wallet.closed {
        AndroidDeviceKeys(application).forget()
        folder().deleteRecursively()
    }

    override fun now(): Instant = Instant.now()

    override suspend fun waitUntil(moment: Instant) = delay(Duration.between(now(), moment).toMillis())

    override fun networks(): Flow<Unit> = networks(application)

    /** The wallet's own folder, which no backup takes along. */
    private fun folder() = File(application.noBackupFilesDir, "wallet")

    private fun sheet(request: BiometricRequest): SheetWords {
        val words = Words(application.resources, ZoneId.systemDefault(), Instant::now)
        return SheetWords(words.of(Say(request.titleKey)), words.of(Say(request.reasonKey)), words.of(Say("action.keep")))
    }

    override suspend fun takePicture(mostBytes: Long): ByteArray? = pictures.take(mostBytes)

    override fun locks(): PhoneFacts {
        val keyguard = application.getSystemService(KeyguardManager::class.java)
        val biometrics = application.getSystemService(BiometricManager::class.java)
        val strong = biometrics?.canAuthenticate(BiometricManager.Authenticators.BIOMETRIC_STRONG)
        return PhoneFacts(keyguard?.isDeviceSecure == true, strong == BiometricManager.BIOMETRIC_SUCCESS)
    }

    override fun openSettings() = start(Intent(Settings.ACTION_SECURITY_SETTINGS))

    override fun update() = open("market://details?id=${application.packageName}")

    override fun support() = open(application.getString(R.string.support_link))

    override suspend fun share(title: String, text: String): Boolean {
        val send = Intent(Intent.ACTION_SEND).setType("text/plain")
        try {
            texts.put(send, text)
        } catch (_: IOException) {
            return false
        }
        start(Intent.createChooser(send, title))
        return true
    }

    override fun open(link: String) = start(Intent(Intent.ACTION_VIEW, Uri.parse(link)))

    private fun start(intent: Intent) {
        try {
            application.startActivity(intent.addFlags(Intent.FLAG_ACTIVITY_NEW_TASK))
        } catch (_: ActivityNotFoundException) {
            // No app takes it: the page stays, with its way out.
        }
    }
}

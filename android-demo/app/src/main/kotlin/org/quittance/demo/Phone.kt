package org.quittance.demo

import java.time.Instant
import kotlinx.coroutines.flow.Flow
import org.quittance.PhoneFacts
import org.quittance.Wallet

/** What the app needs of the phone that it runs on; tests bring another. */
interface Phone {
    /** Whether it speaks with a sandbox: then screens may be photographed. */
    val sandbox: Boolean

    /** The wallet of the process, opened at the first time; each activity gets the same one. */
    suspend fun openWallet(): Wallet

    /** Closes the wallet, if one is open, and erases what is left of it: its files, the rest of its keys. */
    suspend fun eraseWallet()

    /** What the phone's own clock says. */
    fun now(): Instant

    /** Waits until the phone's own clock says so. */
    suspend fun waitUntil(moment: Instant)

    /** Each network that comes, for as long as somebody listens. */
    fun networks(): Flow<Unit>

    /** Takes one picture, in JPEG or PNG, of so many bytes at most; nothing where the payer leaves the camera. Throws [NoCamera]. */
    suspend fun takePicture(mostBytes: Long): ByteArray?

    /** What protects the phone itself. */
    fun locks(): PhoneFacts

    /** Opens the phone's own settings. */
    fun openSettings()

    /** Leads to a newer version of this app. */
    fun update()

    /** Leads to customer service. */
    fun support()

    /** Hands a text to another app; false where the phone has no room for one that is long. */
    suspend fun share(title: String, text: String): Boolean

    /** Opens another app by its link. */
    fun open(link: String)
}

/** There is no camera that this app may use. */
class NoCamera : Exception()

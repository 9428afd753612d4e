package org.quittance.demo

import org.quittance.Wallet

/** What the app needs of the phone that it runs on; tests bring another. */
interface Phone {
    /** Whether it speaks with a sandbox: then screens may be photographed. */
    val sandbox: Boolean

    /** Opens the wallet; called once for each process. */
    suspend fun openWallet(): Wallet

    /** Takes one picture, in JPEG or PNG; nothing where the payer leaves the camera. */
    suspend fun takePicture(): ByteArray?

    /** Hands a text to another app. */
    fun share(title: String, text: String)

    /** Opens another app by its link. */
    fun open(link: String)
}

package org.quittance.demo

import android.graphics.Bitmap
import java.io.ByteArrayOutputStream
import kotlinx.coroutines.CompletableDeferred

/** Pictures of the phone's own camera app, which needs no permission: the activity lends its way there. */
class Pictures {
    private var launch: (() -> Unit)? = null
    private var waiting: CompletableDeferred<ByteArray?>? = null

    /** The activity in front; after a turn of the device it is another one, and a picture that is awaited still arrives. */
    fun lend(launch: () -> Unit) {
        this.launch = launch
    }

    /** What the camera gave; nothing where it was left. */
    fun took(bitmap: Bitmap?) {
        waiting?.complete(bitmap?.let(::jpeg))
    }

    /** There is no camera that this app may use. */
    fun isMissing() {
        waiting?.completeExceptionally(NoCamera())
    }

    /** Takes one; nothing where the camera is left. Throws [NoCamera]. */
    suspend fun take(): ByteArray? {
        val launch = launch ?: throw NoCamera()
        val taken = CompletableDeferred<ByteArray?>()
        waiting = taken
        launch()
        return taken.await()
    }

    private fun jpeg(bitmap: Bitmap): ByteArray =
        ByteArrayOutputStream().also { bitmap.compress(Bitmap.CompressFormat.JPEG, QUALITY, it) }.toByteArray()

    private companion object {
        const val QUALITY = 90
    }
}

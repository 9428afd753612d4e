package org.quittance.demo

import android.content.Context
import android.net.Uri
import androidx.core.content.FileProvider
import java.io.File
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.withContext

/**
 * Pictures of the phone's own camera app, which needs no permission: the activity lends its way there.
 *
 * The camera writes into one file of ours that it is granted for the time; it is read at once, and deleted. It stands in the
 * cache, which no backup takes along.
 */
class Pictures(private val context: Context) {
    private val folder = File(context.cacheDir, "pictures")
    private var launch: ((Uri) -> Unit)? = null
    private var waiting: CompletableDeferred<Boolean>? = null

    /** The activity in front; after a turn of the device it is another one, and a picture that is awaited still arrives. */
    fun lend(launch: (Uri) -> Unit) {
        this.launch = launch
    }

    /** Whether the camera wrote one, or was left. One that nobody awaits any more, of a process that ended behind it, goes. */
    fun took(written: Boolean) {
        waiting?.complete(written) ?: folder.deleteRecursively()
    }

    /** There is no camera that this app may use. */
    fun isMissing() {
        waiting?.completeExceptionally(NoCamera())
    }

    /** Takes one of so many bytes at most; nothing where the camera is left. Throws [NoCamera]. */
    suspend fun take(mostBytes: Long): ByteArray? {
        val launch = launch ?: throw NoCamera()
        val file = withContext(Dispatchers.IO) { emptied() }
        try {
            val written = CompletableDeferred<Boolean>()
            waiting = written
            launch(FileProvider.getUriForFile(context, "${context.packageName}.pictures", file))
            return if (written.await()) withContext(Dispatchers.IO) { smallEnough(file, mostBytes) } else null
        } finally {
            withContext(NonCancellable + Dispatchers.IO) { file.delete() }
        }
    }

    /** The file to write into. What a process left that ended behind the camera goes. */
    private fun emptied(): File {
        folder.deleteRecursively()
        folder.mkdirs()
        return File(folder, "picture.jpg")
    }
}

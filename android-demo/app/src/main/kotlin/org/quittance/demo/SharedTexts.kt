package org.quittance.demo

import android.content.ClipData
import android.content.Context
import android.content.Intent
import androidx.core.content.FileProvider
import java.io.File
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.withContext

/**
 * Texts for other apps: a short one goes along, a long one in a file that they may read.
 *
 * What goes along passes through the system, which ends an app that hands over too much. The file stands in the cache, which
 * no backup takes along, until the next one: whoever got it may read it later.
 */
class SharedTexts(private val context: Context) {
    private val folder = File(context.cacheDir, "texts")

    /** Throws [java.io.IOException] where the file cannot be written. */
    suspend fun put(send: Intent, text: String) {
        if (text.length <= MOST_ALONG) {
            send.putExtra(Intent.EXTRA_TEXT, text)
            return
        }
        val file = withContext(Dispatchers.IO) { written(text) }
        val link = FileProvider.getUriForFile(context, "${context.packageName}.pictures", file)
        send.putExtra(Intent.EXTRA_STREAM, link).addFlags(Intent.FLAG_GRANT_READ_URI_PERMISSION)
        // The right to read goes with what is clipped, not with the extra.
        send.clipData = ClipData.newRawUri("", link)
    }

    private fun written(text: String): File {
        folder.mkdirs()
        return File(folder, "receipts.txt").apply { writeText(text) }
    }

    private companion object {
        /** In letters of two bytes each: a fifth of what all that passes at a time may have. */
        const val MOST_ALONG = 100_000
    }
}

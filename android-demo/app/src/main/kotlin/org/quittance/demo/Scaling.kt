package org.quittance.demo

import android.graphics.Bitmap
import android.graphics.ImageDecoder
import java.io.ByteArrayOutputStream
import java.io.File
import java.io.IOException
import java.nio.ByteBuffer

/** A picture, turned as it was held, in JPEG of so many bytes at most: smaller where it has to be; nothing where it is none. */
internal fun smallEnough(file: File, mostBytes: Long): ByteArray? {
    val taken =
        try {
            file.readBytes()
        } catch (_: IOException) {
            return null
        }
    var most = MOST_POINTS
    while (most >= LEAST_POINTS) {
        val picture = jpeg(decoded(taken, most) ?: return null)
        if (picture.size <= mostBytes) return picture
        most = most * SHRUNK_TO / PERCENT
    }
    return null
}

/** The picture with no side longer than so many points. */
private fun decoded(taken: ByteArray, most: Int): Bitmap? =
    try {
        ImageDecoder.decodeBitmap(ImageDecoder.createSource(ByteBuffer.wrap(taken))) { decoder, info, _ ->
            val longest = maxOf(info.size.width, info.size.height)
            if (longest > most) {
                decoder.setTargetSize(shrunk(info.size.width, most, longest), shrunk(info.size.height, most, longest))
            }
            // In memory that can be read again.
            decoder.allocator = ImageDecoder.ALLOCATOR_SOFTWARE
        }
    } catch (_: IOException) {
        null
    }

private fun shrunk(side: Int, most: Int, longest: Int): Int = (side.toLong() * most / longest).toInt().coerceAtLeast(1)

private fun jpeg(bitmap: Bitmap): ByteArray =
    ByteArrayOutputStream().also { bitmap.compress(Bitmap.CompressFormat.JPEG, QUALITY, it) }.toByteArray()

/** The lines of a document's small print are readable at this, and no phone runs out of memory. */
private const val MOST_POINTS = 3_000
private const val LEAST_POINTS = 100
private const val SHRUNK_TO = 75
private const val PERCENT = 100
private const val QUALITY = 90

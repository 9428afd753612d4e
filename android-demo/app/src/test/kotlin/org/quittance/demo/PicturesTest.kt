package org.quittance.demo

import android.app.Application
import android.content.Context
import android.content.pm.PackageManager
import android.graphics.Bitmap
import android.graphics.BitmapFactory
import android.net.Uri
import androidx.core.content.FileProvider
import java.io.File
import kotlin.random.Random
import kotlinx.coroutines.runBlocking
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode
import org.robolectric.util.ReflectionHelpers

/** What the camera hands over: a whole picture, in a file that is the app's own and goes at once. */
@RunWith(Runner::class)
@Config(application = Application::class)
@GraphicsMode(GraphicsMode.Mode.NATIVE)
class PicturesTest {
    private val context: Context = RuntimeEnvironment.getApplication()
    private val pictures = Pictures(context)
    private val folder = File(context.cacheDir, "pictures")

    /** The provider keeps the folders that it has seen for the whole process; each test has others. */
    @Before
    fun forgetFolders() = ReflectionHelpers.getStaticField<HashMap<*, *>>(FileProvider::class.java, "sCache").clear()

    @Test
    fun `a picture arrives as large as it was taken, and its file goes`() {
        val taken = taken(PLENTY) { writes(it, noise(1_600, 1_200)) }
        assertEquals(1_600 to 1_200, size(taken))
        assertEquals(emptyList<String>(), folder.list().orEmpty().toList())
    }

    @Test
    fun `a picture of too many bytes is made smaller until it has few enough`() {
        val whole = checkNotNull(taken(PLENTY) { writes(it, noise(1_600, 1_200)) })
        val most = whole.size / 3L
        val smaller = checkNotNull(taken(most) { writes(it, noise(1_600, 1_200)) })
        assertTrue("${smaller.size} of $most", smaller.size in 1..most)
        val (width, height) = size(smaller)
        assertTrue("$width by $height", width in 300..1_599 && height in 225..1_199)
    }

    @Test
    fun `a camera that is left, or that writes no picture, gives none and leaves no file`() {
        assertEquals(null, taken(PLENTY) { pictures.took(false) })
        assertEquals("it said so, and wrote nothing", null, taken(PLENTY) { pictures.took(true) })
        assertEquals(
            null,
            taken(PLENTY) {
                file(it).writeText("no picture")
                pictures.took(true)
            },
        )
        assertEquals(emptyList<String>(), folder.list().orEmpty().toList())
    }

    @Test
    fun `what a process left that ended behind the camera is gone with the next picture`() {
        folder.mkdirs()
        val left = File(folder, "left.jpg").apply { writeText("of before") }
        assertEquals(null, taken(PLENTY) { pictures.took(false) })
        assertFalse(left.exists())
    }

    @Test
    fun `what the camera brings to a process that did not ask for it goes at once`() {
        folder.mkdirs()
        val left = File(folder, "picture.jpg")
        for (written in listOf(true, false)) {
            left.writeText("of before")
            Pictures(context).took(written)
            assertFalse("$written", left.exists())
            folder.mkdirs()
        }
        // The control: one that is awaited stays until it is read.
        assertEquals(1_600 to 1_200, size(taken(PLENTY) { writes(it, noise(1_600, 1_200)) }))
    }

    @Test
    fun `nobody opens the file but whom it is granted to`() {
        val providers = context.packageManager.getPackageInfo(context.packageName, PackageManager.GET_PROVIDERS).providers
        val provider = providers.orEmpty().single { it.authority == "${context.packageName}.pictures" }
        assertFalse(provider.exported)
        assertTrue(provider.grantUriPermissions)
    }

    private fun taken(most: Long, camera: (Uri) -> Unit): ByteArray? {
        pictures.lend(camera)
        return runBlocking { pictures.take(most) }
    }

    private fun writes(link: Uri, picture: Bitmap) {
        file(link).outputStream().use { picture.compress(Bitmap.CompressFormat.JPEG, 95, it) }
        pictures.took(true)
    }

    /** The file behind a link, as the provider has it; its way through the system is not Robolectric's to go. */
    private fun file(link: Uri): File {
        assertEquals("content://${context.packageName}.pictures/pictures/picture.jpg", "$link")
        return File(folder, "picture.jpg")
    }

    private fun size(picture: ByteArray?): Pair<Int, Int> {
        val bitmap = BitmapFactory.decodeByteArray(checkNotNull(picture), 0, picture.size)
        return bitmap.width to bitmap.height
    }

    /** A picture that does not get small by itself. */
    private fun noise(width: Int, height: Int): Bitmap {
        val random = Random(1)
        val points = IntArray(width * height) { random.nextInt() or OPAQUE }
        return Bitmap.createBitmap(points, width, height, Bitmap.Config.ARGB_8888)
    }

    private companion object {
        const val PLENTY = 50_000_000L
        const val OPAQUE = 0xFF shl 24
    }
}

package org.quittance.demo

import android.app.Application
import android.content.Context
import android.content.Intent
import androidx.core.content.FileProvider
import java.io.File
import java.io.IOException
import kotlinx.coroutines.runBlocking
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNotEquals
import org.junit.Assert.assertThrows
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode
import org.robolectric.util.ReflectionHelpers

/** What another app gets: the whole text, however long it is. */
@RunWith(Runner::class)
@Config(application = Application::class)
@GraphicsMode(GraphicsMode.Mode.NATIVE)
class SharedTextsTest {
    private val context: Context = RuntimeEnvironment.getApplication()
    private val file = File(context.cacheDir, "texts/receipts.txt")

    /** The provider keeps the folders that it has seen for the whole process; each test has others. */
    @Before
    fun forgetFolders() = ReflectionHelpers.getStaticField<HashMap<*, *>>(FileProvider::class.java, "sCache").clear()

    @Test
    fun `a short text goes along`() {
        assertEquals(SHORT, sent(SHORT).getStringExtra(Intent.EXTRA_TEXT))
        assertFalse(file.exists())
    }

    @Test
    fun `a long one stands in a file, which whoever gets it may read and not change`() {
        for (long in listOf(LONG, LONG.reversed())) {
            val send = sent(long)
            assertFalse(send.hasExtra(Intent.EXTRA_TEXT))
            val link = "content://${context.packageName}.pictures/texts/receipts.txt"
            assertEquals(link, "${send.extras?.get(Intent.EXTRA_STREAM)}")
            assertEquals(link, "${send.clipData?.getItemAt(0)?.uri}")
            assertNotEquals(0, send.flags and Intent.FLAG_GRANT_READ_URI_PERMISSION)
            assertEquals(0, send.flags and Intent.FLAG_GRANT_WRITE_URI_PERMISSION)
            assertEquals(long, file.readText())
        }
    }

    @Test
    fun `where no file can be written that is said`() {
        File(context.cacheDir, "texts").writeText("no folder")
        assertThrows(IOException::class.java) { sent(LONG) }
        // The control: a short one needs none.
        assertEquals(SHORT, sent(SHORT).getStringExtra(Intent.EXTRA_TEXT))
    }

    private fun sent(text: String) = Intent(Intent.ACTION_SEND).also { runBlocking { SharedTexts(context).put(it, text) } }

    private companion object {
        const val SHORT = "c2sp.org/tlog-proof@v1"
        val LONG = "receipt ".repeat(50_000)
    }
}

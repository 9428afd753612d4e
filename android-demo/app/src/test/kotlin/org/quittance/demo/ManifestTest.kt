package org.quittance.demo

import android.app.Application
import android.content.pm.ApplicationInfo
import android.content.pm.PackageManager
import android.view.WindowManager.LayoutParams.FLAG_SECURE
import androidx.compose.ui.test.junit4.v2.createEmptyComposeRule
import androidx.test.core.app.ActivityScenario
import java.io.File
import javax.xml.parsers.DocumentBuilderFactory
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNotEquals
import org.junit.Assert.assertTrue
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode
import org.w3c.dom.Element

/** What the app tells the system about itself. */
@RunWith(Runner::class)
@GraphicsMode(GraphicsMode.Mode.NATIVE)
class ManifestTest {
    /** Without it the picture of waiting would turn for ever. */
    @get:Rule val rule = createEmptyComposeRule()

    //
    @Test
    fun `nothing is backed up, nothing goes in cleartext, and only the launcher is exported`() {
        assertEquals(emptyList<String>(), faults(shipped("AndroidManifest.xml")))
    }

    @Test
    fun `a careless manifest is seen`() {
        val careless =
            """<manifest xmlns:android="$ANDROID"><application android:allowBackup="true">
            <activity android:name=".A" android:exported="true"/></application></manifest>"""
        assertEquals(5, faults(careless.byteInputStream().use { parse(it) }).size)
    }

    @Test
    fun `both rule files leave out every domain`() {
        val rules = shipped("res/xml/data_extraction_rules.xml")
        for (way in listOf("cloud-backup", "device-transfer")) {
            val excluded = children(rules.getElementsByTagName(way).item(0) as Element)
            assertEquals(DOMAINS + DOMAINS.filter { it != "external" }.map { "device_$it" }, excluded)
        }
        assertEquals(DOMAINS, children(shipped("res/xml/full_backup_content.xml")))
    }

    @Test
    @Config(application = Application::class)
    fun `the system reads it so`() {
        val context = RuntimeEnvironment.getApplication()
        assertEquals(0, context.applicationInfo.flags and ApplicationInfo.FLAG_ALLOW_BACKUP)
        val flags = PackageManager.GET_ACTIVITIES or PackageManager.GET_SERVICES or PackageManager.GET_RECEIVERS
        val all = context.packageManager.getPackageInfo(context.packageName, flags)
        assertEquals(listOf(MainActivity::class.java.name), all.activities.orEmpty().filter { it.exported }.map { it.name })
        assertTrue(all.services.orEmpty().isEmpty() && all.receivers.orEmpty().isEmpty())
    }

    @Test
    @Config(application = StillApplication::class)
    fun `outside of the sandbox no picture is taken of a screen`() {
        ActivityScenario.launch(MainActivity::class.java).use { scenario ->
            scenario.onActivity { assertNotEquals(0, it.window.attributes.flags and FLAG_SECURE) }
        }
    }

    @Test
    @Config(application = StagedApplication::class)
    fun `in the sandbox pictures can be taken`() {
        ActivityScenario.launch(MainActivity::class.java).use { scenario ->
            scenario.onActivity { assertEquals(0, it.window.attributes.flags and FLAG_SECURE) }
        }
        (RuntimeEnvironment.getApplication() as StagedApplication).staged.close()
    }

    private fun faults(manifest: Element): List<String> = buildList {
        val application = manifest.getElementsByTagName("application").item(0) as Element
        fun says(name: String, value: String) {
            if (application.getAttributeNS(ANDROID, name) != value) add("$name is not $value")
        }
        says("allowBackup", "false")
        says("dataExtractionRules", "@xml/data_extraction_rules")
        says("fullBackupContent", "@xml/full_backup_content")
        says("usesCleartextTraffic", "false")
        for (kind in listOf("activity", "service", "receiver", "provider")) {
            val found = manifest.getElementsByTagName(kind)
            for (place in 0 until found.length) {
                val component = found.item(place) as Element
                val launcher = component.getElementsByTagName("category").length == 1
                if (component.getAttributeNS(ANDROID, "exported") == "true" && !launcher) add("$kind is exported")
            }
        }
    }

    private fun shipped(path: String): Element =
        File(System.getProperty("quittance.project"), "app/src/main/$path").inputStream().use(::parse)

    private fun parse(stream: java.io.InputStream): Element =
        DocumentBuilderFactory.newInstance().apply { isNamespaceAware = true }.newDocumentBuilder().parse(stream).documentElement

    private fun children(of: Element): List<String> {
        val found = of.getElementsByTagName("exclude")
        return (0 until found.length).map { (found.item(it) as Element).getAttribute("domain") }
    }

    private companion object {
        const val ANDROID = "http://schemas.android.com/apk/res/android"
        val DOMAINS = listOf("root", "file", "database", "sharedpref", "external")
    }
}

package org.quittance.demo

import android.Manifest
import android.app.Application
import android.content.Intent
import android.content.pm.ApplicationInfo
import android.content.pm.PackageManager
import android.os.Build
import android.view.View
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

/** What the app tells the system about itself, by the rules of OWASP's MASTG; each rule has a manifest that breaks it. */
@RunWith(Runner::class)
@GraphicsMode(GraphicsMode.Mode.NATIVE)
class ManifestTest {
    /** Without it the picture of waiting would turn for ever. */
    @get:Rule val rule = createEmptyComposeRule()

    // R-343
    @Test
    fun `the manifest breaks no rule`() {
        assertEquals(emptyList<String>(), faults(shipped("AndroidManifest.xml")))
    }

    @Test
    fun `each rule notices a manifest that breaks it alone`() {
        val whole = file("AndroidManifest.xml").readText()
        for ((change, fault) in BROKEN) {
            val (from, to) = change
            val careless = whole.replaceFirst(from, to)
            assertNotEquals("$from stands in the manifest", whole, careless)
            assertEquals(listOf(fault), faults(careless.byteInputStream().use(::parse)))
        }
    }

    @Test
    fun `nothing goes in cleartext, and only the phone's own certificates count`() {
        assertEquals(emptyList<String>(), networkFaults(shipped("res/xml/network_security_config.xml")))
        val careless =
            """<network-security-config><base-config cleartextTrafficPermitted="true">
            <trust-anchors><certificates src="user"/></trust-anchors></base-config><domain-config cleartextTrafficPermitted="true"/><debug-overrides/></network-security-config>"""
        assertEquals(4, networkFaults(careless.byteInputStream().use(::parse)).size)
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
    fun `the oldest Android knows all that protects the app, and a release is no build for debugging`() {
        val catalogue = file("../../../gradle/libs.versions.toml").readText()
        val oldest = checkNotNull(Regex("minSdk = \"([0-9]+)\"").find(catalogue)).groupValues[1].toInt()
        assertTrue("$oldest", oldest >= Build.VERSION_CODES.R)
        val build = file("../../build.gradle.kts").readText()
        assertTrue("isMinifyEnabled = true" in build)
        assertEquals(null, Regex("isDebuggable|isTestCoverageEnabled").find(build)?.value)
    }

    @Test
    @Config(application = Application::class)
    fun `the system reads it so`() {
        val context = RuntimeEnvironment.getApplication()
        val unwanted = ApplicationInfo.FLAG_ALLOW_BACKUP or ApplicationInfo.FLAG_DEBUGGABLE or ApplicationInfo.FLAG_TEST_ONLY
        assertEquals(0, context.applicationInfo.flags and unwanted)
        val components = PackageManager.GET_ACTIVITIES or PackageManager.GET_SERVICES or PackageManager.GET_RECEIVERS
        val flags = components or PackageManager.GET_PERMISSIONS
        val all = context.packageManager.getPackageInfo(context.packageName, flags)
        assertEquals(listOf(MainActivity::class.java.name), all.activities.orEmpty().filter { it.exported }.map { it.name })
        assertTrue(all.services.orEmpty().isEmpty() && all.receivers.orEmpty().isEmpty())
        assertEquals(PERMISSIONS, all.requestedPermissions.orEmpty().toSet())
    }

    @Test
    @Config(application = Application::class)
    fun `links of ours and texts come to the one activity, and nothing else does`() {
        val packages = RuntimeEnvironment.getApplication().packageManager
        fun comes(intent: Intent) = packages.queryIntentActivities(intent.setPackage("org.quittance.demo"), 0).size
        fun link(link: String) = Intent(Intent.ACTION_VIEW, android.net.Uri.parse(link)).addCategory(Intent.CATEGORY_BROWSABLE)
        assertEquals(1, comes(link("quittance://back?state=a&outcome=b")))
        assertEquals(1, comes(Intent(Intent.ACTION_SEND).setType("text/plain")))
        assertEquals(0, comes(link("quittance://elsewhere")))
        assertEquals(0, comes(link("https://back")))
        assertEquals(0, comes(Intent(Intent.ACTION_SEND).setType("image/png")))
    }

    @Test
    @Config(application = StillApplication::class)
    fun `outside of the sandbox no picture is taken of a screen`() = launched {
        assertNotEquals(0, it.window.attributes.flags and FLAG_SECURE)
    }

    @Test
    @Config(application = StagedApplication::class)
    fun `in the sandbox pictures can be taken`() {
        launched { assertEquals(0, it.window.attributes.flags and FLAG_SECURE) }
        (RuntimeEnvironment.getApplication() as StagedApplication).staged.close()
    }

    @Test
    @Config(application = StillApplication::class)
    fun `no other window lies over it unseen, and nothing that is typed is kept for filling in`() = launched {
        val seen = it.window.decorView
        assertTrue(seen.filterTouchesWhenObscured)
        assertEquals(View.IMPORTANT_FOR_AUTOFILL_NO_EXCLUDE_DESCENDANTS, seen.importantForAutofill)
        val overlays = it.window.attributes.javaClass.getField("privateFlags").getInt(it.window.attributes) and HIDE_OVERLAYS
        assertNotEquals(0, overlays)
        // The control: a window that nobody has told.
        val careless = View(it)
        assertEquals(false, careless.filterTouchesWhenObscured)
        assertEquals(View.IMPORTANT_FOR_AUTOFILL_AUTO, careless.importantForAutofill)
    }

    private fun launched(look: (MainActivity) -> Unit) =
        ActivityScenario.launch(MainActivity::class.java).use { scenario -> scenario.onActivity { look(it) } }.let { }

    private fun faults(manifest: Element): List<String> = buildList {
        val application = manifest.getElementsByTagName("application").item(0) as Element
        for ((name, value) in SAID) if (application.of(name) != value) add("$name is not $value")
        for (name in UNSAID) if (application.of(name) != "") add("$name is said")
        for (kind in listOf("activity", "activity-alias", "service", "receiver", "provider")) {
            for (component in manifest.all(kind)) {
                if (component.of("exported") == "true" && component.of("name") != ".MainActivity") add("$kind is exported")
                if (component.of("taskAffinity") != "") add("$kind joins tasks of others")
            }
        }
        for (activity in manifest.all("activity")) {
            if (activity.of("launchMode") != "singleTask") add("an activity starts in tasks of others")
            for (filter in activity.all("intent-filter")) if (said(filter) !in FILTERS) add("comes from elsewhere: ${said(filter)}")
        }
        val asked = manifest.all("uses-permission").map { it.of("name") }
        (asked - PERMISSIONS).forEach { add("asks for $it") }
    }

    /** An intent filter in a line: its actions, then what it takes. */
    private fun said(filter: Element): String {
        val data = filter.all("data").joinToString(" ") { "${it.of("scheme")}://${it.of("host")}${it.of("mimeType")}" }
        return filter.all("action").joinToString { it.of("name").substringAfterLast('.') } + " " + data
    }

    private fun networkFaults(config: Element): List<String> = buildList {
        for (part in config.all("base-config") + config.all("domain-config")) {
            if (part.getAttribute("cleartextTrafficPermitted") != "false") add("${part.tagName} permits cleartext")
        }
        for (certificates in config.all("certificates")) if (certificates.getAttribute("src") != "system") add("others' certificates count")
        if (config.all("debug-overrides").isNotEmpty()) add("a build for debugging is believed more")
    }

    private fun Element.of(name: String): String = getAttributeNS(ANDROID, name)

    private fun Element.all(name: String): List<Element> =
        getElementsByTagName(name).let { found -> (0 until found.length).map { found.item(it) as Element } }

    private fun file(path: String) = File(System.getProperty("quittance.project"), "app/src/main/$path")

    private fun shipped(path: String): Element = file(path).inputStream().use(::parse)

    private fun parse(stream: java.io.InputStream): Element =
        DocumentBuilderFactory.newInstance().apply { isNamespaceAware = true }.newDocumentBuilder().parse(stream).documentElement

    private fun children(of: Element): List<String> = of.all("exclude").map { it.getAttribute("domain") }

    private companion object {
        const val ANDROID = "http://schemas.android.com/apk/res/android"
        val DOMAINS = listOf("root", "file", "database", "sharedpref", "external")

        /** As the system names it inside: SYSTEM_FLAG_HIDE_NON_SYSTEM_OVERLAY_WINDOWS. */
        const val HIDE_OVERLAYS = 0x00080000
        val PERMISSIONS =
            setOf(
                Manifest.permission.INTERNET,
                Manifest.permission.ACCESS_NETWORK_STATE,
                Manifest.permission.USE_BIOMETRIC,
                Manifest.permission.HIDE_OVERLAY_WINDOWS,
            )

        /** What may lead into the app. */
        val FILTERS = setOf("MAIN ", "VIEW quittance://back", "SEND ://text/plain")
        val SAID =
            mapOf(
                "allowBackup" to "false",
                "dataExtractionRules" to "@xml/data_extraction_rules",
                "fullBackupContent" to "@xml/full_backup_content",
                "networkSecurityConfig" to "@xml/network_security_config",
                "usesCleartextTraffic" to "false",
                "taskAffinity" to "",
            )

        /** Whose defaults are right. */
        val UNSAID =
            listOf(
                "debuggable", "testOnly", "profileable", "allowTaskReparenting", "backupAgent", "sharedUserId",
                "requestLegacyExternalStorage",
            )
        const val ACTIVITY = "android:launchMode=\"singleTask\""

        /** A change of the manifest, and what is then said of it. */
        val BROKEN =
            listOf(
                "allowBackup=\"false\"" to "allowBackup=\"true\"" to "allowBackup is not false",
                "@xml/data_extraction_rules" to "@xml/others" to "dataExtractionRules is not @xml/data_extraction_rules",
                "@xml/full_backup_content" to "@xml/others" to "fullBackupContent is not @xml/full_backup_content",
                "@xml/network_security_config" to "@xml/others" to "networkSecurityConfig is not @xml/network_security_config",
                "usesCleartextTraffic=\"false\"" to "usesCleartextTraffic=\"true\"" to "usesCleartextTraffic is not false",
                "taskAffinity=\"\"" to "taskAffinity=\"org.else\"" to "taskAffinity is not ",
                "android:allowBackup" to "android:debuggable=\"true\" android:allowBackup" to "debuggable is said",
                "android:allowBackup" to "android:testOnly=\"true\" android:allowBackup" to "testOnly is said",
                "</application>" to "<receiver android:name=\".R\" android:exported=\"true\"/></application>" to "receiver is exported",
                "</application>" to "<provider android:name=\".P\" android:exported=\"true\"/></application>" to "provider is exported",
                ACTIVITY to "android:launchMode=\"standard\"" to "an activity starts in tasks of others",
                ACTIVITY to "$ACTIVITY android:taskAffinity=\"org.else\"" to "activity joins tasks of others",
                "android:host=\"back\"" to "android:host=\"anything\"" to "comes from elsewhere: VIEW quittance://anything",
                "text/plain" to "*/*" to "comes from elsewhere: SEND ://*/*",
                "permission.USE_BIOMETRIC" to "permission.READ_CONTACTS" to "asks for android.permission.READ_CONTACTS",
            )
    }
}

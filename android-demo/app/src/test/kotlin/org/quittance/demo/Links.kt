package org.quittance.demo

import android.content.Intent
import android.net.Uri
import androidx.test.core.app.ActivityScenario
import androidx.test.core.app.ApplicationProvider
import androidx.test.platform.app.InstrumentationRegistry

/** What another app brings to this one. */
object Links {
    /** The link by which the bank app that was opened by [link] leads back. */
    fun back(link: String, outcome: String = "approved"): Intent {
        val state = link.split('?', '&').first { it.startsWith("state=") }
        return to("quittance://back?$state&outcome=$outcome")
    }

    /** A link by itself, whoever made it. */
    fun to(link: String): Intent = intent(Intent.ACTION_VIEW).setData(Uri.parse(link))

    /** The text of a code that another app has read. */
    fun text(words: String): Intent = intent(Intent.ACTION_SEND).setType("text/plain").putExtra(Intent.EXTRA_TEXT, words)

    /** The system hands it to the activity that is there. */
    fun bring(scenario: ActivityScenario<MainActivity>, intent: Intent) {
        scenario.onActivity { InstrumentationRegistry.getInstrumentation().callActivityOnNewIntent(it, intent) }
    }

    private fun intent(action: String) = Intent(ApplicationProvider.getApplicationContext(), MainActivity::class.java).setAction(action)
}

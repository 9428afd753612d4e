package org.quittance.demo

import android.content.ActivityNotFoundException
import android.content.Intent
import android.os.Build
import android.os.Bundle
import android.view.View
import android.view.WindowManager
import androidx.activity.ComponentActivity
import androidx.activity.compose.setContent
import androidx.activity.enableEdgeToEdge
import androidx.activity.result.contract.ActivityResultContracts
import androidx.activity.viewModels
import androidx.compose.runtime.remember
import androidx.compose.ui.platform.LocalConfiguration
import androidx.lifecycle.Lifecycle
import androidx.lifecycle.SavedStateHandle
import androidx.lifecycle.ViewModel
import androidx.lifecycle.ViewModelProvider.AndroidViewModelFactory.Companion.APPLICATION_KEY
import androidx.lifecycle.createSavedStateHandle
import androidx.lifecycle.lifecycleScope
import androidx.lifecycle.repeatOnLifecycle
import androidx.lifecycle.viewModelScope
import androidx.lifecycle.viewmodel.initializer
import androidx.lifecycle.viewmodel.viewModelFactory
import java.time.Instant
import java.time.ZoneId
import kotlinx.coroutines.launch
import org.quittance.demo.model.DemoModel
import org.quittance.demo.model.bringCode
import org.quittance.demo.model.keepInTouch
import org.quittance.demo.model.resumeLink
import org.quittance.demo.ui.App
import org.quittance.demo.ui.QuittanceTheme
import org.quittance.demo.words.Words

/** The one activity. */
class MainActivity : ComponentActivity() {
    private val kept: Kept by viewModels { Kept.FACTORY }

    private val camera =
        registerForActivityResult(ActivityResultContracts.TakePicture()) { (application as DemoApplication).pictures.took(it) }

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        val process = application as DemoApplication
        process.pictures.lend { link ->
            try {
                camera.launch(link)
            } catch (_: ActivityNotFoundException) {
                process.pictures.isMissing()
            } catch (_: SecurityException) {
                process.pictures.isMissing()
            }
        }
        // No picture of it in the list of recent apps, no recording, no mirror.
        if (!process.phone.sandbox) window.addFlags(WindowManager.LayoutParams.FLAG_SECURE)
        // A window of another app over this one steals taps.
        window.decorView.filterTouchesWhenObscured = true
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.S) window.setHideOverlayWindows(true)
        // What is typed here belongs into no store of passwords.
        window.decorView.importantForAutofill = View.IMPORTANT_FOR_AUTOFILL_NO_EXCLUDE_DESCENDANTS
        enableEdgeToEdge()
        setContent {
            val configuration = LocalConfiguration.current
            val words =
                remember(configuration) {
                    Words(resources, ZoneId.systemDefault(), Instant::now)
                }
            QuittanceTheme(words) { App(kept.model) }
        }
        lifecycleScope.launch { repeatOnLifecycle(Lifecycle.State.STARTED) { kept.model.keepInTouch() } }
        // A device that turns brings the intent once more, which was followed already.
        if (savedInstanceState == null) follow(intent)
    }

    override fun onNewIntent(intent: Intent) {
        super.onNewIntent(intent)
        follow(intent)
    }

    /** What another app brings: the link by which it leads back, or the text of a code. Whoever sends it proves nothing. */
    private fun follow(intent: Intent) {
        when (intent.action) {
            Intent.ACTION_VIEW -> intent.dataString?.let(kept.model::resumeLink)
            Intent.ACTION_SEND -> intent.getStringExtra(Intent.EXTRA_TEXT)?.let(kept.model::bringCode)
        }
    }

    override fun onSaveInstanceState(outState: Bundle) {
        kept.writeDown()
        super.onSaveInstanceState(outState)
    }
}

/** Keeps the model while the device turns, and where the payer was while the process is away. */
class Kept(application: DemoApplication, private val saved: SavedStateHandle) : ViewModel() {
    val model = DemoModel(application.phone, viewModelScope, saved.get<ArrayList<String>>(PLACES).orEmpty())

    /** Writes down where the payer is; nothing that was typed. */
    fun writeDown() {
        saved[PLACES] = ArrayList(model.written)
    }

    companion object {
        private const val PLACES = "places"
        val FACTORY = viewModelFactory {
            initializer { Kept(this[APPLICATION_KEY] as DemoApplication, createSavedStateHandle()) }
        }
    }
}

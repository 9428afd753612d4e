package org.quittance.demo

import android.app.Application
import android.net.ConnectivityManager
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.launch
import kotlinx.coroutines.test.UnconfinedTestDispatcher
import kotlinx.coroutines.test.runTest
import org.junit.Assert.assertEquals
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config

/** What the system says of networks, and to whom. */
@OptIn(ExperimentalCoroutinesApi::class)
@RunWith(Runner::class)
@Config(application = Application::class)
class NetworksTest {
    private val application = RuntimeEnvironment.getApplication()
    private val connectivity = checkNotNull(application.getSystemService(ConnectivityManager::class.java))
    private val asked get() = shadowOf(connectivity).networkCallbacks

    @Test
    fun `a network that comes is news, the one that is there is none, and nobody is asked for longer than somebody listens`() =
        runTest(UnconfinedTestDispatcher()) {
            var news = 0
            val listening = launch { networks(application).collect { news++ } }
            val callback = asked.single()
            val network = checkNotNull(connectivity.activeNetwork)
            callback.onAvailable(network)
            assertEquals(0, news)
            callback.onLost(network)
            callback.onAvailable(network)
            assertEquals(1, news)
            listening.cancel()
            assertEquals(0, asked.size)
        }
}

package org.quittance.demo

import android.content.Context
import android.net.ConnectivityManager
import android.net.Network
import kotlinx.coroutines.channels.awaitClose
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.callbackFlow

/** Each network that comes, while somebody listens; the one that is there already is no news. */
fun networks(context: Context): Flow<Unit> = callbackFlow {
    val connectivity = checkNotNull(context.getSystemService(ConnectivityManager::class.java))
    val callback =
        object : ConnectivityManager.NetworkCallback() {
            private var here = connectivity.activeNetwork

            override fun onAvailable(network: Network) {
                if (network != here) trySend(Unit)
                here = network
            }

            override fun onLost(network: Network) {
                here = null
            }
        }
    connectivity.registerDefaultNetworkCallback(callback)
    awaitClose { connectivity.unregisterNetworkCallback(callback) }
}

package org.quittance.demo

import java.io.IOException
import java.net.InetAddress
import java.net.ServerSocket
import java.net.Socket
import java.net.URI
import java.util.concurrent.ConcurrentHashMap
import kotlin.concurrent.thread

/** The way from the phone to a gateway, which can be cut and mended. */
class Relay(gateway: String) : AutoCloseable {
    private val beyond = URI.create(gateway)
    private val door = ServerSocket(0, BACKLOG, InetAddress.getLoopbackAddress())
    private val open: MutableSet<Socket> = ConcurrentHashMap.newKeySet()

    @Volatile
    private var isCut = false

    val url = "http://127.0.0.1:${door.localPort}"

    init {
        thread(isDaemon = true) { while (!door.isClosed) quietly { pass(door.accept()) } }
    }

    /** No word gets through from now on, and none that is on its way comes back. */
    fun cut() {
        isCut = true
        open.forEach(Socket::close)
    }

    fun mend() {
        isCut = false
    }

    override fun close() {
        door.close()
        cut()
    }

    private fun pass(near: Socket) {
        if (isCut) return near.close()
        val far = Socket(beyond.host, beyond.port)
        open += listOf(near, far)
        copy(near, far)
        copy(far, near)
    }

    private fun copy(from: Socket, to: Socket) =
        thread(isDaemon = true) {
            quietly { from.getInputStream().transferTo(to.getOutputStream()) }
            listOf(from, to).forEach(Socket::close)
            open -= setOf(from, to)
        }

    /** A connection that breaks is what this is for. */
    private fun quietly(work: () -> Unit) =
        try {
            work()
        } catch (_: IOException) {
            Unit
        }

    private companion object {
        const val BACKLOG = 50
    }
}

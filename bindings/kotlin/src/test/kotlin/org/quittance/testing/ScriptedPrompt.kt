package org.quittance.testing

import java.util.concurrent.ConcurrentLinkedQueue
import java.util.concurrent.CopyOnWriteArrayList
import org.quittance.BiometricPrompt
import org.quittance.BiometricRequest

/** A biometric prompt whose payer always agrees, except where a test plans another answer. */
class ScriptedPrompt(private val keys: SoftwareDeviceKeys) : BiometricPrompt {
    private val planned = ConcurrentLinkedQueue<suspend (BiometricRequest) -> ByteArray>()

    /** Every request so far. */
    val requests = CopyOnWriteArrayList<BiometricRequest>()

    /** Every signature that an agreeing payer gave. */
    val signatures = CopyOnWriteArrayList<ByteArray>()

    /** Answers the next request in another way. */
    fun answerOnce(answer: suspend (BiometricRequest) -> ByteArray) {
        planned.add(answer)
    }

    override suspend fun sign(request: BiometricRequest): ByteArray {
        requests.add(request)
        val answer = planned.poll()
        if (answer != null) return answer(request)
        return keys.signAfterPrompt(request.alias, request.challenge).also(signatures::add)
    }
}

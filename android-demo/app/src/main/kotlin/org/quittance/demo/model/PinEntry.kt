package org.quittance.demo.model

/** Digits while they are typed: bytes that can be overwritten, never a string. */
class PinEntry(val digits: Int) {
    private val typed = ByteArray(digits)

    /** How many are typed. */
    var count = 0
        private set

    val complete: Boolean get() = count == digits

    fun type(digit: Int) {
        if (count < digits) typed[count++] = (ZERO + digit).toByte()
    }

    fun erase() {
        if (count > 0) typed[--count] = 0
    }

    /** The digits in ASCII, as a copy that its taker overwrites. */
    fun copy(): ByteArray = typed.copyOf(count)

    /** What is typed, where it may be seen: a code, never a PIN. */
    fun shown(): String = String(typed, 0, count, Charsets.US_ASCII)

    fun clear() {
        typed.fill(0)
        count = 0
    }

    override fun toString() = "PinEntry($count of $digits)"

    private companion object {
        const val ZERO = '0'.code
    }
}

package org.quittance.android

import android.security.keystore.KeyGenParameterSpec
import java.io.InputStream
import java.io.OutputStream
import java.security.Key
import java.security.KeyPair
import java.security.KeyPairGenerator
import java.security.KeyPairGeneratorSpi
import java.security.KeyStoreSpi
import java.security.Provider
import java.security.PublicKey
import java.security.SecureRandom
import java.security.Security
import java.security.cert.Certificate
import java.security.spec.AlgorithmParameterSpec
import java.security.spec.ECGenParameterSpec
import java.util.Collections
import java.util.Date
import javax.crypto.KeyGenerator
import javax.crypto.KeyGeneratorSpi
import javax.crypto.SecretKey

/**
 * Stands in for the provider of Android's keystore: keys in memory, every specification kept.
 *
 * It enforces nothing of what a specification asks for; that is the phone's hardware's part.
 */
class StandInKeystore : Provider(NAME, "1.0", "keys in memory") {
    init {
        put("KeyPairGenerator.EC", Pairs::class.java.name)
        put("KeyGenerator.AES", Secrets::class.java.name)
        put("KeyStore.$NAME", Entries::class.java.name)
    }

    class Pairs : KeyPairGeneratorSpi() {
        private var spec: KeyGenParameterSpec? = null

        override fun initialize(bits: Int, random: SecureRandom?) = throw UnsupportedOperationException()

        override fun initialize(spec: AlgorithmParameterSpec?, random: SecureRandom?) {
            this.spec = spec as KeyGenParameterSpec
        }

        override fun generateKeyPair(): KeyPair {
            val spec = made(checkNotNull(spec))
            val generator = KeyPairGenerator.getInstance("EC")
            generator.initialize(ECGenParameterSpec("secp256r1"))
            return generator.generateKeyPair().also { keys[spec.keystoreAlias] = it.private to certificate(it.public) }
        }
    }

    class Secrets : KeyGeneratorSpi() {
        private var spec: KeyGenParameterSpec? = null

        override fun engineInit(random: SecureRandom?) = throw UnsupportedOperationException()

        override fun engineInit(bits: Int, random: SecureRandom?) = throw UnsupportedOperationException()

        override fun engineInit(spec: AlgorithmParameterSpec?, random: SecureRandom?) {
            this.spec = spec as KeyGenParameterSpec
        }

        override fun engineGenerateKey(): SecretKey {
            val spec = made(checkNotNull(spec))
            val generator = KeyGenerator.getInstance("AES")
            generator.init(spec.keySize)
            return generator.generateKey().also { keys[spec.keystoreAlias] = it to null }
        }
    }

    class Entries : KeyStoreSpi() {
        override fun engineGetKey(alias: String, password: CharArray?): Key? {
            failing?.let { throw it }
            return keys[alias]?.first
        }

        override fun engineGetCertificateChain(alias: String): Array<Certificate>? =
            keys[alias]?.second?.takeIf { !hidesChains }?.let { arrayOf(it) }

        override fun engineGetCertificate(alias: String): Certificate? = keys[alias]?.second

        /** Every fault is a "no", as it is Android's. */
        override fun engineContainsAlias(alias: String) = failing == null && alias in keys

        override fun engineDeleteEntry(alias: String) {
            if (!keepsDeleted) keys.remove(alias)
        }

        override fun engineAliases() = Collections.enumeration(keys.keys)

        override fun engineSize() = keys.size

        override fun engineIsKeyEntry(alias: String) = alias in keys

        override fun engineIsCertificateEntry(alias: String) = false

        override fun engineGetCertificateAlias(certificate: Certificate?): String? = null

        override fun engineGetCreationDate(alias: String) = Date(0)

        override fun engineLoad(stream: InputStream?, password: CharArray?) = Unit

        override fun engineStore(stream: OutputStream?, password: CharArray?) = throw UnsupportedOperationException()

        override fun engineSetKeyEntry(a: String?, k: Key?, p: CharArray?, c: Array<out Certificate>?) =
            throw UnsupportedOperationException()

        override fun engineSetKeyEntry(a: String?, k: ByteArray?, c: Array<out Certificate>?) =
            throw UnsupportedOperationException()

        override fun engineSetCertificateEntry(a: String?, c: Certificate?) = throw UnsupportedOperationException()
    }

    companion object {
        const val NAME = "AndroidKeyStore"
        private val keys = LinkedHashMap<String, Pair<Key, Certificate?>>()

        /** Every specification for which a key was asked, those that were refused included. */
        val asked = mutableListOf<KeyGenParameterSpec>()

        /** Refuses a specification by what it throws. */
        var refuses: (KeyGenParameterSpec) -> Unit = {}

        /** What every access to a key throws. */
        var failing: Exception? = null

        /** Says that an entry is deleted, and keeps it. */
        var keepsDeleted = false

        /** Answers no chain, as Android does where it fails to read one. */
        var hidesChains = false

        fun install() {
            keys.clear()
            asked.clear()
            refuses = {}
            failing = null
            keepsDeleted = false
            hidesChains = false
            Security.addProvider(StandInKeystore())
        }

        fun remove() = Security.removeProvider(NAME)

        private fun made(spec: KeyGenParameterSpec): KeyGenParameterSpec {
            asked += spec
            refuses(spec)
            return spec
        }

        private fun certificate(key: PublicKey): Certificate =
            object : Certificate("X.509") {
                override fun getEncoded(): ByteArray = key.encoded

                override fun getPublicKey() = key

                override fun verify(by: PublicKey?) = Unit

                override fun verify(by: PublicKey?, provider: String?) = Unit

                override fun toString() = "certificate of the stand-in"
            }
    }
}

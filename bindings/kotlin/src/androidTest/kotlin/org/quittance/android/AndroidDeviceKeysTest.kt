package org.quittance.android

import android.app.Application
import android.content.pm.PackageManager
import android.os.Build
import android.security.KeyStoreException as PlatformFailure
import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyPermanentlyInvalidatedException
import android.security.keystore.KeyProperties
import android.security.keystore.StrongBoxUnavailableException
import android.security.keystore.UserNotAuthenticatedException
import java.security.InvalidAlgorithmParameterException
import java.security.InvalidKeyException
import java.security.KeyStore
import java.security.ProviderException
import java.security.UnrecoverableKeyException
import java.security.spec.ECGenParameterSpec
import java.util.concurrent.CompletableFuture
import java.util.concurrent.ExecutionException
import org.junit.After
import org.junit.Assert.assertArrayEquals
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNotEquals
import org.junit.Assert.assertNotNull
import org.junit.Assert.assertNull
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.quittance.DeviceKeyException
import org.quittance.KeyAlias
import org.quittance.KeyStoreKind
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config
import org.robolectric.util.ReflectionHelpers
import org.robolectric.util.ReflectionHelpers.ClassParameter

@RunWith(RobolectricTestRunner::class)
@Config(application = Application::class)
class AndroidDeviceKeysTest {
    private val context = RuntimeEnvironment.getApplication()
    private val challenge = ByteArray(32) { it.toByte() }

    @Before
    fun install() = StandInKeystore.install()

    @After
    fun remove() = StandInKeystore.remove()

    //
    @Test
    fun `the biometric key asks for a strong biometric each time, and a new finger ends it`() {
        background { keys().createKey(KeyAlias.BIOMETRIC, challenge) }
        assertEquals(emptyList<String>(), faultsOfBiometric(StandInKeystore.asked.single()))
    }

    @Test
    fun `what is asserted of the biometric key is seen where it is missing`() {
        val careless =
            KeyGenParameterSpec.Builder("careless", KeyProperties.PURPOSE_SIGN)
                .setAlgorithmParameterSpec(ECGenParameterSpec("secp256r1"))
                .setDigests(KeyProperties.DIGEST_SHA256)
                .setUserAuthenticationParameters(30, KeyProperties.AUTH_DEVICE_CREDENTIAL)
                .setInvalidatedByBiometricEnrollment(false)
                .build()
        val seen = listOf("no authentication", "not each time", "survives a new finger", "locked phone", "challenge")
        assertEquals(seen, faultsOfBiometric(careless))
    }

    @Test
    fun `what is left of a wallet is forgotten whole, and another wallet's keys stay`() {
        val others = listOf("other", "quittance.other", "quittance.epoch").map { AndroidDeviceKeys(context, it) }
        background {
            (others + keys()).forEach {
                it.createKey(KeyAlias.BIOMETRIC, challenge)
                it.createEpochKey(3u)
            }
            keys().forget()
        }
        assertNull(background { keys().publicKey(KeyAlias.BIOMETRIC) })
        assertFalse(background { keys().epochKeyExists(3u) })
        others.forEach {
            assertNotNull(background { it.publicKey(KeyAlias.BIOMETRIC) })
            assertTrue(background { it.epochKeyExists(3u) })
        }
    }

    //
    @Test
    fun `the passcode key takes the lock screen's secret and no finger`() {
        background { keys().createKey(KeyAlias.PASSCODE, challenge) }
        val spec = StandInKeystore.asked.single()
        assertTrue(spec.isUserAuthenticationRequired)
        assertEquals(KeyProperties.AUTH_DEVICE_CREDENTIAL, spec.userAuthenticationType)
        assertEquals(0, spec.userAuthenticationValidityDurationSeconds)
        assertTrue(spec.isUnlockedDeviceRequired)
    }

    //
    @Test
    fun `the device key signs without asking, on an unlocked phone only, with the challenge in its attestation`() {
        val made = background { keys().createKey(KeyAlias.DEVICE, challenge) }
        val spec = StandInKeystore.asked.single()
        assertFalse(spec.isUserAuthenticationRequired)
        assertTrue(spec.isUnlockedDeviceRequired)
        assertArrayEquals(challenge, spec.attestationChallenge)
        assertEquals(listOf(KeyProperties.DIGEST_SHA256), spec.digests.toList())
        assertEquals(65, made.publicKeySec1.size)
        assertEquals(4, made.publicKeySec1.first().toInt())
        assertEquals(1, made.attestation.size)
        assertArrayEquals(made.publicKeySec1, background { keys().publicKey(KeyAlias.DEVICE) })
    }

    @Test
    fun `below Android 15 no key waits for the unlocked phone, which would end it or refuse it to its payer`() {
        assertEquals(List(4) { false }, onAndroid(Build.VERSION_CODES.UPSIDE_DOWN_CAKE) { conditions() })
        assertEquals("the control", List(4) { true }, onAndroid(Build.VERSION_CODES.VANILLA_ICE_CREAM) { conditions() })
    }

    @Test
    fun `a key that stands is answered as it is`() {
        val first = background { keys().createKey(KeyAlias.DEVICE, challenge) }
        val again = background { keys().createKey(KeyAlias.DEVICE, ByteArray(1)) }
        assertArrayEquals(first.publicKeySec1, again.publicKeySec1)
        assertEquals(1, StandInKeystore.asked.size)
        background { keys().deleteKey(KeyAlias.DEVICE) }
        assertNull(background { keys().publicKey(KeyAlias.DEVICE) })
    }

    @Test
    fun `StrongBox is asked for where the phone has one, and its refusal is survived`() {
        background { keys().createKey(KeyAlias.DEVICE, challenge) }
        assertEquals(listOf(false), StandInKeystore.asked.map { it.isStrongBoxBacked })

        withStrongBox()
        background { keys().createKey(KeyAlias.BIOMETRIC, challenge) }
        assertTrue(StandInKeystore.asked.last().isStrongBoxBacked)
        for (refusal in listOf(StrongBoxUnavailableException("full"), ProviderException("busy"))) {
            StandInKeystore.install()
            StandInKeystore.refuses = { if (it.isStrongBoxBacked) throw refusal }
            background { keys().createKey(KeyAlias.DEVICE, challenge) }
            background { keys().createEpochKey(1u) }
            assertEquals(listOf(true, false, true, false), StandInKeystore.asked.map { it.isStrongBoxBacked })
        }
    }

    @Test
    fun `a keystore that refuses without StrongBox too is an error, and no key`() {
        withStrongBox()
        StandInKeystore.refuses = { throw ProviderException("broken") }
        assertFailsWith<DeviceKeyException.HardwareUnavailable> { keys().createKey(KeyAlias.DEVICE, challenge) }
        assertNull(background { keys().publicKey(KeyAlias.DEVICE) })
    }

    @Test
    fun `a phone without a lock screen has no such key`() {
        StandInKeystore.refuses = {
            if (it.isUserAuthenticationRequired) {
                throw InvalidAlgorithmParameterException(IllegalStateException("Secure lock screen must be enabled"))
            }
        }
        background { keys().createKey(KeyAlias.DEVICE, challenge) }
        assertFailsWith<DeviceKeyException.KeyMissing> { keys().createKey(KeyAlias.PASSCODE, challenge) }
    }

    @Test
    fun `a key that was made and cannot be read is not one that this phone cannot have`() {
        StandInKeystore.hidesChains = true
        assertFailsWith<DeviceKeyException.HardwareUnavailable> { keys().createKey(KeyAlias.PASSCODE, challenge) }
        StandInKeystore.hidesChains = false
        assertEquals(1, background { keys().createKey(KeyAlias.PASSCODE, challenge) }.attestation.size)
    }

    //
    @Test
    fun `an epoch's key opens what it wrapped, and nothing of another epoch or of a deleted one`() {
        val keys = keys()
        val secret = "root".toByteArray()
        background { keys.createEpochKey(1u) }
        background { keys.createEpochKey(2u) }
        val wrapped = background { keys.wrap(1u, secret) }
        assertArrayEquals(secret, background { keys.unwrap(1u, wrapped) })
        assertNotEquals(wrapped.toList(), background { keys.wrap(1u, secret) }.toList())
        assertFailsWith<DeviceKeyException.Refused> { keys.unwrap(2u, wrapped) }
        assertFailsWith<DeviceKeyException.Refused> { keys.unwrap(1u, wrapped.copyOf(8)) }
        background { keys.deleteEpochKey(1u) }
        assertFalse(background { keys.epochKeyExists(1u) })
        assertTrue(background { keys.epochKeyExists(2u) })
        assertFailsWith<DeviceKeyException.KeyMissing> { keys.unwrap(1u, wrapped) }
        assertTrue(StandInKeystore.asked.all { it.isRandomizedEncryptionRequired && it.isUnlockedDeviceRequired })
    }

    @Test
    fun `a deletion that did not happen is no deletion`() {
        background { keys().createEpochKey(1u) }
        StandInKeystore.keepsDeleted = true
        assertFailsWith<DeviceKeyException.HardwareUnavailable> { keys().deleteEpochKey(1u) }
    }

    //
    @Test
    fun `a keystore that cannot say whether a key is gone has not proved it`() {
        background { keys().createEpochKey(1u) }
        StandInKeystore.keepsDeleted = true
        StandInKeystore.failing = UnrecoverableKeyException("system error")
        assertFailsWith<DeviceKeyException.HardwareUnavailable> { keys().deleteEpochKey(1u) }
        assertFailsWith<DeviceKeyException.HardwareUnavailable> { keys().epochKeyExists(1u) }
        // The control: what Android's own question answers of a key that stands.
        assertFalse(contains("quittance.epoch.1"))
        StandInKeystore.failing = null
        assertTrue(contains("quittance.epoch.1"))
    }

    @Test
    fun `no key is made over one that may stand`() {
        val first = background { keys().createKey(KeyAlias.DEVICE, challenge) }
        background { keys().createEpochKey(1u) }
        for (fault in listOf(UnrecoverableKeyException("system error"), ProviderException("busy"))) {
            StandInKeystore.failing = fault
            assertFailsWith<DeviceKeyException.HardwareUnavailable> { keys().createKey(KeyAlias.DEVICE, challenge) }
            assertFailsWith<DeviceKeyException.HardwareUnavailable> { keys().createEpochKey(1u) }
        }
        StandInKeystore.failing = null
        assertArrayEquals(first.publicKeySec1, background { keys().publicKey(KeyAlias.DEVICE) })
        assertEquals(2, StandInKeystore.asked.size)
    }

    @Test
    fun `a key that has ended for good still stands until it is deleted`() {
        background { keys().createEpochKey(1u) }
        StandInKeystore.failing = KeyPermanentlyInvalidatedException()
        assertTrue(background { keys().epochKeyExists(1u) })
        background { keys().createEpochKey(1u) }
        assertEquals(1, StandInKeystore.asked.size)
    }

    @Test
    fun `a fault that passes is not the loss of a key`() {
        background { keys().createEpochKey(1u) }
        val wrapped = background { keys().wrap(1u, challenge) }
        StandInKeystore.failing = UnrecoverableKeyException("system error")
        assertFailsWith<DeviceKeyException.HardwareUnavailable> { keys().unwrap(1u, wrapped) }
        StandInKeystore.failing = null
        assertArrayEquals(challenge, background { keys().unwrap(1u, wrapped) })
    }

    @Test
    fun `each failure of the keystore has its meaning`() {
        background { keys().createKey(KeyAlias.DEVICE, challenge) }
        StandInKeystore.failing = KeyPermanentlyInvalidatedException()
        assertFailsWith<DeviceKeyException.KeyInvalidated> { keys().sign(KeyAlias.DEVICE, challenge) }
        StandInKeystore.failing = UserNotAuthenticatedException()
        assertFailsWith<DeviceKeyException.Locked> { keys().sign(KeyAlias.DEVICE, challenge) }
        StandInKeystore.failing = ProviderException(KeyPermanentlyInvalidatedException())
        assertFailsWith<DeviceKeyException.KeyInvalidated> { keys().sign(KeyAlias.DEVICE, challenge) }
        StandInKeystore.failing = ProviderException("secret text")
        val failure = assertFailsWith<DeviceKeyException.HardwareUnavailable> { keys().sign(KeyAlias.DEVICE, challenge) }
        assertFalse(failure.toString().contains("secret text"))
    }

    @Test
    fun `a key that waits for the phone to be unlocked is locked, and no fault`() {
        background { keys().createKey(KeyAlias.DEVICE, challenge) }
        StandInKeystore.failing = failure(DEVICE_LOCKED)
        assertFailsWith<DeviceKeyException.Locked> { keys().sign(KeyAlias.DEVICE, challenge) }
        // Androids that keep the number to themselves.
        onAndroid(Build.VERSION_CODES.S_V2) {
            assertFailsWith<DeviceKeyException.HardwareUnavailable> { keys().sign(KeyAlias.DEVICE, challenge) }
        }
        StandInKeystore.failing = failure(HARDWARE_BUSY)
        assertFailsWith<DeviceKeyException.HardwareUnavailable> { keys().sign(KeyAlias.DEVICE, challenge) }
    }

    @Test
    fun `the main thread is refused`() {
        assertThrows(IllegalStateException::class.java) { keys().createKey(KeyAlias.DEVICE, challenge) }
        assertTrue(StandInKeystore.asked.isEmpty())
        background { keys().createKey(KeyAlias.DEVICE, challenge) }
    }

    @Test
    fun `without a key nothing is claimed of hardware`() {
        assertEquals(KeyStoreKind.SOFTWARE, background { keys().describe() })
    }

    private fun keys() = AndroidDeviceKeys(context)

    /** Whether each kind of key waits for the unlocked phone. */
    private fun conditions(): List<Boolean> {
        StandInKeystore.install()
        background {
            KeyAlias.entries.forEach { keys().createKey(it, challenge) }
            keys().createEpochKey(1u)
        }
        return StandInKeystore.asked.map { it.isUnlockedDeviceRequired }
    }

    private fun <T> onAndroid(version: Int, work: () -> T): T {
        val here = Build.VERSION.SDK_INT
        ReflectionHelpers.setStaticField(Build.VERSION::class.java, "SDK_INT", version)
        return try {
            work()
        } finally {
            ReflectionHelpers.setStaticField(Build.VERSION::class.java, "SDK_INT", here)
        }
    }

    /** What the keystore throws for a code of the hardware's; its maker is hidden from apps. */
    private fun failure(code: Int): InvalidKeyException {
        val (number, text) = ClassParameter.from(Int::class.java, code) to ClassParameter.from(String::class.java, "text")
        return InvalidKeyException(ReflectionHelpers.callConstructor(PlatformFailure::class.java, number, text))
    }

    /** What Android's keystore itself says of an entry. */
    private fun contains(entry: String) = KeyStore.getInstance(StandInKeystore.NAME).apply { load(null) }.containsAlias(entry)

    private fun withStrongBox() =
        shadowOf(context.packageManager).setSystemFeature(PackageManager.FEATURE_STRONGBOX_KEYSTORE, true)

    private fun faultsOfBiometric(spec: KeyGenParameterSpec): List<String> =
        buildList {
            if (!spec.isUserAuthenticationRequired) add("no authentication")
            val each = spec.userAuthenticationValidityDurationSeconds == 0
            val strong = spec.userAuthenticationType == KeyProperties.AUTH_BIOMETRIC_STRONG
            if (!each || !strong) add("not each time")
            if (!spec.isInvalidatedByBiometricEnrollment) add("survives a new finger")
            if (!spec.isUnlockedDeviceRequired) add("locked phone")
            if (!challenge.contentEquals(spec.attestationChallenge)) add("challenge")
        }

    private inline fun <reified T : Exception> assertFailsWith(crossinline work: () -> Unit): T =
        assertThrows(T::class.java) { background { work() } }

    /** The keystore is never asked on the main thread, which is the one of these tests. */
    private fun <T> background(work: () -> T): T =
        try {
            CompletableFuture.supplyAsync(work).get()
        } catch (failure: ExecutionException) {
            throw failure.cause ?: failure
        }

    private companion object {
        /** Codes of the hardware's interface: the phone is locked; the secure hardware is busy. */
        const val DEVICE_LOCKED = -72
        const val HARDWARE_BUSY = -48
    }
}

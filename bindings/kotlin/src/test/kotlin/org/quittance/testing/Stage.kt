package org.quittance.testing

import java.nio.file.Files
import org.quittance.Answer
import org.quittance.BiometricPrompt
import org.quittance.DeviceKeys
import org.quittance.Money
import org.quittance.Prompt
import org.quittance.PromptKind
import org.quittance.Wallet
import org.quittance.WalletConfig
import org.quittance.WalletEvent

/** A gateway, a merchant and a phone with software keys. */
class Stage : AutoCloseable {
    private val gateway = GatewayProcess.start()
    private val folder = Files.createTempDirectory("quittance-phone")
    private val sandbox = Sandbox(gateway.origin)

    val merchant = sandbox.merchant("Bluebird Rides")
    val keys = SoftwareDeviceKeys()
    val prompt = ScriptedPrompt(keys)
    val config =
        WalletConfig(
            dataDir = folder.toString(),
            gatewayUrl = gateway.origin,
            origin = gateway.origin,
            logVkey = sandbox.logKey(),
            policyAuthor = Sandbox.POLICY_AUTHOR,
            sandbox = true,
        )

    /** Opens the phone's wallet. */
    suspend fun open(keys: DeviceKeys = this.keys, prompt: BiometricPrompt = this.prompt): Wallet =
        Wallet.open(config, keys, prompt)

    /** An offer of up to CNY 50.00 a charge, CNY 500.00 a month. */
    fun offer(): String = merchant.offer(cny(50_00), cny(500_00))

    /** Signs an offer with prompts answered as an agreeing payer does: the mandate. */
    suspend fun sign(wallet: Wallet): String {
        val known = wallet.mandates().map { it.mandate }
        walk(wallet, wallet.startSign(offer(), "en"))
        return wallet.mandates().map { it.mandate }.single { it !in known }
    }

    /** Answers every prompt of a flow: the steps that were asked. */
    suspend fun walk(wallet: Wallet, flow: String): List<String> {
        val steps = mutableListOf<String>()
        while (true) {
            val prompt = wallet.nextPrompt(flow) ?: return steps
            steps += prompt.step
            wallet.submit(flow, agree(prompt))
        }
    }

    /** The phone has no network from now on. */
    fun goOffline() = gateway.close()

    override fun close() {
        gateway.close()
        folder.toFile().deleteRecursively()
    }

    companion object {
        /** The payment PIN of every made-up payer, as typed. */
        fun pin(): ByteArray = "482913".toByteArray()

        /** What an agreeing payer answers. */
        fun agree(prompt: Prompt): Answer =
            when (prompt.kind) {
                is PromptKind.Consent -> Answer.Agree
                is PromptKind.Confirm -> Answer.Confirm
                is PromptKind.Biometric -> Answer.UseBiometric
                is PromptKind.PaymentPin -> Answer.PaymentPin(pin())
            }

        /** An amount in fen. */
        fun cny(minor: Long) = Money(minor, "CNY")

        /** Everything that the payer should know by now. */
        suspend fun events(wallet: Wallet): List<WalletEvent> = generate { wallet.nextEvent() }

        private suspend fun <T : Any> generate(next: suspend () -> T?): List<T> {
            val all = mutableListOf<T>()
            while (true) all += next() ?: return all
        }
    }
}

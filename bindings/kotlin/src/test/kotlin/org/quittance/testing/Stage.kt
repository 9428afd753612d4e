package org.quittance.testing

import java.awt.image.BufferedImage
import java.io.ByteArrayOutputStream
import java.nio.file.Files
import java.nio.file.Path
import javax.imageio.ImageIO
import org.quittance.Answer
import org.quittance.BiometricPrompt
import org.quittance.DeviceKeys
import org.quittance.Money
import org.quittance.Prompt
import org.quittance.PromptKind
import org.quittance.Wallet
import org.quittance.WalletConfig
import org.quittance.WalletEvent
import org.quittance.asksPayer

/** A gateway, a merchant and a phone with software keys. */
class Stage private constructor(private val gateway: GatewayProcess?, origin: String, private val folder: Path, val hardware: Path) :
    AutoCloseable {
    val sandbox = Sandbox(origin)

    val merchant by lazy { sandbox.merchant("Bluebird Rides") }
    val keys = SoftwareDeviceKeys(hardware)
    val prompt = ScriptedPrompt(keys)
    val config =
        WalletConfig(
            dataDir = folder.toString(),
            gatewayUrl = origin,
            origin = origin,
            logVkey = sandbox.logKey(),
            policyAuthor = Sandbox.POLICY_AUTHOR,
            sandbox = true,
        )

    private constructor(gateway: GatewayProcess) : this(gateway, gateway.origin, newFolder("phone"), newFolder("hardware"))

    /** A new gateway and a new phone. */
    constructor() : this(GatewayProcess.start())

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

    /** Answers every prompt of a flow: the steps that were asked. While somebody else has the turn, time passes. */
    suspend fun walk(wallet: Wallet, flow: String): List<String> {
        val steps = mutableListOf<String>()
        while (true) {
            val prompt = wallet.nextPrompt(flow) ?: return steps
            if (asksPayer(prompt)) {
                steps += prompt.step
                wallet.submit(flow, answer(wallet, prompt))
            } else {
                check(prompt.kind is PromptKind.Waiting) { "$prompt" }
                sandbox.advance("PT1S")
                wallet.refreshFlow(flow)
            }
        }
    }

    /** What an agreeing payer answers who reads texts and takes photos, too. */
    suspend fun answer(wallet: Wallet, prompt: Prompt): Answer =
        when (val asked = prompt.kind) {
            is PromptKind.Code -> Answer.Code(code(wallet))
            is PromptKind.Photos -> Answer.Images(List(asked.images.toInt()) { image(it) })
            else -> agree(prompt)
        }

    /** The code in the last text that came to the payer's phones, as typed. */
    private suspend fun code(wallet: Wallet): ByteArray {
        val account = checkNotNull(wallet.enrolment()).account
        return sandbox.lastCode(account).toByteArray()
    }

    /** The phone has no network from now on. */
    fun goOffline() = checkNotNull(gateway).vanish()

    override fun close() {
        // What another process of this phone began is its own to clear away.
        if (gateway == null) return
        gateway.close()
        listOf(folder, hardware).forEach { it.toFile().deleteRecursively() }
    }

    companion object {
        private const val WHITE = 0xFFFFFF

        /** The phone of another process's stage, whose gateway runs there. */
        fun elsewhere(origin: String, folder: Path, hardware: Path) = Stage(null, origin, folder, hardware)

        private fun newFolder(of: String): Path = Files.createTempDirectory("quittance-$of")

        /** The payment PIN of every made-up payer, as typed. */
        fun pin(): ByteArray = "482913".toByteArray()

        /** What an agreeing payer answers who needs no more than a thumb and a PIN. */
        fun agree(prompt: Prompt): Answer =
            when (prompt.kind) {
                is PromptKind.Consent -> Answer.Agree
                is PromptKind.Confirm, is PromptKind.Choose -> Answer.Confirm
                is PromptKind.Biometric -> Answer.UseBiometric
                is PromptKind.DevicePasscode -> Answer.UsePasscode
                is PromptKind.PaymentPin -> Answer.PaymentPin(pin())
                else -> error("${prompt.step} asks for more than a thumb and a PIN")
            }

        /** A grey picture in PNG, of 320 by 200 points, with bytes of its own for each number. */
        private fun image(number: Int): ByteArray {
            val picture = BufferedImage(320, 200, BufferedImage.TYPE_BYTE_GRAY)
            picture.setRGB(number, 0, WHITE)
            return ByteArrayOutputStream().also { ImageIO.write(picture, "png", it) }.toByteArray()
        }

        /** An amount in fen. */
        fun cny(minor: Long) = Money(minor, "CNY")

        /** Everything that the payer should know by now; it counts as shown. */
        suspend fun events(wallet: Wallet): List<WalletEvent> {
            val news = wallet.news(null)
            wallet.news(news.lastOrNull()?.number)
            return news.map { it.event }
        }
    }
}

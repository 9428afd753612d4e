package org.quittance

// quickstart
suspend fun signThenStop(
    config: WalletConfig, keys: DeviceKeys, prompt: BiometricPrompt, pin: ByteArray, offer: String,
    ask: suspend (Prompt) -> Answer,
): ExportedReceipt? = Wallet.open(config, keys, prompt).use { wallet ->
    wallet.enrol(pin)                                     // the phone's keys are made, the PIN is set
    val signing = wallet.startSign(offer, "en")
    wallet.answer(signing, ask)                           // terms, thumb, PIN: the service may charge
    val stopping = wallet.startRevoke(listOf(wallet.mandateOf(signing)))
    wallet.answer(stopping, ask)                          // thumb, consequences, PIN: both halves destroyed
    wallet.sync()                                         // what could not be sent before is sent here
    wallet.orderOf(stopping)?.let { wallet.exportReceipt(it) }  // anyone can check it; offline there is none yet
}

/** Shows one prompt after the other. `ask` draws it; `BiometricPrompt` signs. Where another app has the turn, it ends. */
suspend fun Wallet.answer(flow: String, ask: suspend (Prompt) -> Answer) {
    while (true) {
        val prompt = nextPrompt(flow)?.takeIf { asksPayer(it) && it.kind !is PromptKind.Jump } ?: return
        submit(flow, ask(prompt))                         // errorKind(exception) names what to do; no step is lost
    }
}
// quickstart

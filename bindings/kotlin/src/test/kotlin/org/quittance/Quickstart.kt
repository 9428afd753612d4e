package org.quittance

// quickstart
suspend fun signThenStop(
    config: WalletConfig, keys: DeviceKeys, prompt: BiometricPrompt, pin: ByteArray, offer: String,
    ask: suspend (Prompt) -> Answer,
): ExportedReceipt = Wallet.open(config, keys, prompt).use { wallet ->
    wallet.enrol(pin)                                     // the phone's keys are made, the PIN is set
    wallet.answer(wallet.startSign(offer, "en"), ask)     // terms, thumb, PIN: the service may charge
    val mandates = wallet.mandates().map { it.mandate }
    wallet.answer(wallet.startRevoke(mandates), ask)      // thumb, consequences, PIN: both halves destroyed
    wallet.sync()                                         // what could not be sent before is sent here
    wallet.exportReceipt(wallet.receipts().last().order)  // anyone can check it, offline
}

/** Shows one prompt after the other, until somebody else has the turn. `ask` draws it; `BiometricPrompt` signs. */
suspend fun Wallet.answer(flow: String, ask: suspend (Prompt) -> Answer) {
    while (true) {
        val prompt = nextPrompt(flow)?.takeIf(::asksPayer) ?: return
        submit(flow, ask(prompt))                         // errorKind(exception) names what to do; no step is lost
    }
}
// quickstart
